"""What events carry and leave: the fields that later steps read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.admission import Access, check
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound
from spacesctl.domain.evolve import evolve
from spacesctl.domain.principals import Person, Rule, System, described
from spacesctl.domain.space import MAX_CAPTIONED, MAX_HAND_NOTE, MAX_HAND_TOPIC, Away, Grant, Hand, Invite
from spacesctl.domain.words import InviteState, Role
from tests.domain.scenes import (
    ANN,
    BEN,
    BOT,
    COHOST,
    HOST,
    NOW,
    SPACE_ID,
    SPEAKER,
    THE_BOT,
    by,
    events,
    live,
    named,
    over,
    raised,
    scheduled,
    with_person,
)

LATER = NOW + timedelta(minutes=5)


def edited(start: timedelta) -> e.SpaceEdited:
    space = scheduled(scheduled_start=NOW)
    return e.SpaceEdited("T", (), "en", space.listeners, NOW + start)


def test_reminders_are_sent_anew_for_a_start_that_moved_and_for_no_other_edit() -> None:
    space = scheduled(scheduled_start=NOW, reminded=("soon",))
    assert evolve(space, edited(timedelta(0)), NOW).reminded == ("soon",)
    assert evolve(space, edited(timedelta(hours=1)), NOW).reminded == ()


def test_a_hand_keeps_its_voice() -> None:
    hand = Hand("t", "n", "clip")
    [made] = events(live(), c.RaiseHand(by(ANN), hand=hand))
    assert made == e.HandRaised(ANN, "t", "n", "clip")
    assert evolve(live(), made, NOW).hands == {ANN: hand}


@pytest.mark.parametrize(
    ("topic", "note", "good"),
    [(MAX_HAND_TOPIC, MAX_HAND_NOTE, True), (MAX_HAND_TOPIC + 1, 0, False), (0, MAX_HAND_NOTE + 1, False)],
)
def test_a_hand_has_so_many_characters(topic: int, note: int, good: bool) -> None:
    command = c.RaiseHand(by(ANN), hand=Hand("x" * topic, "x" * note))
    if good:
        assert events(live(), command)
        return
    with pytest.raises(Invalid) as caught:
        events(live(), command)
    assert (caught.value.field, str(MAX_HAND_NOTE) in caught.value.message) == ("topic, note", True)


def test_the_claim_of_a_former_host_outlives_the_roles_of_others() -> None:
    space = replace(live(), former_host=COHOST)
    assert evolve(space, e.RoleChanged(SPEAKER, Role.LISTENER), NOW).former_host == COHOST
    assert evolve(space, e.RoleChanged(COHOST, Role.COHOST), NOW).former_host == COHOST
    assert evolve(space, e.RoleChanged(COHOST, Role.SPEAKER), NOW).former_host is None


def test_an_absence_keeps_its_time_when_nobody_takes_over() -> None:
    away = replace(live(), away=Away(NOW))
    assert evolve(away, e.HostLeft(HOST, LATER), NOW).away == Away(NOW, LATER)
    assert evolve(live(), e.HostLeft(HOST, LATER), NOW).away == Away(LATER, LATER)


def test_sanctions_are_numbered_and_one_replaces_another_of_its_kind() -> None:
    space = live()
    for number, until in enumerate([None, LATER], 1):
        made = events(space, c.Mute(by(HOST), named(SPEAKER), until=until))
        for event in made:
            space = evolve(space, event, NOW)
        assert (space.sanction_count, list(space.sanctions)) == (number, [f"{SPACE_ID}-{number}"])
    assert made[0] == e.SanctionLifted(f"{SPACE_ID}-1", "mute", SPEAKER, "replaced")
    with pytest.raises(Invalid) as caught:
        events(space, c.Mute(by(HOST), named(SPEAKER), until=NOW))
    assert (caught.value.field, caught.value.message) == ("duration", "duration: is over already")


def caption(lane: int, utterance: int) -> c.AddCaption:
    return c.AddCaption(THE_BOT, lane, utterance, "x", 0, 1, (), SPEAKER, "@p")


def test_an_utterance_is_captioned_once_and_so_many_lanes_are_remembered() -> None:
    space = live()
    for lane in range(MAX_CAPTIONED + 5):
        for utterance in (0, 3):
            [made] = events(space, caption(lane, utterance))
            space = evolve(space, made, NOW)
    assert list(space.captioned.items()) == [(lane, 3) for lane in range(5, MAX_CAPTIONED + 5)]
    assert [bool(events(space, caption(9, utterance))) for utterance in (2, 3, 4)] == [False, False, True]


def test_the_end_lowers_each_hand_and_says_so() -> None:
    made = events(live(hands=raised(BEN, ANN)), c.End(by(HOST)))
    lowered = [event for event in made if isinstance(event, e.HandLowered)]
    assert lowered == [e.HandLowered(BEN, "ended"), e.HandLowered(ANN, "ended")]


def test_a_report_carries_where_it_was_and_its_clip() -> None:
    filed = c.FileReport(by(ANN), "7", "spam", SPEAKER, "note", 1, 50, "sha", there=True)
    assert events(live(), filed) == [e.ReportFiled("7", "spam", SPEAKER, ANN, "note", 1, 50, "sha")]
    granted = live(grant=Grant(BOT, HOST, frozenset({"report"})))
    act = c.TakeAct(Rule("r", HOST, BOT), "k", "r", "enforce", "report", named(SPEAKER), 1, 50, 60, "7", "sha")
    assert events(granted, act)[1] == e.ReportFiled("7", "rule:r", SPEAKER, BOT, "", 1, 50, "sha", "k")


def test_an_invitation_carries_its_message() -> None:
    [sent] = events(live(), c.SendInvites(by(HOST), (named(ANN),), Role.SPEAKER, "Do come."))
    assert sent == e.Invited(Invite(ANN, Role.SPEAKER, InviteState.PENDING, HOST), "Do come.")


def test_a_role_given_again_replaces_the_demotion() -> None:
    space = live()
    for event in events(space, c.Demote(by(HOST), named(SPEAKER))):
        space = evolve(space, event, NOW)
    space = replace(space, hands=raised(SPEAKER))
    made = events(space, c.AnswerHand(by(HOST), named(SPEAKER), approve=True))
    assert made[-1] == e.SanctionLifted(f"{SPACE_ID}-1", "demote", SPEAKER, "replaced")


def test_what_is_not_there_is_named_and_nobody_acts_on_the_host() -> None:
    with pytest.raises(NotFound) as caught:
        events(live(), c.Undo(by(HOST), "x-1"))
    assert (caught.value.noun, caught.value.ref) == ("sanction", "x-1")
    space = with_person(live(), COHOST, server_muted=True)
    for event in events(live(), c.Mute(by(HOST), named(COHOST))):
        space = evolve(space, event, NOW)
    with pytest.raises(NotAllowed):
        events(space, c.Undo(by(SPEAKER), f"{SPACE_ID}-1"))


def test_a_space_that_is_over_says_which_and_how() -> None:
    with pytest.raises(Gone) as caught:
        check(over(), by(ANN), Access.READ, blocked=False)
    assert caught.value.message == f"Space {SPACE_ID} is ended"


def test_who_acted_is_described_in_full() -> None:
    assert described(System("schedule")) == {"kind": "system", "reason": "schedule"}
    assert described(Rule("r", HOST, BOT)) == {"kind": "rule", "id": "r", "for_host": HOST, "bot_id": BOT}
    assert described(Person(ANN)) == {"kind": "person", "id": ANN}
