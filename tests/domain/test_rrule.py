"""Recurrence rules against cronsim, expanded by dateutil: over two years, with both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spacesctl.domain.errors import Invalid
from spacesctl.domain.recurrence import check, occurrences
from spacesctl.domain.rrule import recurrence_rule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROME, NEW_YORK = "Europe/Rome", "America/New_York"


@pytest.mark.parametrize(
    ("cron", "tz", "expected"),
    [
        ("0 9 * * 1-5", ROME, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0"),
        ("0 9 * * 7", ROME, "FREQ=WEEKLY;BYDAY=SU;BYHOUR=9;BYMINUTE=0"),
        ("0,30 9,18 * * *", ROME, "FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0,30"),
        ("15 20 1,15 * *", ROME, "FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=20;BYMINUTE=15"),
        ("15 20 L * *", ROME, "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=20;BYMINUTE=15"),
        ("0 18 * 6-8 FRI", ROME, "FREQ=WEEKLY;BYMONTH=6,7,8;BYDAY=FR;BYHOUR=18;BYMINUTE=0"),
        ("0 18 * * 5#2", ROME, "FREQ=MONTHLY;BYDAY=2FR;BYHOUR=18;BYMINUTE=0"),
        ("0 18 * * 5L", ROME, "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18;BYMINUTE=0"),
        # Begins with a star, so both must hold, as in a rule.
        ("0 18 */10 * 1", ROME, "FREQ=MONTHLY;BYMONTHDAY=1,11,21,31;BYDAY=MO;BYHOUR=18;BYMINUTE=0"),
        ("0 9 1-31 * 1", ROME, "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        # Fridays, and the 13th whatever it is: two rules, so none.
        ("0 9 13 * 5", ROME, None),
        ("0 9 LW * *", ROME, None),
        ("0 9 * * 1,2#2", ROME, None),
        # The clocks jump over 02:30 on a Sunday: never on a Monday.
        ("30 2 * * *", ROME, None),
        ("30 2 * * 0", ROME, None),
        ("30 2 * * 1", ROME, "FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;BYMINUTE=30"),
        ("30 2 * * *", "UTC", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30"),
        # 01:30 comes twice in New York in autumn and is taken once by both.
        ("30 1 * * *", NEW_YORK, "FREQ=DAILY;BYHOUR=1;BYMINUTE=30"),
        ("30 2 * * *", NEW_YORK, None),
        # 02:00 and 03:00 are one instant on the day on which the clocks jump.
        ("0 2,3 * * *", ROME, None),
        # Every hour comes twice for cron when the clocks go back.
        ("0 * * * *", ROME, None),
        ("0 0-23 * * 1-5", ROME, f"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR={','.join(map(str, range(24)))};BYMINUTE=0"),
    ],
)
def test_a_cron_expression_is_this_rule_or_none(cron: str, tz: str, expected: str | None) -> None:
    assert recurrence_rule(cron, tz, NOW) == expected


def lists(least: int, most: int, size: int) -> st.SearchStrategy[str]:
    numbers = st.lists(st.integers(least, most), min_size=1, max_size=size, unique=True)
    return numbers.map(lambda found: ",".join(map(str, found)))


_WEEKDAYS = st.one_of(st.just("*"), lists(0, 7, 3), st.sampled_from(["1-5", "6#1", "0#5", "3L", "MON,2#2", "*/2"]))
_DAYS_OF_MONTH = st.one_of(st.just("*"), lists(1, 31, 3), st.sampled_from(["L", "1-7", "*/9", "31", "15,L"]))
CRON = st.tuples(
    lists(0, 59, 2), lists(0, 23, 2), _DAYS_OF_MONTH, st.one_of(st.just("*"), lists(1, 12, 3)), _WEEKDAYS
).map(" ".join)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(cron=CRON, tz=st.sampled_from([ROME, NEW_YORK]), start=st.integers(0, 364))
@example("30 2 * * 1", ROME, 0)
@example("30 1 * * *", NEW_YORK, 0)
@example("0 3 * * 0", ROME, 0)
@example("0 2,3 * * *", ROME, 0)
@example("0 0 29 2 *", NEW_YORK, 0)
def test_a_rule_gives_the_very_instants_that_cron_gives_over_two_years(cron: str, tz: str, start: int) -> None:
    after = NOW + timedelta(days=start)
    try:
        check(cron, tz)
    except Invalid:
        return
    rule = recurrence_rule(cron, tz, after)
    if rule is None:
        return
    end = after + timedelta(days=730)
    expected = list(takewhile(lambda at: at <= end, occurrences(cron, tz, after)))
    if not expected:
        return
    expanded = rrulestr(rule, dtstart=expected[0].astimezone(ZoneInfo(tz)))
    found = list(takewhile(lambda at: at <= end, (at.astimezone(UTC) for at in expanded)))
    assert found == expected
