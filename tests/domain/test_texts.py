"""Who may write what in a Space."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide, decide_all
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn, Refused, SpacesError, TooMany
from spacesctl.domain.principals import ANONYMOUS, Person, Rule
from spacesctl.domain.space import Grant, Member, Space
from spacesctl.domain.texts import AHEAD, MAX_TEXT
from spacesctl.domain.words import ChatPolicy, Kind, Role, State

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
HOST, ANN, BEN = Person("1", "host"), Person("2", "ann"), Person("3", "ben")
BOT = Rule("scam", "1", "9")
SPACE = Space(
    "s", "t", State.LIVE, "1", "1", NOW, NOW, started_at=NOW, chat=ChatPolicy.EVERYONE, captions=True, seq=20,
    people={"1": Member("1", Role.HOST), "2": Member("2", Role.SPEAKER)}, grant=Grant("9", "1", frozenset({"redact"})),
)  # fmt: skip


def chat(by: Person, text: str = "hello", tick: int = 500) -> c.Write:
    return c.Write(by, text, f"@{by.handle}", tick)


def typed(by: Person, text: str = "hello", tick: int = 500) -> c.Write:
    return replace(chat(by, text, tick), typed=True, utterance=480)


def refusal(space: Space, command: c.Command) -> tuple[type[SpacesError], str | None]:
    with pytest.raises(SpacesError) as caught:
        decide(space, command, NOW)
    return type(caught.value), caught.value.reason


def test_a_message_is_one_event_with_spaces_made_single() -> None:
    assert decide(SPACE, chat(BEN, "  hello \n there "), NOW) == [e.ChatSaid("3", "@ben", "hello there", 500)]


def test_typed_speech_is_a_caption_that_says_so() -> None:
    [said] = decide(SPACE, typed(ANN, "good evening"), NOW)
    assert isinstance(said, e.CaptionSpoken)
    assert (said.typed, said.text, [word.w for word in said.words]) == (True, "good evening", ["good", "evening"])


@pytest.mark.parametrize(
    ("space", "command", "expected"),
    [
        (SPACE, chat(ANONYMOUS), (NotSignedIn, None)),
        (SPACE, chat(replace(BEN, kind=Kind.BOT)), (NotAllowed, "chat")),
        (SPACE, typed(BEN), (NotAllowed, "type")),
        (replace(SPACE, chat=ChatPolicy.OFF), chat(HOST), (Refused, "chat_off")),
        (replace(SPACE, chat=ChatPolicy.SPEAKERS), chat(BEN), (Refused, "chat_off")),
        (replace(SPACE, state=State.SCHEDULED), chat(BEN), (Refused, "not_live")),
        (replace(SPACE, people={"2": Member("2", Role.SPEAKER, server_muted=True)}), typed(ANN), (Refused, "muted")),
        (replace(SPACE, people={"3": Member("3", Role.LISTENER, server_muted=True)}), chat(BEN), (Refused, "muted")),
        (replace(SPACE, held_until=NOW + timedelta(minutes=1)), chat(BEN), (Refused, "held")),
        (SPACE, chat(BEN, " "), (Invalid, None)),
        (SPACE, chat(BEN, "x" * (MAX_TEXT + 1)), (Invalid, None)),
        (replace(SPACE, text_tick=500 + AHEAD), chat(BEN), (TooMany, None)),
    ],
)  # fmt: skip
def test_who_may_not_write_is_refused(
    space: Space, command: c.Command, expected: tuple[type[SpacesError], str | None]
) -> None:
    assert refusal(space, command) == expected


def test_those_on_stage_write_where_only_they_may_and_type_without_a_chat() -> None:
    assert decide(replace(SPACE, chat=ChatPolicy.SPEAKERS), chat(ANN), NOW)
    assert decide(replace(SPACE, chat=ChatPolicy.OFF), typed(ANN), NOW)


def test_staff_writes_while_others_are_held_back() -> None:
    assert decide(replace(SPACE, held_until=NOW + timedelta(minutes=1)), chat(HOST), NOW)


def test_each_text_has_a_tick_of_its_own() -> None:
    texts, after = decide_all(SPACE, [chat(BEN), typed(ANN), chat(BEN)], NOW)
    ticks = [one.tick if isinstance(one, e.ChatSaid) else getattr(one, "end_tick", None) for one in texts]
    assert (ticks, after.text_tick, after.captioned) == ([500, 501, 502], 502, {})


def test_own_texts_are_taken_back_and_staff_erases_those_of_others() -> None:
    for by, author in ((BEN, "3"), (HOST, "3"), (HOST, "2")):
        assert decide(SPACE, c.EraseText(by, 9, c.Target(author, "x")), NOW) == [e.TextErased(9, author, by.account_id)]
    assert refusal(SPACE, c.EraseText(BEN, 9, c.Target("2", "ann"))) == (NotAllowed, "erase_text")
    cohost = replace(SPACE, people={**SPACE.people, "2": Member("2", Role.COHOST)})
    assert refusal(cohost, c.EraseText(ANN, 9, c.Target("1", "host"))) == (NotAllowed, "erase_text")


def test_a_rule_masks_words_where_the_host_lets_rules_redact() -> None:
    command = c.MaskText(BOT, 9, "3", ((1, 2),))
    assert decide(SPACE, command, NOW) == [e.TextMasked(9, "3", ((1, 2),), rule="scam")]
    assert refusal(replace(SPACE, grant=Grant("9", "1", frozenset())), command) == (NotAllowed, "redact")
    assert refusal(SPACE, c.MaskText(BEN, 9, "3", ((1, 2),))) == (NotAllowed, "mask_text")
    assert refusal(SPACE, c.MaskText(HOST, 9, "3", ((1, 2),), digits=True)) == (Invalid, None)
    assert refusal(SPACE, c.MaskText(HOST, 9, "3", ((2, 1),))) == (Invalid, None)


def test_the_chat_changes_as_staff_says() -> None:
    assert decide(SPACE, c.ChangeChat(HOST, ChatPolicy.SPEAKERS, 10, True), NOW) == [
        e.ChatChanged(ChatPolicy.SPEAKERS, 10, True)
    ]
    assert decide(SPACE, c.ChangeChat(HOST, ChatPolicy.EVERYONE), NOW) == []
    assert refusal(SPACE, c.ChangeChat(ANN, ChatPolicy.OFF)) == (NotAllowed, "change_chat")
    assert refusal(SPACE, c.ChangeChat(HOST, every=3601)) == (Invalid, None)


def test_who_writes_in_a_chat_can_be_muted_without_being_on_stage() -> None:
    muted, after = decide_all(SPACE, [c.Mute(HOST, c.Target("3", "ben"))], NOW)
    assert e.ServerMuted("3", "1", "") in muted
    assert refusal(after, chat(BEN)) == (Refused, "muted")
    quiet = replace(SPACE, chat=ChatPolicy.SPEAKERS)
    assert refusal(quiet, c.Mute(HOST, c.Target("3", "ben"))) == (Refused, "not_on_stage")
