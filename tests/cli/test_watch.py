"""What `watch` makes of events, and that its picture fits the terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from spacesctl.cli.watchview import Watched, clock, countdown, level_bar, render

SPACE = {"title": "Office \x1b[31mhours", "state": "live", "id": "A" * 13}


def person(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "id": str(number),
        "handle": f"@p{number}",
        "role": "speaker",
        "muted": False,
        "heard": True,
        "hand_raised": False,
        "connected": True,
    }
    return {**row, **changes}


def watched(*people: dict[str, Any]) -> Watched:
    made = Watched(dict(SPACE))
    made.set_people({"data": list(people), "anonymous": 3})
    return made


def drawn(state: Watched, height: int = 24) -> str:
    out = Console(file=io.StringIO(), width=80, height=height, color_system=None)
    out.print(render(state, height))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_people_levels_hands_and_captions_are_shown() -> None:
    state = watched(person(1), person(2, role="listener", hand_raised=True), person(3, muted=True, heard=False))
    state.take({"type": "levels", "data": {"levels": [{"account_id": "1", "db": -12, "active": True}]}})
    state.take({"type": "caption", "data": {"lane": 1, "speaker": "@p1", "text": "hello there", "start_tick": 3100}})
    state.take({"type": "caption.partial", "data": {"lane": 1, "speaker": "@p1", "text": "and now"}})
    picture = drawn(state)
    for words in ("@p1", "@p3", "muted", "01:02", "hello there", "and now", "3 anonymous", "\u2501" * 16):
        assert words in picture
    assert "hands      @p2" in picture
    assert "\x1b[31m" not in picture


@pytest.mark.parametrize("height", [20, 24, 50])
def test_the_picture_fits_whatever_happened(height: int) -> None:
    state = watched(*(person(number) for number in range(8)))
    for number in range(300):
        state.take(
            {"type": "caption", "data": {"lane": 1, "speaker": "@p1", "text": "word " * 50, "start_tick": number}}
        )
        state.take({"type": "person.muted", "tick": number, "data": {"account_id": "1"}})
    assert len(drawn(state, height).splitlines()) <= max(height, 22)


def test_what_changes_people_asks_for_the_list_and_what_is_told_names_them() -> None:
    state = watched(person(1))
    assert state.take({"type": "lane.opened", "tick": 1, "data": {"account_id": "1", "lane": 1}}) is True
    assert state.take({"type": "levels", "data": {"levels": []}}) is False
    assert state.take(
        {
            "type": "act.taken",
            "tick": 50,
            "data": {"account_id": "1", "rule_id": "scam", "action": "mute", "mode": "enforce"},
        }
    )
    assert state.happened[-1] == ("00:01", "rule scam: mute (enforce) @p1")


def test_what_is_shared_is_told_with_who_shared_it() -> None:
    state = watched(person(1))
    link = {"kind": "link", "title": "Agenda\x1b[31m", "ref": "https://example.org/", "by": "1"}
    for pin in (link, {"kind": "post", "title": "", "ref": "1", "by": "9"}):
        assert not state.take({"type": "pin.added", "tick": 50, "data": {"pin": pin}})
    picture = drawn(state)
    assert "@p1 shares Agenda\N{REPLACEMENT CHARACTER}[31m https://example.org/" in picture
    assert "somebody shares a post" in picture


def test_clocks_and_bars() -> None:
    assert clock(3000) == "01:00"
    assert "\u2501" not in level_bar(-127, active=False).plain
    assert len(level_bar(-30, active=True).plain) == 16


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (None, ""),
        ({"until": "2026-11-30T18:01:00.000Z", "ends_at": None}, "a co-host takes over in 42 s"),
        ({"until": "2026-11-30T18:01:00.000Z", "ends_at": "2026-11-30T18:05:18.000Z"}, "it ends in 300 s"),
        ({"until": "2026-11-30T18:00:00.000Z", "ends_at": None}, "a co-host takes over in 0 s"),
    ],
)
def test_staff_see_what_happens_when_the_host_stays_away(away: dict[str, Any] | None, expected: str) -> None:
    said = countdown({"host_away": away}, datetime(2026, 11, 30, 18, 0, 18, tzinfo=UTC))
    assert expected in said
    assert bool(said) is bool(away)
