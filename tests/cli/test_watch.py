"""What `watch` makes of events, and that its picture fits the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from spacesctl.api.captions import Caption
from spacesctl.api.people import Member
from spacesctl.api.spaces import HostAway
from spacesctl.api.wire import Time, load_value
from spacesctl.cli.watched import Watched
from spacesctl.cli.watchview import countdown, level_bar, render
from spacesctl.domain.clock import shown
from tests.cli.samples import member, members, space, told


def watched(*people: Member) -> Watched:
    return Watched(space(title="Office \x1b[31mhours"), members(*people, anonymous=3))


def caption(text: str, tick: int = 0) -> dict[str, Any]:
    return {
        "account_id": "1", "speaker": "@p1", "lane": 1, "utterance": 1, "text": text, "start_tick": tick, "end_tick": tick + 50,
        "words": [],
    }  # fmt: skip


def drawn(state: Watched, height: int = 24, width: int = 80) -> str:
    out = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    out.print(render(state, height, width))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_people_levels_hands_and_captions_are_shown() -> None:
    state = watched(member(1), member(2, role="listener", hand_raised=True), member(3, muted=True, heard=False))
    level = {"lane": 1, "account_id": "1", "db": -12, "active": True}
    state.take(told("levels", {"tick": 0, "levels": [level]}))
    state.take(told("caption", caption("hello there", 3100)))
    state.take(told("caption.partial", caption("and now")))
    picture = drawn(state)
    for words in ("@p1", "@p3", "muted", "01:02", "hello there", "and now", "3 anonymous", "\u2501" * 16):
        assert words in picture
    assert "hands      @p2" in picture
    assert "\x1b[31m" not in picture


@pytest.mark.parametrize("height", [20, 24, 50])
@pytest.mark.parametrize("kind", ["caption", "caption.partial"])
def test_a_caption_longer_than_the_line_keeps_its_time_and_its_speaker(kind: str, height: int) -> None:
    state = watched(member(1))
    state.take(told("caption", caption("hello everybody " * 20, 3100)))
    state.take(told(kind, caption(f"{'hello everybody ' * 12}end", 6100)))
    picture = drawn(state, height)
    assert " @p1 " in picture.split("captions")[1]
    assert "everybody end" in picture
    assert ("02:02  @p1 " if kind == "caption" else "       @p1 ") in picture


@pytest.mark.parametrize("height", [20, 24, 50])
def test_the_picture_fits_whatever_happened(height: int) -> None:
    state = watched(*(member(number) for number in range(8)))
    for number in range(300):
        state.take(told("caption", caption("word " * 50, number)))
        muted = told("person.muted", {"account_id": "1"}, number)
        state.take(muted)
        state.tell(muted)
    assert len(drawn(state, height).splitlines()) <= height


@pytest.mark.parametrize("people", [1, 4, 13])
def test_a_small_terminal_shows_the_last_event_and_the_whole_id(people: int) -> None:
    state = Watched(
        space(title="A title that goes on for as long as one may, which is seventy letters"),
        members(*(member(number) for number in range(people))),
    )
    for number in range(30):
        state.take(told("caption", caption("word " * 50, number)))
        muted = told("person.muted", {"account_id": "0"}, number)
        state.take(muted)
        state.tell(muted)
    state.remark("the last one")
    lines = drawn(state, 14, 60).splitlines()
    assert len(lines) <= 14
    assert f"live  {state.view.id}" in lines[0]
    assert "A title that" in lines[0]
    assert "the last one" in lines[-1]
    assert "REC" not in lines[0]
    assert ("more" in " ".join(lines)) == (people > 4)


def test_what_is_said_after_a_break_has_the_time_of_the_space_clock() -> None:
    now = [100.0]
    state = Watched(space(tick=0), members(member(1)), lambda: now[0])
    state.take(told("levels", {"tick": 3000, "levels": []}))
    now[0] += 30.0
    state.remark("connected again")
    assert state.happened[-1] == ("01:30", "connected again")


def test_an_account_that_is_not_known_asks_for_the_lists_and_what_is_told_names_it() -> None:
    state = watched(member(1))
    opened = told("lane.opened", {"account_id": "2", "lane": 2, "mic_open": True}, 1)
    assert state.take(opened) is True
    state.reread(space(), members(member(1), member(2)))
    assert state.take(told("lane.opened", {"account_id": "1", "lane": 1, "mic_open": True}, 1)) is False
    assert state.take(told("levels", {"tick": 0, "levels": []})) is False
    act = {"key": "k", "account_id": "2", "rule_id": "scam", "action": "mute", "mode": "enforce"}
    taken = told("act.taken", {**act, "lane": 1, "start_tick": 0, "end_tick": 50}, 50)
    assert state.take(taken) is False
    assert state.tell(taken) == "rule scam: mute @p2"
    assert state.happened[-1] == ("00:01", "rule scam: mute @p2")
    assert state.tell(told("presence", {"participant_count": 3})) is None
    raid = {
        **act,
        "account_id": "",
        "rule_id": "raid",
        "action": "lock",
        "mode": "suggest",
        "lane": 0,
        "start_tick": 9,
        "end_tick": 9,
    }
    assert state.tell(told("act.taken", raid, 50)) == "rule raid: lock the Space (suggest)"


def test_what_is_shared_is_told_with_who_shared_it() -> None:
    state = watched(member(1))
    link = {"kind": "link", "title": "Agenda\x1b[31m", "ref": "https://example.org/", "by_id": "1"}
    for pin in (link, {"kind": "post", "title": "", "ref": "1", "by_id": "9"}):
        shared = told("pin.added", {"pin": {"id": "P", "tick": 50, **pin}}, 50)
        assert state.take(shared), "what it shows is not in the event"
        state.tell(shared)
    picture = drawn(state)
    assert "@p1 shares Agenda\N{REPLACEMENT CHARACTER}[31m https://example.org/" in picture
    assert "somebody shares a post" in picture


def said(state: Watched, *happened: tuple[str, dict[str, Any]]) -> list[str]:
    """What is told of stored events that come one after another."""
    for seq, (kind, data) in enumerate(happened, 1):
        event = replace(told(kind, data, 1), seq=seq)
        state.take(event)
        state.tell(event)
    return [what for _, what in state.happened]


REVOKED = ("invite.answered", {"account_id": "2", "state": "revoked"})


@pytest.mark.parametrize(
    ("by", "named"),
    [
        ({"kind": "person", "id": "1"}, "@p1"),
        ({"kind": "rule", "id": "scam", "for_host": "1"}, "rule scam"),
        ({"kind": "system", "reason": "x"}, "the server"),
    ],
)
def test_a_demotion_is_told_with_who_did_it_and_its_invitation_is_not(by: dict[str, str], named: str) -> None:
    sanction = {
        "id": "S-1",
        "action": "demote",
        "target_id": "2",
        "by": by,
        "reason": "",
        "since": "2026-11-30T18:00:00.000Z",
    }
    demoted = ("role.changed", {"account_id": "2", "role": "listener", "demoted": True})
    happened = said(watched(member(1), member(2)), demoted, REVOKED, ("sanction.imposed", {"sanction": sanction}))
    assert happened == [f"@p2 is a listener now, by {named}"]


def test_who_may_not_know_who_demoted_is_told_the_role() -> None:
    demoted = ("role.changed", {"account_id": "2", "role": "listener"})
    assert said(watched(member(1), member(2)), demoted, REVOKED) == ["@p2 is a listener now"]


def test_the_end_of_a_demotion_makes_nobody_a_listener() -> None:
    over = ("role.changed", {"account_id": "2", "role": "listener", "demoted": False})
    assert said(watched(member(1), member(2, role="listener")), over) == []


def test_an_approval_makes_a_speaker_and_an_invitation_is_revoked_by_no_one_who_had_it() -> None:
    approved = ("hand.lowered", {"account_id": "2", "outcome": "approved"})
    speaks = ("role.changed", {"account_id": "2", "role": "speaker", "demoted": False})
    happened = said(watched(member(1), member(2)), approved, speaks, REVOKED)
    assert happened == ["@p2 is a speaker now", "the invitation of @p2 was revoked"]


def test_clocks_and_bars() -> None:
    assert shown(3000) == "01:00"
    assert "\u2501" not in level_bar(-127, active=False).plain
    assert len(level_bar(-30, active=True).plain) == 16


def at(text: str) -> Time:
    return Time.read(f"2026-11-30T{text}Z")


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (None, ""),
        (HostAway(until=at("18:01:00")), "a co-host takes over in 42 s"),
        (HostAway(until=at("18:01:00"), ends_at=at("18:05:18")), "it ends in 300 s"),
        (HostAway(until=at("18:00:00")), "a co-host takes over in 0 s"),
    ],
)
def test_staff_see_what_happens_when_the_host_stays_away(away: HostAway | None, expected: str) -> None:
    said = countdown(away, at("18:00:18"))
    assert expected in said
    assert bool(said) is bool(away)


def test_the_whole_reason_of_a_lost_connection_is_on_the_screen() -> None:
    state = watched(member(1))
    reason = "cannot reach the server at http://127.0.0.1:8420: nobody listens there; is the server running?"
    state.remark(f"the connection is lost: {reason}; trying to come back")
    shown = " ".join(line.strip() for line in drawn(state, 20).splitlines())
    assert f"lost: {reason}; trying to come back" in shown


def late(behind: bool, *unheard: tuple[str, bool]) -> dict[str, Any]:
    lanes = [{"lane": 1, "account_id": who, "unprotected": unprotected} for who, unprotected in unheard]
    return {"ready": True, "behind": behind, **({"unheard": lanes} if lanes else {})}


def test_captions_that_are_behind_are_shown_and_told_once_and_staff_see_who_is_not_recognised() -> None:
    state = watched(member(1), member(2))
    said = [
        state.tell(told("captions.status", one))
        for one in (late(True), late(True), late(True, ("1", False), ("2", True)), late(True), late(False), late(False))
    ]
    assert said == [
        "captions are behind",
        None,
        "not recognised, for want of time: @p1, @p2 (nothing is redacted there)",
        "everybody is recognised again",
        "captions are on time again",
        None,
    ]
    state.take(told("captions.status", late(True)))
    assert "captions are behind" in drawn(state).splitlines()[0]
    state.take(told("captions.status", late(False)))
    assert "behind" not in drawn(state).splitlines()[0]


def test_what_has_no_tick_is_told_at_the_present_one() -> None:
    now = [0.0]
    state = Watched(space(tick=3_000), members(member(1)), lambda: now[0])
    now[0] = 5.0
    state.tell(told("captions.status", late(True)))
    assert state.happened[-1] == ("01:05", "captions are behind")


def test_a_lost_connection_is_marked_until_something_comes() -> None:
    state = watched(member(1))
    state.cut_off = True
    assert "CUT OFF" in drawn(state)
    state.take(told("presence", {"participant_count": 1}))
    assert "CUT OFF" not in drawn(state)


def test_what_was_said_before_one_came_is_shown() -> None:
    state = watched(member(1))
    state.past([load_value({**caption("earlier words", 100), "seq": 3, "typed": True}, Caption)])
    state.take(told("caption", caption("later words", 3100)))
    picture = drawn(state)
    assert picture.index("(typed) earlier words") < picture.index("later words")


def test_who_did_something_and_why_is_told() -> None:
    state = watched(member(1), member(2))
    for kind, data, words in (
        ("person.muted", {"account_id": "1", "by_id": "2", "reason": "loud"}, "@p1 is muted by @p2: loud"),
        ("person.muted", {"account_id": "1"}, "@p1 is muted"),
        ("person.removed", {"account_id": "1", "by_id": "2", "reason": "", "barred": True}, "@p1 was removed by @p2"),
    ):
        assert state.tell(told(kind, data)) == words
