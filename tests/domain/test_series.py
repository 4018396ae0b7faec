"""A series: what may be in it, and what pausing, resuming, editing and time do to what is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spacesctl.domain import series as rules
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.recurrence import check, occurrences
from spacesctl.domain.series import Series, SeriesState
from tests.domain.scenes import Refusal, told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOMORROW, AFTER = datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)
MADE = "A" * 13
NEVER = "0 9 */28 2 1#2"  # a second Monday that is the 1st or the 29th of February


def daily(**changes: Any) -> Series:
    return replace(Series("S" * 13, "1", "T", "0 9 * * *", "UTC", 3600, NOW), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"duration": 60},
        {"duration": 86_400},
        {"title": "x" * 70},
        {"title": "x"},
        {"topics": ("a",) * 3},
        {"cron": "*/5 9-17 * * 1-5", "tz": "Europe/Rome"},
    ],
)
def test_a_series_at_its_bounds_is_good(changes: dict[str, Any]) -> None:
    assert rules.checked(daily(**changes)) == daily(**changes)


def test_white_space_in_a_title_is_one_space() -> None:
    assert rules.checked(daily(title="  Office \n hours ")) == daily(title="Office hours")


@pytest.mark.parametrize(
    ("changes", "field", "todo"),
    [
        ({"duration": 59}, "duration", False),
        ({"duration": 86_401}, "duration", False),
        ({"title": ""}, "title", False),
        ({"title": "x" * 71}, "title", False),
        ({"topics": ("a",) * 4}, "topics", False),
        ({"cron": "0 9 * *"}, "cron", False),
        ({"cron": "0 9 * * * *"}, "cron", False),
        ({"cron": "0 0 31 2 *"}, "cron", False),
        ({"cron": "0 25 * * *"}, "cron", False),
        ({"cron": NEVER}, "cron", False),
        ({"tz": "Mars/Base"}, "tz", True),
        ({"tz": "../etc"}, "tz", True),
        ({"tz": "Europe"}, "tz", True),
    ],
)
def test_what_is_wrong_with_a_series_is_named(changes: dict[str, Any], field: str, todo: bool) -> None:
    with pytest.raises(Invalid) as caught:
        rules.checked(daily(**changes))
    assert caught.value.field == field
    assert told(caught.value) == Refusal(Invalid, None, todo)


def test_a_leap_day_that_comes_every_four_years_is_a_recurrence() -> None:
    check("0 9 29 2 *", "UTC")
    assert next(occurrences("0 9 29 2 *", "UTC", NOW)) == datetime(2028, 2, 29, 9, tzinfo=UTC)


def test_what_is_paused_or_deleted_plans_nothing() -> None:
    for state in (SeriesState.PAUSED, SeriesState.DELETED):
        series = daily(state=state, planned=TOMORROW, space_id=MADE)
        assert rules.plan(series, NOW) == replace(series, planned=None, space_id=None)


def test_when_nothing_more_comes_nothing_is_planned() -> None:
    assert rules.plan(daily(cron=NEVER), NOW) == daily(cron=NEVER)
    assert rules.used(daily(cron=NEVER, planned=TOMORROW), NOW, held=True) == daily(cron=NEVER, started=TOMORROW)


def test_a_plan_begins_without_a_space_and_is_kept_once_made() -> None:
    assert rules.plan(daily(space_id=MADE), NOW) == daily(planned=TOMORROW, space_id=None)
    kept = daily(planned=TOMORROW, space_id=MADE)
    assert rules.plan(kept, NOW) == kept


def test_using_what_is_not_planned_only_plans() -> None:
    assert rules.used(daily(), NOW) == daily(planned=TOMORROW)
    assert rules.used(daily(), NOW, held=True) == daily(planned=TOMORROW)


def test_one_that_is_held_becomes_the_last_that_was() -> None:
    series = daily(planned=TOMORROW, space_id=MADE)
    expected = daily(planned=AFTER, started=TOMORROW, started_id=MADE)
    assert rules.used(series, TOMORROW, held=True) == expected
    assert rules.used(series, TOMORROW - timedelta(minutes=1), held=True) == expected, "begun a little early"


def test_one_that_is_skipped_ahead_is_noted_as_skipped() -> None:
    series = daily(planned=TOMORROW, space_id=MADE, revision=2)
    assert rules.used(series, NOW) == daily(planned=AFTER, skipped=(TOMORROW,), revision=3, revised_at=NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=10)])
def test_one_whose_time_has_come_unheld_begins_the_series_anew(late: timedelta) -> None:
    now = TOMORROW + late
    series = daily(planned=TOMORROW, skipped=(NOW,))
    assert rules.used(series, now) == daily(planned=AFTER, since=now, revision=1, revised_at=now)


def test_fifty_that_are_skipped_are_all_remembered() -> None:
    skipped = tuple(NOW + timedelta(hours=n) for n in range(rules.MAX_SKIPPED - 1))
    series = daily(planned=TOMORROW, skipped=skipped)
    assert rules.used(series, NOW).skipped == (*skipped, TOMORROW)
    assert rules.used(series, NOW).since is None
    one_more = rules.used(replace(series, skipped=(NOW, *skipped)), NOW)
    assert (one_more.skipped, one_more.since, one_more.revised_at) == ((*skipped, TOMORROW), NOW, NOW)


@pytest.mark.parametrize(
    ("changes", "ahead", "due"),
    [
        ({}, timedelta(days=7), True),
        ({}, timedelta(days=-1), True),
        ({"space_id": MADE}, timedelta(days=1), False),
        ({"planned": None}, timedelta(0), False),
    ],
)
def test_an_occurrence_is_made_once_it_is_near(changes: dict[str, Any], ahead: timedelta, due: bool) -> None:
    assert rules.is_due_to_be_made(replace(daily(planned=NOW + ahead), **changes), NOW) is due


@pytest.mark.parametrize("changes", [{"cron": "0 10 * * *"}, {"tz": "Europe/Rome"}])
def test_another_time_begins_anew_and_keeps_the_space_that_is_made(changes: dict[str, Any]) -> None:
    before = daily(planned=TOMORROW, space_id=MADE, skipped=(NOW,))
    found = rules.edited(before, replace(before, **changes), NOW)
    assert found.planned == next(occurrences(found.cron, found.tz, NOW))
    assert found == replace(before, **changes, planned=found.planned, skipped=(), since=NOW, revision=1, revised_at=NOW)


def test_any_other_edit_keeps_what_is_planned_and_skipped() -> None:
    before = daily(planned=TOMORROW, space_id=MADE, skipped=(NOW,))
    after = replace(before, title="New", duration=60)
    assert rules.edited(before, after, NOW) == replace(after, revision=1, revised_at=NOW)


def test_pausing_forgets_what_is_planned_and_resuming_counts_from_now() -> None:
    paused = rules.paused(daily(planned=TOMORROW, space_id=MADE, skipped=(NOW,)))
    assert paused == daily(state=SeriesState.PAUSED, skipped=(NOW,))
    assert rules.resumed(paused, NOW) == daily(planned=TOMORROW, since=NOW, revision=1, revised_at=NOW)


def test_resuming_what_runs_changes_nothing() -> None:
    series = daily(planned=TOMORROW, skipped=(NOW,))
    assert rules.resumed(series, NOW) == series


def test_what_is_deleted_is_neither_paused_nor_resumed() -> None:
    deleted = daily(state=SeriesState.DELETED)
    with pytest.raises(Refused) as paused:
        rules.paused(deleted)
    with pytest.raises(Refused) as resumed:
        rules.resumed(deleted, NOW)
    assert told(paused.value) == told(resumed.value) == Refusal(Refused, "deleted")
