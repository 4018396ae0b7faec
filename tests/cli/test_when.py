"""How `--at` is read, by table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from spacesctl.cli.common import space_id, span_seconds
from spacesctl.cli.when import parse_when
from spacesctl.domain.errors import Invalid

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "tz", "expected"),
    [
        ("+2h", None, "2026-11-21T14:00:00+00:00"),
        ("+1d12h", None, "2026-11-23T00:00:00+00:00"),
        ("+90m", None, "2026-11-21T13:30:00+00:00"),
        ("+5s", None, "2026-11-21T12:00:05+00:00"),
        ("2026-12-01T18:00:00Z", None, "2026-12-01T18:00:00+00:00"),
        ("2026-12-01T18:00:00+01:00", "America/New_York", "2026-12-01T17:00:00+00:00"),
        ("2026-12-01 18:00", "Europe/Rome", "2026-12-01T17:00:00+00:00"),
        ("2026-07-01 18:00", "Europe/Rome", "2026-07-01T16:00:00+00:00"),
        ("2026-12-01 18:00", "UTC", "2026-12-01T18:00:00+00:00"),
    ],
)
def test_a_time_is_read_as_documented(text: str, tz: str | None, expected: str) -> None:
    assert parse_when(text, tz, NOW).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "tz"), [("tomorrow", None), ("+", None), ("+2x", None), ("18:00", None), ("2026-12-01 18:00", "Mars/Base")]
)
def test_what_is_no_time_is_refused(text: str, tz: str | None) -> None:
    with pytest.raises(Invalid):
        parse_when(text, tz, NOW)


def test_a_time_without_a_zone_is_this_machines() -> None:
    local = datetime(2026, 12, 1, 18).astimezone()  # local on purpose
    assert parse_when("2026-12-01 18:00", None, NOW) == local


def test_a_span_needs_a_number_with_a_unit() -> None:
    assert span_seconds("+1d2h3m4s") == 93_784
    assert span_seconds("2h") is None
    assert span_seconds("+2h1d") is None


def test_a_space_is_named_by_id_or_link() -> None:
    assert space_id("AAAAAAAAAAAA1") == "AAAAAAAAAAAA1"
    assert space_id("https://live.example/s/AAAAAAAAAAAA1") == "AAAAAAAAAAAA1"
    for wrong in ("short", "https://live.example/s/", "AAAAAAAAAAAA!"):
        with pytest.raises(Invalid):
            space_id(wrong)
