"""How `--at` is read, and how times are shown, by table."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.cli.common import span_seconds
from spacesctl.cli.moments import distance, moment, on_the_clock
from spacesctl.cli.when import in_words, parse_when
from spacesctl.domain.errors import Invalid

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday
ROME = "Europe/Rome"


@pytest.mark.parametrize(
    ("text", "tz", "expected"),
    [
        # how long from now
        ("+2h", None, "2026-11-21T14:00:00+00:00"),
        ("+1d12h", "UTC", "2026-11-23T00:00:00+00:00"),
        ("+90m", None, "2026-11-21T13:30:00+00:00"),
        ("+5s", None, "2026-11-21T12:00:05+00:00"),
        ("+2w", "UTC", "2026-12-05T12:00:00+00:00"),
        ("in 2h", None, "2026-11-21T14:00:00+00:00"),
        ("in 2 hours", None, "2026-11-21T14:00:00+00:00"),
        ("In 1 hour 30 minutes", None, "2026-11-21T13:30:00+00:00"),
        ("in 45 min", None, "2026-11-21T12:45:00+00:00"),
        ("+ 2 w 1 d", "UTC", "2026-12-06T12:00:00+00:00"),
        ("now", None, "2026-11-21T12:00:00+00:00"),
        # the next time that the clock shows it
        ("18:00", "UTC", "2026-11-21T18:00:00+00:00"),
        ("12:00", "UTC", "2026-11-22T12:00:00+00:00"),
        ("9:05", "UTC", "2026-11-22T09:05:00+00:00"),
        ("at 18:00", "UTC", "2026-11-21T18:00:00+00:00"),
        ("18:00", ROME, "2026-11-21T17:00:00+00:00"),
        ("today 18:00", "UTC", "2026-11-21T18:00:00+00:00"),
        ("today 09:00", "UTC", "2026-11-21T09:00:00+00:00"),
        ("tomorrow 18:00", "UTC", "2026-11-22T18:00:00+00:00"),
        ("Tomorrow at 18:00", "UTC", "2026-11-22T18:00:00+00:00"),
        ("fri 18:00", "UTC", "2026-11-27T18:00:00+00:00"),
        ("Friday 18:00", "UTC", "2026-11-27T18:00:00+00:00"),
        ("sat 18:00", "UTC", "2026-11-21T18:00:00+00:00"),
        ("sat 11:00", "UTC", "2026-11-28T11:00:00+00:00"),
        ("thurs 18:00", "UTC", "2026-11-26T18:00:00+00:00"),
        ("sun  00:30", "Pacific/Auckland", "2026-11-28T11:30:00+00:00"),  # it is Sunday, 01:00 there already
        # dates
        ("2026-12-01T18:00:00Z", None, "2026-12-01T18:00:00+00:00"),
        ("2026-12-01t18:00:00z", None, "2026-12-01T18:00:00+00:00"),
        ("2026-12-01T18:00:00.250Z", None, "2026-12-01T18:00:00.250000+00:00"),
        ("2026-12-01T18:00:00+01:00", "America/New_York", "2026-12-01T17:00:00+00:00"),
        ("2026-12-01 18:00", ROME, "2026-12-01T17:00:00+00:00"),
        ("2026-12-01T18:00", ROME, "2026-12-01T17:00:00+00:00"),
        ("2026-07-01 18:00:30", ROME, "2026-07-01T16:00:30+00:00"),
        ("2026-12-01 18:00", "UTC", "2026-12-01T18:00:00+00:00"),
    ],
)
def test_a_time_is_read_as_documented(text: str, tz: str | None, expected: str) -> None:
    assert parse_when(text, tz, NOW).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "+", "+2x", "+2h1d", "+1h1h", "+0m", "in", "in two hours", "2h", "in 2", "+9999999h", "+999999w",
        "tomorrow", "friday", "today", "t 18:00", "fr 18:00", "next friday 18:00", "yesterday 18:00", "day 18:00",
        "18 Uhr", "at at 18:00", "10", "18", "6pm", "18.00", "18:0", "24:00", "18:60", "noon", "18:00:00", "18:00 CET", "1800",
        "2026-12-01", "2026-13-01 18:00", "2026-02-30 18:00", "01/12/2026 18:00", "1 Dec 18:00", "2026-12-01 18:00 +01",
        "\u0661\u0668:\u0660\u0660", "in \u00b2h", "18:00\x00", "20261201T180000Z",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_when(text, None, NOW, "--from")
    assert caught.value.field == "--from"
    assert "tomorrow 18:00" in (caught.value.hint or "")


def test_an_unknown_zone_is_refused_by_its_own_option() -> None:
    with pytest.raises(Invalid) as caught:
        parse_when("18:00", "Mars/Base", NOW)
    assert caught.value.field == "--tz"


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert parse_when(text, ROME, NOW).tzinfo is UTC


BEFORE_SUMMER = datetime(2027, 3, 27, 12, tzinfo=UTC)  # in Rome the clocks go from 02:00 to 03:00 on the 28th
BEFORE_WINTER = datetime(2026, 10, 24, 12, tzinfo=UTC)  # and from 03:00 to 02:00 on the 25th


@pytest.mark.parametrize("text", ["2027-03-28 02:30", "02:30", "tomorrow 02:30", "sun 02:30"])
def test_a_time_that_no_clock_shows_is_refused_and_said_why(text: str) -> None:
    with pytest.raises(Invalid, match="go forward then and never show it; 03:30") as caught:
        parse_when(text, ROME, BEFORE_SUMMER)
    assert ROME in caught.value.message


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("+1d", BEFORE_SUMMER, "2027-03-28T11:00:00+00:00"),  # the same clock, an hour less
        ("+24h", BEFORE_SUMMER, "2027-03-28T12:00:00+00:00"),
        ("+1d", BEFORE_WINTER, "2026-10-25T13:00:00+00:00"),
        ("02:30", BEFORE_WINTER, "2026-10-25T00:30:00+00:00"),  # the first of two
    ],
)
def test_days_are_the_calendars_and_hours_are_time_that_passes(text: str, now: datetime, expected: str) -> None:
    assert parse_when(text, ROME, now).isoformat() == expected


def test_a_time_without_a_zone_is_this_machines() -> None:
    local = datetime(2026, 12, 1, 18).astimezone()  # local on purpose
    assert parse_when("2026-12-01 18:00", None, NOW) == local


@pytest.fixture
def in_rome(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", ROME)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_rome")
def test_this_machines_zone_has_its_gaps_too() -> None:
    assert parse_when("18:00", None, NOW).isoformat() == "2026-11-21T17:00:00+00:00"
    with pytest.raises(Invalid, match="never show it"):
        parse_when("02:30", None, BEFORE_SUMMER)


@pytest.mark.usefixtures("in_rome")
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-21T17:00", "today 18:00, in 5 h"),
        ("2026-11-21T12:00", "today 13:00, now"),
        ("2026-11-21T11:55", "today 12:55, 5 min ago"),
        ("2026-11-21T13:59", "today 14:59, in 2 h"),
        ("2026-12-05T11:59", "5 Dec 12:59, in 2 weeks"),
        ("2026-11-21T12:00:40", "today 13:00, in 1 min"),
        ("2026-11-21T23:30", "tomorrow 00:30, in 12 h"),
        ("2026-11-20T12:00", "yesterday 13:00, 1 day ago"),
        ("2026-11-25T17:00", "Wed 18:00, in 4 days"),
        ("2026-11-16T17:00", "Mon 18:00, 5 days ago"),
        ("2026-12-04T17:00", "4 Dec 18:00, in 13 days"),
        ("2026-12-31T23:00", "1 Jan 2027 00:00, in 6 weeks"),
        ("2027-11-21T12:00", "21 Nov 2027 13:00, in 12 months"),
        ("2026-07-01T12:00", "1 Jul 14:00, 5 months ago"),
    ],
)
def test_a_time_is_shown_as_the_clock_shows_it_and_how_far_it_is(at: str, expected: str) -> None:
    assert moment(datetime.fromisoformat(at).replace(tzinfo=UTC), NOW) == expected


@given(st.integers(-(10**9), 10**9))
def test_a_distance_says_one_unit_and_never_nothing(seconds: int) -> None:
    told = distance(timedelta(seconds=seconds))
    assert told == "now" or told.endswith(" ago") is (seconds < 0)
    assert told == "now" or int("".join(filter(str.isdigit, told))) > 0


@pytest.mark.usefixtures("in_rome")
def test_what_is_shown_near_is_read_as_the_same() -> None:
    for minutes in range(61, 60 * 24 * 6, 977):
        at = (NOW + timedelta(minutes=minutes)).replace(second=0)
        assert parse_when(on_the_clock(at, NOW).lower(), None, NOW) == at
        assert at.astimezone(ZoneInfo(ROME)).strftime("%H:%M") in moment(at, NOW)


def test_a_span_needs_a_number_with_a_unit() -> None:
    assert span_seconds("+1d2h3m4s") == 93_784
    assert span_seconds("2h") is None
    assert span_seconds("+2h1d") is None


@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        (ROME, "Saturday, 21 November 2026, 13:00 in Rome (Europe/Rome, UTC+01:00)"),
        (
            "America/Argentina/Ushuaia",
            "Saturday, 21 November 2026, 09:00 in Ushuaia (America/Argentina/Ushuaia, UTC-03:00)",
        ),
        ("Asia/Kathmandu", "Saturday, 21 November 2026, 17:45 in Kathmandu (Asia/Kathmandu, UTC+05:45)"),
        ("America/New_York", "Saturday, 21 November 2026, 07:00 in New York (America/New_York, UTC-05:00)"),
        ("UTC", "Saturday, 21 November 2026, 12:00 in UTC"),
    ],
)
def test_a_zone_is_said_back_in_words(tz: str, expected: str) -> None:
    assert in_words(NOW, tz) == expected
