"""When a series of Spaces recurs: cron expressions in a time zone, with the semantics of Debian's cron.

Day of month and day of week are alternatives when both are restricted; 0 and 7 are Sunday. Over a change of the clocks a
time that does not exist is taken when the clocks have jumped, and one that comes twice is taken once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from spacesctl.domain.errors import Invalid


def check(cron: str, tz: str) -> None:
    """Raises Invalid for what is no five-field cron expression, never comes, or names no time zone."""
    _zone(tz)
    if len(cron.split()) != 5:
        raise Invalid("cron", "has five fields: minute, hour, day of month, month, day of week")
    if next(occurrences(cron, tz, datetime(2024, 1, 1, tzinfo=UTC)), None) is None:
        raise Invalid("cron", "never comes")


def occurrences(cron: str, tz: str, after: datetime) -> Iterator[datetime]:
    """Starts after `after`, in order, UTC; ends when there are no more. Raises Invalid."""
    try:
        for at in CronSim(cron, after.astimezone(_zone(tz))):
            yield at.astimezone(UTC)
    except CronSimError as error:
        raise Invalid("cron", str(error)) from error


@lru_cache(maxsize=1024)
def _zone(tz: str) -> ZoneInfo:
    """Read from the time zone files once; whoever must not wait for a file has it read elsewhere first (`check`)."""
    try:
        return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
        raise Invalid("tz", f"{tz!r} is not a time zone", hint="as Europe/Rome") from error
