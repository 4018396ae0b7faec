"""When a series of Spaces recurs: cron expressions in a time zone, with the semantics of Debian's cron.

When both day of month and day of week are restricted, either may match. 0 and 7 are Sunday. When the clocks change, a
time that does not exist is moved to just after the jump, and a time that occurs twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from spacesctl.domain.clock import is_in_calendar
from spacesctl.domain.errors import Invalid
from spacesctl.domain.zones import EXAMPLE


def check(cron: str, tz: str) -> None:
    """Check a cron expression in a time zone that there is on this machine. Raises Invalid when it is no five-field expression, never
    occurs, or there is no such zone. Which names may be given is `zones.require_zone`'s to say.
    """
    _zone(tz)
    if len(cron.split()) != 5:
        raise Invalid("cron", "has five fields: minute, hour, day of month, month, day of week")
    if next(occurrences(cron, tz, datetime(2024, 1, 1, tzinfo=UTC)), None) is None:
        raise Invalid("cron", "never occurs")


def occurrences(cron: str, tz: str, after: datetime) -> Iterator[datetime]:
    """Yield the start times after `after`, in order, in UTC; ends when there are no more in the calendar. Raises Invalid."""
    zone = _zone(tz)
    try:
        simulated = CronSim(cron, after.astimezone(zone))
    except CronSimError as error:
        raise Invalid("cron", str(error)) from error
    except OverflowError:
        return
    while (at := _next(simulated)) is not None and is_in_calendar(at):
        yield at


def _next(simulated: CronSim) -> datetime | None:
    try:
        return next(simulated).astimezone(UTC)
    except (StopIteration, OverflowError, ValueError):  # it never comes, or after the last day of the calendar
        return None


@lru_cache(maxsize=1024)
def _zone(tz: str) -> ZoneInfo:
    """Reads the time zone file on first use. Code that must not block on a file calls `check` elsewhere first."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, or below a file
        raise Invalid("tz", f"{tz[:64]!r} is not a time zone", hint=EXAMPLE) from error
