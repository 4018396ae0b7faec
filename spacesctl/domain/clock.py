"""The Space clock: ticks of 20 ms since a Space went live."""

from __future__ import annotations

from datetime import UTC, datetime

TICK_SECONDS = 0.020
TICKS_PER_SECOND = 50
FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Instants that others name lie between these: whatever is added to one (a duration, the offset of a zone) is in the calendar, too."""


def ticks_between(started_at: datetime, now: datetime) -> int:
    """The tick of `now` on the clock of a Space that went live at `started_at`; never negative."""
    return max(0, round((now - started_at).total_seconds() * 1000) // 20)


def shown(tick: int) -> str:
    """A moment of the Space clock as people read it everywhere: `MM:SS`."""
    return f"{tick // (60 * TICKS_PER_SECOND):02d}:{tick // TICKS_PER_SECOND % 60:02d}"


def is_in_calendar(at: datetime) -> bool:
    """Whether an instant lies in the years that others may name."""
    return FIRST <= at < END


def rfc3339(at: datetime) -> str:
    """Format an instant as UTC with milliseconds and `Z`, the format of every time in the API."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Parse an RFC 3339 instant and return it in UTC. Raises ValueError when it is malformed or has no offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:  # beyond the years that there are
        raise ValueError("too far away") from error
