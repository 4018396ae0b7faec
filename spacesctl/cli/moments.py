"""Times as people read them: of their own clock and calendar, with how far away they are. Programs read RFC 3339 in `--json`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_STEPS: Final = ((60, "min", 3600), (3600, "h", 86_400), (86_400, "day", 86_400 * 14), (604_800, "week", 604_800 * 9))
"""As (seconds of one, its name, below how many seconds it is used)."""
_MONTH: Final = 2_629_800.0


def moment(at: datetime, now: datetime) -> str:
    """`today 18:00, in 2 h`: the time on this machine's clock, and its distance from `now`."""
    return f"{on_the_clock(at, now)}, {distance(at - now)}"


def on_the_clock(at: datetime, now: datetime) -> str:
    """`today 18:00`, `Fri 18:00` within a week, `4 Dec 18:00`, and `4 Dec 2027 18:00` in another year."""
    here, there = now.astimezone(), at.astimezone()
    days = (there.date() - here.date()).days
    clock = f"{there:%H:%M}"
    if days in _DAYS:
        return f"{_DAYS[days]} {clock}"
    if abs(days) < 7:
        return f"{WEEKDAYS[there.weekday()][:3]} {clock}"
    year = "" if there.year == here.year else f" {there.year}"
    return f"{there.day} {MONTHS[there.month - 1][:3]}{year} {clock}"


def distance(span: timedelta) -> str:
    """`in 2 h`, `5 min ago`, `now`: rounded to one unit, so that what was just asked for is told as it was asked."""
    seconds = abs(span.total_seconds())
    if seconds < 30:
        return "now"
    for size, name, below in _STEPS:
        if round(seconds / size) * size < below:
            return _told(max(1, round(seconds / size)), name, ahead=span > timedelta())
    return _told(max(2, round(seconds / _MONTH)), "month", ahead=span > timedelta())


def _told(number: int, name: str, *, ahead: bool) -> str:
    plural = "s" if number != 1 and name in ("day", "week", "month") else ""
    return f"in {number} {name}{plural}" if ahead else f"{number} {name}{plural} ago"
