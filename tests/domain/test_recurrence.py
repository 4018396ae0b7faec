"""Recurrence against literal dates: the days of cron, and both changes of the clocks in Rome and New York."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from spacesctl.domain import series as rules
from spacesctl.domain.errors import Invalid
from spacesctl.domain.recurrence import check, occurrences
from spacesctl.domain.series import Series, SeriesState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday


def starts(cron: str, tz: str, after: str, count: int) -> list[str]:
    found = islice(occurrences(cron, tz, datetime.fromisoformat(after)), count)
    return [at.strftime("%Y-%m-%d %H:%M") for at in found]


@pytest.mark.parametrize(
    ("cron", "tz", "after", "expected"),
    [
        ("0 9 * * 1", "UTC", "2026-11-21T12:00Z", ["2026-11-23 09:00", "2026-11-30 09:00"]),
        ("0 9 * * 0", "UTC", "2026-11-21T12:00Z", ["2026-11-22 09:00", "2026-11-29 09:00"]),
        ("0 9 * * 7", "UTC", "2026-11-21T12:00Z", ["2026-11-22 09:00", "2026-11-29 09:00"]),
        # Day of month or day of week, as in cron: Fridays, and the 13th whatever it is.
        ("0 9 13 * 5", "UTC", "2026-12-01T00:00Z", ["2026-12-04 09:00", "2026-12-11 09:00", "2026-12-13 09:00"]),
        # Rome, spring: 02:30 does not exist on 2026-03-29 and is taken at 03:00 summer time, 01:00 UTC.
        (
            "30 2 * * *",
            "Europe/Rome",
            "2026-03-28T00:00Z",
            ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"],
        ),
        # Rome, autumn: 02:30 comes twice on 2026-10-25 and is taken once.
        ("30 2 * * *", "Europe/Rome", "2026-10-24T12:00Z", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        # New York, spring 2026-03-08 and autumn 2026-11-01: 18:00 stays 18:00 on the wall.
        ("0 18 * * *", "America/New_York", "2026-03-07T12:00Z", ["2026-03-07 23:00", "2026-03-08 22:00"]),
        ("0 18 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-10-31 22:00", "2026-11-01 23:00"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01 05:30", "2026-11-02 06:30"]),
    ],
)
def test_occurrences_are_these(cron: str, tz: str, after: str, expected: list[str]) -> None:
    assert starts(cron, tz, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("cron", "tz"),
    [
        ("* * * *", "UTC"),
        ("* * * * * *", "UTC"),
        ("61 * * * *", "UTC"),
        ("0 0 31 2 *", "UTC"),
        ("0 9 * * 1", "Mars/Base"),
        ("0 9 * * 1", ""),
    ],
)
def test_what_never_comes_is_refused(cron: str, tz: str) -> None:
    with pytest.raises(Invalid):
        check(cron, tz)


def daily(**changes: object) -> Series:
    return replace(Series("S" * 13, "1", "T", "0 9 * * *", "UTC", 3600, NOW), **changes)  # type: ignore[arg-type]


def test_exactly_one_occurrence_is_planned_and_using_it_plans_the_next() -> None:
    series = rules.plan(daily(), NOW)
    assert series.planned == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert rules.plan(series, NOW + timedelta(days=3)) == series, "planned once"
    made = replace(series, space_id="A" * 13)
    after = rules.used(made, series.planned + timedelta(seconds=1))
    assert (after.planned, after.space_id) == (datetime(2026, 11, 23, 9, tzinfo=UTC), None)


def test_skipping_ahead_of_time_plans_the_one_after_the_skipped() -> None:
    series = rules.plan(daily(), NOW)
    assert rules.used(series, NOW).planned == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_what_is_skipped_is_noted_and_what_was_missed_begins_the_series_anew() -> None:
    series = rules.plan(daily(), NOW)
    skipped = rules.used(series, NOW)
    assert (skipped.skipped, skipped.revision, skipped.since) == ((series.planned,), 1, None)
    late = NOW + timedelta(days=30)
    missed = rules.used(skipped, late)
    assert (missed.skipped, missed.since, missed.revision) == ((), late, 2)
    held = rules.used(replace(series, space_id="A" * 13), NOW, held=True)
    assert (held.started, held.started_id, held.skipped, held.revision) == (series.planned, "A" * 13, (), 0)


def test_only_so_many_skipped_ones_are_remembered_and_what_is_forgotten_is_not_counted_again() -> None:
    series = rules.plan(daily(), NOW)
    planned = []
    for _ in range(rules.MAX_SKIPPED + 2):
        planned.append(series.planned)
        series = rules.used(series, NOW)
    assert series.skipped == tuple(planned[2:])
    assert series.since == planned[1]


def test_an_edit_of_the_time_begins_anew_and_any_other_keeps_what_is_planned_and_skipped() -> None:
    series = rules.used(rules.plan(daily(), NOW), NOW)
    renamed = rules.edited(series, replace(series, title="New"), NOW)
    assert (renamed.title, renamed.planned, renamed.skipped) == ("New", series.planned, series.skipped)
    moved = rules.edited(series, replace(series, cron="0 10 * * *"), NOW)
    assert (moved.planned, moved.skipped, moved.since) == (datetime(2026, 11, 22, 10, tzinfo=UTC), (), NOW)
    assert renamed.revision == moved.revision == series.revision + 1


def test_after_a_long_absence_the_next_is_ahead_and_not_one_of_those_missed() -> None:
    series = rules.plan(daily(), NOW)
    assert rules.used(series, NOW + timedelta(days=30)).planned == datetime(2026, 12, 22, 9, tzinfo=UTC)


def test_a_paused_series_plans_nothing_and_a_resumed_one_goes_on() -> None:
    series = rules.paused(replace(rules.plan(daily(), NOW), space_id="A" * 13))
    assert (series.state, series.planned, series.space_id) == (SeriesState.PAUSED, None, None)
    assert rules.plan(series, NOW) == series
    assert rules.resumed(series, NOW).planned == datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize(("start", "due"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)])
def test_an_occurrence_is_made_seven_days_ahead_at_most(start: timedelta, due: bool) -> None:
    assert rules.is_due_to_be_made(daily(planned=NOW + start), NOW) is due


@pytest.mark.parametrize(
    "changes", [{"duration": 59}, {"duration": 86_401}, {"title": " "}, {"topics": ("a",) * 4}, {"cron": "x"}]
)
def test_a_series_out_of_range_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rules.checked(daily(**changes))
