"""What the panes of the console show of a Space: from its events alone, with no terminal."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from spacesctl.api.events import Event
from spacesctl.api.people import Member
from spacesctl.cli.seat import panes
from spacesctl.cli.seat.room import Room
from spacesctl.domain.words import Role
from tests.cli.samples import member, members, space, told

BY = {"kind": "person", "id": "3"}
WORD = {"start": 0.0, "end": 0.2}


def room(*people: Member, **changes: Any) -> Room:
    found = people or (member(1, "@ann"), member(2, "@ben", role=Role.LISTENER), member(3, "@host", role=Role.HOST))
    return Room(space(state="live", **changes), members(*found))


def caption(*words: tuple[str, float]) -> Event:
    body = {
        "account_id": "1", "speaker": "@ann", "lane": 1, "utterance": 1, "text": " ".join(word for word, _ in words),
        "start_tick": 0, "end_tick": 50, "words": [{"w": word, "conf": conf, **WORD} for word, conf in words],
    }  # fmt: skip
    return told("caption", body)


def test_the_stage_comes_first_then_hands_in_line_then_listeners() -> None:
    found = room(
        member(1, "@zed"), member(2, "@ben", role=Role.LISTENER), member(3, "@cid", role=Role.LISTENER),
        member(4, "@host", role=Role.HOST), member(5, "@dan", role=Role.LISTENER),
    )  # fmt: skip
    for who in ("5", "3"):
        found.take(told("hand.raised", {"account_id": who, "topic": "", "note": "", "voice": None}))
    assert [one.handle for one in found.rows()] == ["@host", "@zed", "@dan", "@cid", "@ben"]
    assert [one.handle for one in found.rows("BE")] == ["@ben"]
    assert (found.position("3"), found.position("1")) == (2, None)


def test_the_share_of_talk_is_counted_from_the_levels() -> None:
    found = room()
    for active in ([True, False], [True, True], [True, False]):
        levels = [{"lane": n, "account_id": str(n), "db": -20, "active": on} for n, on in enumerate(active, 1)]
        found.take(told("levels", {"tick": 1, "levels": levels}))
    assert [found.share_of(one) for one in ("1", "2", "3")] == [75, 25, 0]


def test_words_of_which_the_recogniser_is_less_sure_are_fainter() -> None:
    found = room()
    found.take(caption(("plain", 0.9), ("maybe", 0.6), ("guess", 0.2)))
    shown = panes.caption(found.said[0])
    assert shown.plain.endswith("@ann plain maybe guess")
    styles = {shown.plain[span.start : span.end].strip(): str(span.style) for span in shown.spans}
    assert (styles["maybe"], styles["guess"]) == ("dim", "dim italic")
    assert "plain" not in styles


@pytest.mark.parametrize(
    ("kind", "data", "mark"),
    [
        ("hold.began", {"until": "2030-01-01T00:00:00Z"}, "HOLD"),
        ("measure.began", {"action": "lock", "until": None, "every": None}, "locked"),
        ("measure.began", {"action": "slow", "until": None, "every": 30}, "slow"),
        ("recording.started", {"recording": {"id": "1", "kind": "mix", "since": "2030-01-01T00:00:00Z"}}, "REC"),
    ],
)
def test_what_goes_for_all_stands_above_everything(kind: str, data: dict[str, object], mark: str) -> None:
    found = room()
    assert mark not in panes.header(found).plain
    found.take(told(kind, data))
    assert mark in panes.header(found).plain


def test_that_the_connection_is_lost_is_said_first() -> None:
    found = room()
    found.cut_off = True
    assert panes.header(found).plain.lstrip().startswith("CUT OFF")


def test_what_others_write_stays_on_its_line() -> None:
    found = room(member(1, "@ann"), title="two\nlines\x1b[31m")
    assert "\n" not in panes.header(found).plain
    assert "\x1b" not in panes.header(found).plain


def test_what_was_done_here_can_be_undone_the_last_first() -> None:
    found = room()
    for name in ("a", "b"):
        found.take(told("sanction.imposed", {"sanction": sanction(name)}))
    assert found.sanctions == ["a", "b"]
    found.take(told("sanction.lifted", {"sanction_id": "b", "action": "mute", "account_id": "1", "how": "undone"}))
    assert found.sanctions == ["a"]


def sanction(name: str) -> dict[str, object]:
    since = "2030-01-01T00:00:00Z"
    return {"id": name, "action": "mute", "target_id": "1", "by": BY, "since": since, "reason": ""}


def chat(number: int, text: str, speaker: str = "@ben") -> Event:
    body = {"account_id": "2", "speaker": speaker, "text": text, "tick": 60}
    return structs.replace(told("chat.said", body), seq=number)


def test_words_in_which_a_rule_found_something_are_red() -> None:
    found = room()
    found.take(caption(("plain", 0.9), ("bad", 0.9)))
    act = {"key": "k", "rule_id": "r", "mode": "shadow", "action": "log", "account_id": "1", "lane": 1}
    found.take(told("act.taken", {**act, "start_tick": 0, "end_tick": 5}))
    shown = panes.caption(found.said[0], found)
    assert {str(span.style) for span in shown.spans} >= {panes.HIT}
    other = panes.caption(found.said[0], room())
    assert panes.HIT not in {str(span.style) for span in other.spans}


def test_redactions_say_of_whom_by_whom_and_what_became_of_them() -> None:
    found = room()
    made = {
        "id": "r1", "lane": 1, "account_id": "1", "from_tick": 100, "to_tick": 149, "mode": "silence",
        "by": {"kind": "rule", "id": "house"},
    }  # fmt: skip
    found.take(told("redaction.made", {"redaction": made, "aired": 0}))
    assert panes.redaction(found.redactions[0]).plain == "00:02 redacted 1.0 s of @ann  by rule house"
    found.take(told("redaction.missed", {"redaction_id": "r1", "missed_to": 149, "ticks": 50}))
    assert "too late" in panes.redaction(found.redactions[0]).plain
    found.take(told("redaction.withdrawn", {"redaction_id": "r1"}))
    assert found.redactions[0].became == "withdrawn"


def test_a_message_that_the_audience_does_not_read_says_so() -> None:
    found = room()
    found.take(chat(5, "hello"))
    assert panes.message(found.watched.view.messages[0]).plain == "@ben hello"
    found.take(told("text.erased", {"number": 5, "account_id": "2", "by_id": "3"}))
    assert "not shown" in panes.message(found.watched.view.messages[0]).plain


def test_whom_one_blocked_is_the_last_act_until_it_is_undone() -> None:
    found = room()
    found.take(told("sanction.imposed", {"sanction": sanction("a")}))
    found.was_blocked(found.watched.view.people["1"])
    last = found.sanctions[-1]
    assert found.blocked[last].handle == "@ann"
    found.is_undone(last)
    assert (found.sanctions, found.blocked) == (["a"], {})


def test_a_search_is_shown_for_as_long_as_it_hides_people() -> None:
    assert "only “an”" in panes.numbers(room(), "an").plain
    assert "only" not in panes.numbers(room()).plain
