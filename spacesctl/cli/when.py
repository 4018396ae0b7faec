"""Times as people give them: a small grammar of our own, and nothing else.

A library that reads any language guesses: it takes "18 Uhr" for a day and "10" for a month. What is not in the grammar is refused, with
examples. A local time that a change of clocks leaves out is refused too, and of one that comes twice the first is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from spacesctl.api.wire import Time
from spacesctl.cli.output import note
from spacesctl.domain.errors import Invalid

EXAMPLES: Final = "such as '18:00', 'tomorrow 18:00', 'fri 18:00', 'in 2h', '+2w' or '2026-12-01 18:00'"
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK: Final = re.compile(r"(?:(?P<day>(?!at\b)[a-z]+)\s+)?(?:at\s+)?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})")
_DATED: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[ t](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
)
_WITH_ZONE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ t][0-9:.]+(?:z|[+-][0-9]{2}:?[0-9]{2})")
_LATER: Final = re.compile(r"(?:in\s+|\+\s*)(?P<parts>(?:[0-9]{1,6}\s*[a-z]+\s*)+)")
_PART: Final = re.compile(r"([0-9]{1,6})\s*([a-z]+)")
_UNITS: Final = {
    name: unit
    for unit, names in {
        "weeks": "w week weeks",
        "days": "d day days",
        "hours": "h hour hours",
        "minutes": "m min mins minute minutes",
        "seconds": "s sec secs second seconds",
    }.items()
    for name in names.split()
}
_ORDER: Final = ("weeks", "days", "hours", "minutes", "seconds")


def parse_when(text: str, tz: str | None, now: datetime, option: str = "--at") -> datetime:
    """The instant in UTC that a text means at `now`, in the zone `tz` (default: this machine's). Raises Invalid."""
    said = " ".join(text.lower().split())
    try:
        return _meant(said, _zone(tz), now).astimezone(UTC)
    except _NotThere as error:
        raise Invalid(option, f"{text!r}: {error}") from error
    except (ValueError, OverflowError) as error:  # not a time, or beyond the calendar
        raise Invalid(option, f"{text!r} is not a time", hint=EXAMPLES) from error


def wire_time(text: str, tz: str | None, option: str = "--at") -> Time:
    """The same from now on, as the wire has it. Where a zone was named, it is said back in words."""
    at = parse_when(text, tz, datetime.now(UTC), option)
    if tz:
        note(f"that is {in_words(at, tz)}")
    return Time.of(at)


def in_words(at: datetime, tz: str) -> str:
    """`Tuesday, 1 December 2026, 18:00 in Rome (Europe/Rome, UTC+01:00)`."""
    from spacesctl.cli.moments import MONTHS, WEEKDAYS

    there = at.astimezone(_zone(tz))
    place = tz.rpartition("/")[2].replace("_", " ")
    named = place if place == tz else f"{place} ({tz}, UTC{there.isoformat()[-6:]})"
    return f"{WEEKDAYS[there.weekday()]}, {there.day} {MONTHS[there.month - 1]} {there.year}, {there:%H:%M} in {named}"


class _NotThere(Exception):
    """A local time that no clock shows."""


def _zone(tz: str | None) -> tzinfo | None:
    """None stands for this machine's zone, whose rules only `astimezone` knows."""
    if not tz:
        return None
    from zoneinfo import ZoneInfo

    from spacesctl.domain.zones import require_zone  # it has a list of names to read

    require_zone(tz, "--tz")
    return ZoneInfo(tz)


def _meant(said: str, zone: tzinfo | None, now: datetime) -> datetime:
    """Raises ValueError when it is none of the forms."""
    if _WITH_ZONE.fullmatch(said):
        return datetime.fromisoformat(said.upper())
    if said == "now":
        return now
    if match := _LATER.fullmatch(said):
        return _later(match["parts"], zone, now)
    if match := _DATED.fullmatch(said):
        clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
        return _local(date.fromisoformat(match["date"]), clock, zone)
    if match := _CLOCK.fullmatch(said):
        return _at(match["day"], time(int(match["hour"]), int(match["minute"])), zone, now)
    raise ValueError(said)


def _later(parts: str, zone: tzinfo | None, now: datetime) -> datetime:
    """Weeks and days are those of the calendar: the clock shows the same then, whatever became of summer time. The rest is time that
    passes."""
    given = [(_UNITS[unit], int(number)) for number, unit in _PART.findall(parts) if unit in _UNITS]
    names = [name for name, _ in given]
    if (
        len(given) != len(_PART.findall(parts))
        or names != [name for name in _ORDER if name in names]
        or not any(n for _, n in given)
    ):
        raise ValueError(parts)
    spans = dict(given)
    days = timedelta(weeks=spans.get("weeks", 0), days=spans.get("days", 0))
    passes = timedelta(**{name: number for name, number in spans.items() if name not in ("weeks", "days")})
    if days:
        here = now.astimezone(zone)
        now = _local(here.date() + days, here.time(), zone)
    return now + passes


def _at(day: str | None, clock: time, zone: tzinfo | None, now: datetime) -> datetime:
    """The next time that the clock shows this: today or tomorrow, on the day that is named, or on the next such weekday."""
    today = now.astimezone(zone).date()
    if day in ("today", "tomorrow"):
        return _local(today + timedelta(days=day == "tomorrow"), clock, zone)
    if day is None:
        days, every = 0, 1
    else:
        days, every = (_weekday(day) - today.weekday()) % 7, 7
    first = _local(today + timedelta(days=days), clock, zone)
    return first if first > now else _local(today + timedelta(days=days + every), clock, zone)


def _weekday(name: str) -> int:
    """0 is Monday. Whole names and their beginnings of three letters or more count. Raises ValueError."""
    found = [number for number, day in enumerate(_DAYS) if len(name) >= 3 and day.startswith(name)]
    if len(found) != 1:
        raise ValueError(name)
    return found[0]


def _local(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """The instant at which the clocks of a zone show this, the first of two. Raises _NotThere when they never do."""
    naive = datetime.combine(day, clock)
    at = naive.replace(tzinfo=zone) if zone is not None else naive.astimezone()
    back = at.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None, fold=0) != naive:
        where = f" in {zone}" if zone is not None else ""
        raise _NotThere(
            f"the clocks{where} go forward then and never show it; {back:%H:%M} on that day is the same moment"
        )
    return at
