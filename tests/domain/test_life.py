"""A Space's own life: made, begun, edited, ended; its settings, captions and reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.announcing import announcement
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import Gone, Invalid, NotSignedIn, Refused
from spacesctl.domain.principals import System
from spacesctl.domain.space import Grant, Member, Recording
from spacesctl.domain.speech import Word
from spacesctl.domain.words import ListenerPolicy, Policy, RecordingMode, Role, State
from tests.domain.scenes import (
    BOT,
    COHOST,
    HOST,
    NOBODY,
    NOW,
    SPACE_ID,
    SPEAKER,
    THE_BOT,
    THE_CLOCK,
    Refusal,
    by,
    events,
    live,
    over,
    refusal,
    scheduled,
    with_person,
)

SECOND = timedelta(seconds=1)
HASH = "a" * 64


def test_a_space_is_made_as_it_was_asked_for() -> None:
    command = c.Create(
        by(HOST), SPACE_ID, "  Office \n hours ", Policy.FOLLOWING, ListenerPolicy.ACCOUNTS, False, ("news", "art"), "it",
        NOW + SECOND, 1800, "S" * 13, RecordingMode.LANES,
    )  # fmt: skip
    assert events(None, command) == [
        e.SpaceCreated(
            SPACE_ID, "Office hours", HOST, NOW, Policy.FOLLOWING, ListenerPolicy.ACCOUNTS, False, ("news", "art"), "it",
            NOW + SECOND, 1800, "S" * 13, RecordingMode.LANES,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " \t"}, "title"),
        ({"title": "x" * 71}, "title"),
        ({"title": "x" * 70}, None),
        ({"title": f" {'x' * 70} "}, None),
        ({"title": "x"}, None),
        ({"topics": ("a",) * 3}, None),
        ({"topics": ("a",) * 4}, "topics"),
        ({"scheduled_start": NOW}, None),
        ({"scheduled_start": NOW - SECOND}, None),
        ({"scheduled_start": NOW - SECOND - timedelta(milliseconds=1)}, "scheduled_start"),
    ],
)
def test_what_a_space_is_made_of_has_bounds(changes: dict[str, Any], field: str | None) -> None:
    command = replace(c.Create(by(HOST), SPACE_ID, "T"), **changes)
    edit = c.Edit(by(HOST), **changes)
    if field is None:
        assert decide(None, command, NOW)
        decide(scheduled(), edit, NOW)
        return
    for space, asked in ((None, command), (scheduled(), edit)):
        assert refusal(space, asked).kind is Invalid
        with pytest.raises(Invalid) as caught:
            decide(space, asked, NOW)
        assert caught.value.field == field


def test_nobody_makes_a_space_without_an_account() -> None:
    assert refusal(None, c.Create(NOBODY, SPACE_ID, "T")) == Refusal(NotSignedIn, None, True)


def test_only_making_a_space_needs_none() -> None:
    with pytest.raises(TypeError, match="Create"):
        decide(None, c.End(by(HOST)), NOW)


def test_a_space_begins_once() -> None:
    assert events(scheduled(), c.Start(by(HOST))) == [e.SpaceStarted(NOW)]
    assert refusal(live(), c.Start(by(HOST))) == Refusal(Refused, "live")
    assert refusal(over(), c.Start(by(HOST))) == Refusal(Gone, "ended")


def test_the_clock_begins_and_ends_in_its_own_name() -> None:
    assert events(scheduled(), c.Start(System("schedule"))) == [e.SpaceStarted(NOW)]
    assert events(live(), c.End(System("duration")))[-1] == e.SpaceEnded(NOW)


def test_a_space_that_was_made_to_be_recorded_is_from_its_start() -> None:
    assert events(scheduled(recording_mode=RecordingMode.MIX), c.Start(by(HOST))) == [
        e.SpaceStarted(NOW),
        e.Consented(HOST),
        e.RecordingStarted(Recording(f"{SPACE_ID}-1", RecordingMode.MIX, NOW)),
    ]


def test_the_end_closes_every_microphone_and_the_recording() -> None:
    recording = Recording("r1", RecordingMode.MIX, NOW)
    space = with_person(live(recording=recording), HOST, lane=5)
    assert events(space, c.End(by(HOST))) == [
        e.LaneClosed(HOST, 5, "ended"),
        e.LaneClosed(SPEAKER, 1, "ended"),
        e.RecordingStopped("r1", "ended", NOW),
        e.SpaceEnded(NOW),
    ]


def test_what_is_not_live_cannot_end() -> None:
    assert refusal(scheduled(), c.End(by(HOST))) == Refusal(Refused, "not_live", True)
    assert refusal(over(state=State.CANCELED), c.End(by(HOST))) == Refusal(Gone, "canceled")


@pytest.mark.parametrize(
    ("state", "expected"),
    [(State.SCHEDULED, [e.SpaceMissed(NOW)]), (State.LIVE, []), (State.ENDED, []), (State.CANCELED, [])],
)
def test_only_what_is_still_to_come_is_missed(state: State, expected: list[e.Event]) -> None:
    assert events(live(state=state), c.Miss(THE_CLOCK)) == expected


@pytest.mark.parametrize(
    ("kind", "state", "reminded", "sent"),
    [
        ("soon", State.SCHEDULED, (), True),
        ("soon", State.SCHEDULED, ("start",), True),
        ("soon", State.SCHEDULED, ("soon",), False),
        ("soon", State.LIVE, (), False),
        ("start", State.LIVE, ("soon",), True),
        ("start", State.LIVE, ("soon", "start"), False),
        ("start", State.SCHEDULED, (), False),
        ("start", State.ENDED, (), False),
    ],
)
def test_a_reminder_goes_out_once_and_at_its_moment(
    kind: str, state: State, reminded: tuple[str, ...], sent: bool
) -> None:
    found = events(live(state=state, reminded=reminded), c.SendReminders(THE_CLOCK, kind))
    assert found == ([e.RemindersSent(kind)] if sent else [])


def test_what_has_not_begun_is_canceled_and_what_has_is_not() -> None:
    assert events(scheduled(), c.Cancel(by(HOST))) == [e.SpaceCanceled(NOW)]
    assert refusal(live(), c.Cancel(by(HOST))) == Refusal(Refused, "live", True)
    assert refusal(over(), c.Cancel(by(HOST))) == Refusal(Gone, "ended")


EDITED = e.SpaceEdited("T", ("a",), "en", ListenerPolicy.EVERYONE, NOW + SECOND, 600)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": " New  one "}, replace(EDITED, title="New one")),
        ({"topics": ("b", "c")}, replace(EDITED, topics=("b", "c"))),
        ({"topics": ()}, replace(EDITED, topics=())),
        ({"lang": "it"}, replace(EDITED, lang="it")),
        ({"listeners": ListenerPolicy.ACCOUNTS}, replace(EDITED, listeners=ListenerPolicy.ACCOUNTS)),
        ({"scheduled_start": NOW + 2 * SECOND}, replace(EDITED, scheduled_start=NOW + 2 * SECOND)),
        ({"duration": 60}, replace(EDITED, duration=60)),
        ({}, None),
        ({"title": "T", "topics": ("a",), "lang": "en", "duration": 600}, None),
    ],
)
def test_an_edit_changes_what_it_names_and_nothing_else(
    changes: dict[str, Any], expected: e.SpaceEdited | None
) -> None:
    space = scheduled(topics=("a",), scheduled_start=NOW + SECOND, duration=600)
    assert events(space, c.Edit(by(HOST), **changes)) == ([] if expected is None else [expected])


def test_the_start_of_what_has_begun_is_not_moved() -> None:
    assert refusal(live(), c.Edit(by(HOST), scheduled_start=NOW + SECOND)) == Refusal(Refused, "live")
    assert refusal(over(), c.Edit(by(HOST), "New")) == Refusal(Gone, "ended")
    assert events(live(), c.Edit(by(HOST), "New"))


def test_a_setting_that_is_so_already_makes_no_event() -> None:
    space = live(policy=Policy.EVERYONE, captions=True)
    assert events(space, c.ChangePolicy(by(HOST), Policy.EVERYONE)) == []
    assert events(space, c.ChangePolicy(by(COHOST), Policy.INVITED)) == [e.PolicyChanged(Policy.INVITED)]
    assert events(space, c.SwitchCaptions(by(HOST), True)) == []
    assert events(space, c.SwitchCaptions(by(HOST), False)) == [e.CaptionsSwitched(False)]


def test_setting_rules_grants_the_bot_their_actions_and_what_is_always_granted() -> None:
    command = c.SetRules(by(HOST), HASH, BOT, frozenset({"mute"}))
    assert events(live(), command) == [
        e.RulesSet(HASH, Grant(BOT, HOST, frozenset({"log", "alert", "report", "mute"})))
    ]
    assert events(live(rules_hash=HASH), command) == []
    assert events(live(rules_hash=HASH), replace(command, rules_hash=None)) == [e.RulesSet(None, None)]
    assert events(live(), replace(command, rules_hash=None)) == []


@pytest.mark.parametrize(
    "command",
    [
        c.ChangePolicy(by(HOST), Policy.EVERYONE),
        c.SwitchCaptions(by(HOST), False),
        c.SetRules(by(HOST), HASH, BOT, frozenset()),
        c.AddCaption(THE_BOT, 1, 1, "x", 0, 1, (), SPEAKER, "@p"),
    ],
)
def test_what_is_over_has_no_settings_and_no_captions(command: c.Command) -> None:
    assert refusal(over(), command) == Refusal(Gone, "ended")


def test_a_caption_keeps_all_that_was_heard() -> None:
    words = (Word("hello", 0.2, 0.5, 0.9),)
    command = c.AddCaption(THE_BOT, 1, 7, "hello", 10, 25, words, SPEAKER, "@speaker")
    assert events(live(), command) == [e.CaptionSpoken(SPEAKER, "@speaker", 1, 7, "hello", 10, 25, words)]
    assert refusal(scheduled(), command) == Refusal(Refused, "not_live", True)
    assert events(live(captions=False, rules_hash=HASH), command) == [], "the bot is there for the rules alone"


def test_a_report_is_filed_also_after_the_end() -> None:
    command = c.FileReport(by(SPEAKER), "7", "spam", COHOST, there=True)
    assert events(live(), command) == events(over(), command) == [e.ReportFiled("7", "spam", COHOST, SPEAKER)]


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"captions": False}, []),
        ({"captions": True}, ["captions"]),
        ({"captions": False, "rules_hash": HASH}, ["rules"]),
        (
            {"captions": False, "rules_hash": HASH, "grant": Grant("9", HOST, frozenset({"mute", "log", "redact"}))},
            ["rules", "By itself it may: redact, mute."],
        ),
        ({"captions": False, "rules_hash": HASH, "grant": Grant("9", HOST, frozenset({"log"}))}, ["rules"]),
        ({"captions": False, "recording_mode": RecordingMode.MIX}, ["recorded"]),
        ({"captions": False, "recording": Recording("r", RecordingMode.MIX, NOW)}, ["recorded"]),
        (
            {"captions": True, "rules_hash": HASH, "recording_mode": RecordingMode.LANES},
            ["captions", "rules", "recorded"],
        ),
    ],
)
def test_what_is_announced_names_everything_that_listens_acts_or_keeps(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    notice = announcement(live(**changes))
    assert bool(notice) is bool(sentences)
    assert (notice or "").count(".") == len(sentences)
    assert all(word in (notice or "") for word in sentences)


@pytest.mark.parametrize(
    ("mic_open", "server_muted", "lane", "heard"),
    [(True, False, 1, True), (False, False, 1, False), (True, True, 1, False), (True, False, None, False)],
)
def test_heard_is_an_open_microphone_of_somebody_who_is_not_muted(
    mic_open: bool, server_muted: bool, lane: int | None, heard: bool
) -> None:
    assert Member(SPEAKER, Role.SPEAKER, mic_open, server_muted, lane).heard is heard


def test_who_is_unknown_to_a_space_listens() -> None:
    assert live().role_of("5" * 19) is live().role_of(None) is Role.LISTENER
    assert live().role_of(COHOST) is Role.COHOST
