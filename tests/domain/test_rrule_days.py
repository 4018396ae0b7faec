"""Days of a recurrence rule that few cron expressions ask for."""

from __future__ import annotations

import pytest

from spacesctl.domain.rrule import recurrence_rule
from tests.domain.scenes import NOW


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        # Either will do, and one of them is every day.
        ("0 9 13 * 0-6", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        ("0 9 13 * 1-7", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        ("0 9 1-31 * 1-5", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"),
        ("0 9 * * 0,6", "FREQ=WEEKLY;BYDAY=SU,SA;BYHOUR=9;BYMINUTE=0"),
        ("0 9 * * 1#1,3#2", "FREQ=MONTHLY;BYDAY=1MO,2WE;BYHOUR=9;BYMINUTE=0"),
        ("0 9 * * 7#2", "FREQ=MONTHLY;BYDAY=2SU;BYHOUR=9;BYMINUTE=0"),
        # Every Sunday holds the second Sunday.
        ("0 9 * * 0,7#2", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=9;BYMINUTE=0"),
        ("0 9 * * 2,2#2", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=9;BYMINUTE=0"),
        ("0 9 13 * 2#2", None),
        ("0 9 */7 * 2#2", None),
    ],
)
def test_days_are_these_or_there_is_no_rule(cron: str, expected: str | None) -> None:
    assert recurrence_rule(cron, "UTC", NOW) == expected
