"""Times as people give them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from spacesctl.api.wire import Time
from spacesctl.cli.common import span_seconds
from spacesctl.domain.errors import Invalid


def parse_when(text: str, tz: str | None, now: datetime) -> datetime:
    """The UTC time of `+2h`, of RFC 3339 with an offset, or of a local time in `tz` (default: this machine's). Raises Invalid."""
    seconds = span_seconds(text)
    if tz:
        from spacesctl.domain.zones import require_zone  # it has a list of names to read

        require_zone(tz, "--tz")
    zone = ZoneInfo(tz) if tz else None
    try:
        if seconds is not None:
            return now + timedelta(seconds=seconds)
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone) if zone else at.astimezone()
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # not a time, or beyond the calendar
        raise Invalid(
            "--at", f"{text!r} is not a time", hint="such as 2026-12-01T18:00:00Z, '2026-12-01 18:00' or +2h"
        ) from error


def wire_time(text: str, tz: str | None) -> Time:
    """The same from now on, as the wire has it."""
    return Time.of(parse_when(text, tz, datetime.now(UTC)))
