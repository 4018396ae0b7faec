"""The end of a sanction: by staff, or when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import Policy, Role, Scope
from tests.domain.scenes import (
    ADMIN,
    ANN,
    BEN,
    COHOST,
    HOST,
    NOW,
    SPACE_ID,
    SPEAKER,
    THE_CLOCK,
    Refusal,
    by,
    events,
    full_stage,
    live,
    named,
    refusal,
)

FIRST = f"{SPACE_ID}-1"
LATER = NOW + timedelta(minutes=5)
AN_ADMIN = Person(ADMIN, scopes=frozenset({Scope.ADMIN}))


def after(space: Space, *commands: c.Command, at: datetime = NOW) -> Space:
    for command in commands:
        changed = evolve_all(space, events(space, command, at), at)
        assert changed is not None
        space = changed
    return space


MUTED = after(live(), c.Mute(by(HOST), named(SPEAKER), "noise"))
DEMOTED = after(live(policy=Policy.EVERYONE), c.Demote(by(HOST), named(SPEAKER)))
KICKED = after(live(policy=Policy.EVERYONE), c.Kick(by(HOST), named(SPEAKER)))


def test_a_mute_ends_with_its_sanction() -> None:
    assert events(MUTED, c.Undo(by(COHOST), FIRST, "sorry")) == [
        e.ServerUnmuted(SPEAKER, ""),
        e.SanctionLifted(FIRST, "mute", SPEAKER, "undone", "sorry"),
    ]
    assert after(MUTED, c.Undo(by(COHOST), FIRST)).sanctions == {}
    assert events(MUTED, c.Unmute(by(COHOST), named(SPEAKER)))[-1] == e.SanctionLifted(FIRST, "mute", SPEAKER, "undone")


def test_a_demoted_speaker_is_on_stage_again_if_there_is_room() -> None:
    back = after(DEMOTED, c.Undo(by(HOST), FIRST))
    assert (back.role_of(SPEAKER), back.people[SPEAKER].demoted, back.people[SPEAKER].lane) == (
        Role.SPEAKER,
        False,
        None,
    )
    full = full_stage(DEMOTED, Role.SPEAKER, 10)
    assert refusal(full, c.Undo(by(HOST), FIRST)) == Refusal(Refused, "stage_full", True)


def test_a_demotion_ends_when_staff_approve_the_person_again() -> None:
    up = after(DEMOTED, c.RaiseHand(by(SPEAKER)), c.AnswerHand(by(COHOST), named(SPEAKER), approve=True))
    assert (up.role_of(SPEAKER), up.sanctions) == (Role.SPEAKER, {})


def test_who_was_kicked_may_come_back_as_before_but_for_the_seat() -> None:
    back = after(KICKED, c.Undo(by(HOST), FIRST))
    assert (back.barred, back.role_of(SPEAKER)) == ({}, Role.LISTENER)
    assert events(back, c.RaiseHand(by(SPEAKER))) == [e.RoleChanged(SPEAKER, Role.SPEAKER)], "the policy admits them"


def test_a_demotion_before_the_kick_still_holds_after_it() -> None:
    both = after(DEMOTED, c.Kick(by(HOST), named(SPEAKER)), c.Undo(by(HOST), f"{SPACE_ID}-2"))
    assert both.people[SPEAKER].demoted
    assert list(both.sanctions) == [FIRST]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (by(SPEAKER), Refusal(NotAllowed, "unmute")),
        (by(ANN), Refusal(NotAllowed, "unmute")),
    ],
)
def test_only_staff_undo(who: Person, expected: Refusal) -> None:
    assert refusal(MUTED, c.Undo(who, FIRST)) == expected
    assert events(MUTED, c.Undo(AN_ADMIN, FIRST))


def test_staff_do_not_undo_what_was_done_to_themselves_or_to_their_equals() -> None:
    muted = after(live(), c.Mute(by(HOST), named(COHOST)))
    assert refusal(muted, c.Undo(by(COHOST), FIRST)) == Refusal(NotAllowed, "undo")
    kicked = after(live(), c.Kick(by(HOST), named(ANN)))
    assert events(kicked, c.Undo(by(COHOST), FIRST)), "a co-host undoes what the host did to a listener"


def test_what_is_not_there_or_over_is_not_undone() -> None:
    with pytest.raises(NotFound):
        events(MUTED, c.Undo(by(HOST), f"{SPACE_ID}-9"))
    assert refusal(after(MUTED, c.End(by(HOST))), c.Undo(by(HOST), FIRST)) == Refusal(Gone, "ended")


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        (c.Mute(by(HOST), named(SPEAKER), until=LATER), e.ServerUnmuted(SPEAKER, "")),
        (c.Demote(by(HOST), named(SPEAKER), until=LATER), e.RoleChanged(SPEAKER, Role.LISTENER)),
        (c.Kick(by(HOST), named(ANN), until=LATER), e.Readmitted(ANN)),
    ],
    ids=["mute", "demote", "kick"],
)
def test_a_sanction_ends_when_its_time_is_over_and_not_before(command: c.Command, effect: e.Event) -> None:
    space = after(live(), command)
    assert events(space, c.LiftExpired(THE_CLOCK), LATER - timedelta(milliseconds=1)) == []
    [first, lifted] = events(space, c.LiftExpired(THE_CLOCK), LATER)
    assert first == effect
    assert isinstance(lifted, e.SanctionLifted)
    assert lifted.how == "expired"
    assert after(space, c.LiftExpired(THE_CLOCK), at=LATER).sanctions == {}


def test_another_time_for_a_mute_replaces_the_first() -> None:
    longer = after(MUTED, c.Mute(by(COHOST), named(SPEAKER), until=LATER))
    [one] = longer.sanctions.values()
    assert (one.id, one.until) == (f"{SPACE_ID}-2", LATER)
    assert events(longer, c.Mute(by(HOST), named(SPEAKER), until=LATER)) == [], "the same once more"


def test_a_time_that_is_over_is_refused() -> None:
    with pytest.raises(Invalid):
        events(live(), c.Kick(by(HOST), named(BEN), until=NOW))


def test_whoever_becomes_host_is_muted_no_longer_since_nobody_could_lift_it() -> None:
    muted = after(live(), c.Mute(by(HOST), named(COHOST)))
    host = after(muted, c.HandOver(by(HOST), named(COHOST)))
    assert (host.host_id, host.people[COHOST].server_muted, host.sanctions) == (COHOST, False, {})


def test_a_demotion_uses_up_the_invitation_that_gave_the_role() -> None:
    invite = c.SendInvites(by(HOST), (named(ANN),), Role.COHOST)
    up = after(live(), invite, c.AnswerInvite(by(ANN), accept=True), c.Demote(by(HOST), named(ANN)))
    for accept in (False, True):
        assert refusal(up, c.AnswerInvite(by(ANN), accept)) == Refusal(NotAllowed, "answer_invite")


def test_an_undo_gives_no_seat_across_a_block() -> None:
    assert refusal(DEMOTED, c.Undo(by(COHOST), FIRST, apart=frozenset({SPEAKER}))) == Refusal(Refused, "blocked")
