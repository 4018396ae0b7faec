"""A cron expression as a recurrence rule of RFC 5545 (3.3.10), if the two mean exactly the same instants.

In these cases they differ, and there is no rule but only a list of dates:

- Day of month and day of week are both restricted and neither begins with `*`: cron takes either, a rule takes both.
- The last weekday of a month (`LW`), and an n-th weekday together with a day of the month or with all of another weekday
  (RFC 5545 allows it, but widespread programs disagree on what it means).
- A time in the gap when the clocks jump ahead: cron runs it just after the jump, a rule leaves it out (and calendars do not
  agree on that). The same time on other days is no problem, so this depends on the zone, and is found by comparing.
- Wildcards in the hour when the clocks go back: cron counts that hour twice, a rule once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from spacesctl.domain.recurrence import occurrences

COMPARED_YEARS = 5
"""How many years ahead clock changes are compared. They follow yearly rules."""
_DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_EVERY_DAY_OF_MONTH = frozenset(range(1, 32))
_EVERY_DAY_OF_WEEK = frozenset(range(7))


def recurrence_rule(cron: str, tz: str, now: datetime) -> str | None:
    """The value of an RRULE whose start is any occurrence after `now` in the zone `tz`; None if only a list of dates is
    exact.

    `cron` and `tz` must be valid (`recurrence.check`). May take a tenth of a second for a dense expression that is not
    cached.
    """
    return _exact_rule(cron, tz, now.year)


@lru_cache(maxsize=256)
def _exact_rule(cron: str, tz: str, year: int) -> str | None:
    rule = _rule(CronSim(cron, datetime(year, 1, 1, tzinfo=UTC)))
    if rule is None:
        return None
    for change in _clock_changes(tz, year):
        first, last = change - timedelta(days=2), change + timedelta(days=2)
        # Lists, not sets: two times of a rule may be the same instant at a clock jump, and cron counts that once.
        if list(_until(occurrences(cron, tz, first), last)) != list(_until(_on_the_wall(cron, tz, first), last)):
            return None
    return rule


def _rule(parsed: CronSim) -> str | None:
    """The rule that the fields mean on a wall clock without changes."""
    days, weekdays = _days(parsed), _weekdays(parsed)
    if days is None or weekdays is None:
        return None
    if not parsed.day_and and days and weekdays:
        return None
    if not parsed.day_and and (not days or not weekdays):
        days, weekdays = [], []  # one of them is every day, and cron takes either
    numbered = any(day[0] in "-12345" for day in weekdays)
    if numbered and (days or not all(day[0] in "-12345" for day in weekdays)):
        return None
    parts = {
        "FREQ": ["MONTHLY" if days or numbered else "WEEKLY" if weekdays else "DAILY"],
        "BYMONTH": [] if len(parsed.months) == 12 else [str(month) for month in sorted(parsed.months)],
        "BYMONTHDAY": days,
        "BYDAY": weekdays,
        "BYHOUR": [str(hour) for hour in sorted(parsed.hours)],
        "BYMINUTE": [str(minute) for minute in sorted(parsed.minutes)],
    }
    return ";".join(f"{name}={','.join(values)}" for name, values in parts.items() if values)


def _days(parsed: CronSim) -> list[str] | None:
    """Days of the month; [] for every day, None if a rule cannot express them."""
    if CronSim.LAST_WEEKDAY in parsed.days:
        return None
    if parsed.days >= _EVERY_DAY_OF_MONTH:
        return []
    return [str(-1 if day == CronSim.LAST else day) for day in sorted(parsed.days)]


def _weekdays(parsed: CronSim) -> list[str] | None:
    """Days of the week, also as `2FR` and `-1FR`; [] for every day."""
    plain = {day % 7 for day in parsed.weekdays if isinstance(day, int)}
    if plain >= _EVERY_DAY_OF_WEEK:
        return []
    nth = sorted(day for day in parsed.weekdays if isinstance(day, tuple) and day[0] % 7 not in plain)
    names = [f"{-1 if which == CronSim.LAST else which}{_DAYS[day % 7]}" for day, which in nth]
    return [_DAYS[day] for day in sorted(plain)] + names


def _on_the_wall(cron: str, tz: str, after: datetime) -> Iterator[datetime]:
    """Occurrences as a rule counts them: by the wall clock, then as instants; of a time that occurs twice, the first."""
    zone = ZoneInfo(tz)
    wall = after.astimezone(zone).replace(tzinfo=UTC)
    for at in CronSim(cron, wall):
        yield at.replace(tzinfo=zone).astimezone(UTC)


def _until(starts: Iterator[datetime], last: datetime) -> Iterator[datetime]:
    return takewhile(lambda at: at <= last, starts)


@lru_cache(maxsize=256)
def _clock_changes(tz: str, year: int) -> list[datetime]:
    """The midnights (UTC) of the days in which the zone's offset changes."""
    zone = ZoneInfo(tz)
    first = datetime(year, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=number) for number in range(365 * COMPARED_YEARS)]
    return [
        day
        for day in days
        if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset()
    ]
