"""What is done about all: who is concerned at once, who later, who may end it, and what ends with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.actions import ACTIONS, MEASURES
from spacesctl.domain.admission import Access
from spacesctl.domain.admission import refusal as kept_from
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, Refused
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.principals import ANONYMOUS, Person, Rule
from spacesctl.domain.space import Grant, Invite, Space
from spacesctl.domain.words import InviteState, Policy, Role
from tests.domain.scenes import (
    AN_ADMIN,
    ANN,
    BEN,
    BOT,
    CAT,
    COHOST,
    HOST,
    NOW,
    SPEAKER,
    THE_BOT,
    THE_CLOCK,
    Refusal,
    by,
    events,
    full_stage,
    live,
    named,
    over,
    raised,
    refusal,
    scheduled,
    told,
    with_person,
)

LATER = NOW + timedelta(minutes=10)
OPEN = live(policy=Policy.EVERYONE)


def after(space: Space, *commands: c.Command, at: datetime = NOW) -> Space:
    for command in commands:
        changed = evolve_all(space, events(space, command, at), at)
        assert changed is not None
        space = changed
    return space


def taken(space: Space, action: str, who: Person | None = None, until: datetime | None = None) -> Space:
    return after(space, c.TakeMeasure(who or by(HOST), action, "a raid", until))


def muted(space: Space) -> set[str]:
    return {one.account_id for one in space.people.values() if one.server_muted}


def test_all_below_the_caller_are_muted_and_nobody_else() -> None:
    assert muted(taken(OPEN, "mute")) == {COHOST, SPEAKER}
    assert muted(taken(OPEN, "mute", by(COHOST))) == {SPEAKER}
    assert muted(taken(OPEN, "mute", AN_ADMIN)) == {COHOST, SPEAKER}


@pytest.mark.parametrize("action", ["mute", "hold"])
def test_who_comes_on_stage_is_muted_while_it_lasts_and_no_longer(action: str) -> None:
    space = taken(OPEN, action, until=LATER)
    assert ANN in muted(after(space, c.RaiseHand(by(ANN))))
    speaks = after(space, c.OpenMic(by(ANN)))
    assert (speaks.people[ANN].role, speaks.people[ANN].mic_open, ANN in muted(speaks)) == (Role.SPEAKER, False, True)
    assert refusal(speaks, c.SetMic(by(ANN), open=True)) == Refusal(Refused, "muted", True)
    approved = after(
        replace(space, policy=Policy.INVITED, hands=raised(BEN)), c.AnswerHand(by(HOST), named(BEN), approve=True)
    )
    assert BEN in muted(approved), "also who is approved: staff unmute them"
    for ended in (after(speaks, c.EndMeasure(by(HOST), action)), after(speaks, c.LiftExpired(THE_CLOCK), at=LATER)):
        assert (muted(ended), ended.sanctions, ended.held_until) == (set(), {}, None)
        assert CAT not in muted(after(ended, c.RaiseHand(by(CAT))))


def test_who_speaks_when_a_hold_begins_goes_on_and_may_come_back() -> None:
    space = taken(OPEN, "hold")
    assert muted(space) == set()
    again = after(space, c.CloseMic(THE_CLOCK, 1), c.OpenMic(by(SPEAKER)))
    assert again.people[SPEAKER].heard


def test_a_hold_that_nobody_gave_an_end_has_one() -> None:
    assert taken(OPEN, "hold").held_until == NOW + timedelta(minutes=5)


def test_who_is_unmuted_by_staff_stays_so_while_it_lasts() -> None:
    space = after(taken(OPEN, "mute"), c.Unmute(by(HOST), named(SPEAKER)))
    assert muted(space) == {COHOST}


def test_a_mute_of_its_own_outlives_the_mute_of_all() -> None:
    before = after(OPEN, c.Mute(by(HOST), named(SPEAKER), "shouts"))
    assert muted(after(taken(before, "mute"), c.EndMeasure(by(HOST), "mute"))) == {SPEAKER}
    meanwhile = after(taken(OPEN, "mute"), c.Mute(by(HOST), named(SPEAKER), "shouts"))
    assert muted(after(meanwhile, c.EndMeasure(by(HOST), "mute"))) == {SPEAKER}


def test_while_two_measures_mute_the_end_of_one_unmutes_nobody() -> None:
    held = after(taken(OPEN, "hold", until=LATER), c.RaiseHand(by(ANN)))
    both = taken(held, "mute")
    assert muted(after(both, c.EndMeasure(by(HOST), "hold"))) == {COHOST, SPEAKER, ANN}
    assert muted(after(both, c.LiftExpired(THE_CLOCK), at=LATER)) == {COHOST, SPEAKER, ANN}
    neither = after(both, c.EndMeasure(by(HOST), "hold"), c.EndMeasure(by(HOST), "mute"))
    assert (muted(neither), neither.sanctions) == (set(), {})


def test_a_panic_is_a_cut_a_mute_of_all_and_a_hold() -> None:
    space = after(OPEN, c.Panic(by(HOST), LATER), c.RaiseHand(by(ANN)))
    assert muted(space) == {COHOST, SPEAKER, ANN}
    assert [(one.action, one.until) for one in space.measures] == [("hold", LATER)]
    [hold] = space.measures
    for calm in (c.Calm(by(HOST)), c.Undo(by(HOST), hold.id), c.EndMeasure(by(HOST), "hold")):
        ended = after(space, calm)
        assert (muted(ended), ended.sanctions, ended.held_until) == (set(), {}, None)


def test_all_are_demoted_and_need_an_approval_whatever_the_policy() -> None:
    space = taken(OPEN, "demote")
    assert {one.account_id for one in space.people.values() if one.role is not Role.LISTENER} == {HOST}
    assert space.people[SPEAKER].lane is None
    assert refusal(space, c.OpenMic(by(ANN))) == Refusal(NotAllowed, "policy")
    assert isinstance(events(space, c.RaiseHand(by(ANN)))[0], e.HandRaised)
    assert taken(OPEN, "demote", by(COHOST)).role_of(COHOST) is Role.COHOST


def test_undone_those_who_were_demoted_speak_again_as_far_as_there_is_room() -> None:
    space = taken(OPEN, "demote")
    back = after(space, c.EndMeasure(by(HOST), "demote"))
    assert [back.role_of(one) for one in (SPEAKER, COHOST)] == [Role.SPEAKER, Role.SPEAKER]
    assert back.sanctions == {}
    full = after(full_stage(space, Role.SPEAKER, 10), c.EndMeasure(by(HOST), "demote"))
    assert (full.role_of(SPEAKER), full.people[SPEAKER].demoted) == (Role.LISTENER, False)
    apart = after(space, c.EndMeasure(by(HOST), "demote", apart=frozenset({SPEAKER})))
    assert apart.role_of(SPEAKER) is Role.LISTENER
    held = after(taken(space, "hold"), c.EndMeasure(by(HOST), "demote"))
    assert muted(held) == {SPEAKER, COHOST}, "they come on stage while who comes is muted"


def test_when_its_time_is_over_nobody_needs_an_approval_and_nobody_is_put_on_stage() -> None:
    space = after(taken(OPEN, "demote", until=LATER), c.LiftExpired(THE_CLOCK), at=LATER)
    assert (space.role_of(SPEAKER), space.people[SPEAKER].demoted, space.sanctions) == (Role.LISTENER, False, {})
    assert events(space, c.RaiseHand(by(SPEAKER))) == [e.RoleChanged(SPEAKER, Role.SPEAKER)]


@pytest.mark.parametrize("action", MEASURES)
@pytest.mark.parametrize("who", [by(SPEAKER), by(ANN), THE_BOT])
def test_only_staff_and_admins_do_something_about_all(action: str, who: Person) -> None:
    permission = ACTIONS[action].permission
    assert permission is not None
    assert refusal(OPEN, c.TakeMeasure(who, action)) == Refusal(NotAllowed, permission.value)
    undo = ACTIONS[action].undo
    assert undo is not None
    space = taken(OPEN, action)
    assert refusal(space, c.EndMeasure(who, action)) == Refusal(NotAllowed, undo.value)
    [measure] = space.measures
    assert refusal(space, c.Undo(who, measure.id)) == Refusal(NotAllowed, undo.value)


@pytest.mark.parametrize("action", MEASURES)
def test_nobody_ends_or_replaces_what_a_higher_role_began(action: str) -> None:
    space = taken(OPEN, action)
    [measure] = space.measures
    if action == "demote":
        space = with_person(space, COHOST, role=Role.COHOST)
    for command in (
        c.EndMeasure(by(COHOST), action),
        c.TakeMeasure(by(COHOST), action),
        c.Undo(by(COHOST), measure.id),
    ):
        assert refusal(space, command) == Refusal(NotAllowed, action)
    for who in (by(HOST), AN_ADMIN):
        assert after(space, c.Undo(who, measure.id)).measures == []
    mine = taken(OPEN, action, by(COHOST))
    assert after(mine, c.EndMeasure(by(HOST), action)).measures == []
    assert taken(mine, action).measures[0].by["id"] == HOST


@pytest.mark.parametrize("action", MEASURES)
def test_it_is_for_what_is_live_and_ends_with_it(action: str) -> None:
    assert refusal(scheduled(), c.TakeMeasure(by(HOST), action)) == Refusal(Refused, "not_live", True)
    assert refusal(over(), c.TakeMeasure(by(HOST), action)) == Refusal(Gone, "ended")
    ended = after(taken(OPEN, action), c.End(by(HOST)))
    assert (ended.measures, ended.inside, ended.held_until) == ([], frozenset(), None)
    assert events(OPEN, c.EndMeasure(by(HOST), action)) == [], "where there is none"


@pytest.mark.parametrize(
    ("action", "every", "good"),
    [("slow", 1, True), ("slow", 3600, True), ("slow", 0, False), ("slow", 3601, False), ("lock", 30, False)],
)
def test_only_slow_has_an_interval(action: str, every: int, good: bool) -> None:
    command = c.TakeMeasure(by(HOST), action, every=every)
    if good:
        assert after(OPEN, command).measures[0].every == every
        return
    with pytest.raises(Invalid, match="every"):
        events(OPEN, command)


def test_what_is_no_measure_is_refused_and_so_is_a_time_that_is_over() -> None:
    with pytest.raises(Invalid, match="action"):
        events(OPEN, c.TakeMeasure(by(HOST), "kick"))
    for action in MEASURES:
        with pytest.raises(Invalid, match="duration"):
            events(live(people={HOST: OPEN.people[HOST]}), c.TakeMeasure(by(HOST), action, until=NOW))


LOCKED = after(OPEN, c.TakeMeasure(by(HOST), "lock", "", LATER, inside=frozenset({ANN})))


@pytest.mark.parametrize(
    ("who", "comes"),
    [
        (by(HOST), True), (by(COHOST), True), (by(SPEAKER), True), (by(ANN), True), (by(BEN), False), (by(CAT), True),
        (ANONYMOUS, False), (AN_ADMIN, True), (THE_BOT, True),
    ],
    ids=["host", "cohost", "speaker", "was there", "stranger", "invited", "nobody", "admin", "bot"],
)  # fmt: skip
def test_a_lock_keeps_out_who_was_not_there(who: Person, comes: bool) -> None:
    space = replace(LOCKED, invites={CAT: Invite(CAT, Role.SPEAKER, InviteState.PENDING, HOST)})
    refused = kept_from(space, who, Access.LISTEN, blocked=False)
    if comes:
        assert refused is None
    else:
        assert refused is not None
        assert told(refused) == Refusal(Refused, "locked", True)
        assert "until 12:10:00 UTC" in refused.message
    assert kept_from(space, who, Access.LISTEN, blocked=False, is_in=True) is None, "who is in stays"
    assert kept_from(space, who, Access.READ, blocked=False) is None, "what is public is read"


def test_longer_locked_those_who_were_there_first_may_still_come_back() -> None:
    longer = after(LOCKED, c.TakeMeasure(by(HOST), "lock", inside=frozenset({BEN})))
    assert longer.inside == {ANN, BEN}
    assert after(longer, c.EndMeasure(by(HOST), "lock")).inside == frozenset()
    assert after(LOCKED, c.LiftExpired(THE_CLOCK), at=LATER).inside == frozenset()


def test_an_invitation_that_was_declined_opens_no_lock() -> None:
    space = replace(LOCKED, invites={CAT: Invite(CAT, Role.SPEAKER, InviteState.DECLINED, HOST)})
    assert kept_from(space, by(CAT), Access.LISTEN, blocked=False) is not None


def test_a_rule_locks_and_slows_for_a_while_and_warns() -> None:
    space = replace(OPEN, grant=Grant(BOT, HOST, frozenset({"lock", "slow", "warn"})))
    rule = Rule("r", HOST, BOT)
    for action in ("lock", "slow", "warn"):
        act = c.TakeAct(rule, action, "r", "enforce", action, named(ANN), 1, 0, 1, inside=frozenset({ANN}))
        space = after(space, act)
    assert [(one.action, one.target, one.until) for one in space.sanctions.values()] == [
        ("lock", "", LATER), ("slow", "", LATER), ("warn", ANN, None),
    ]  # fmt: skip
    assert space.inside == {ANN}
    assert after(space, c.EndMeasure(by(COHOST), "lock")).measure("lock") is None, "staff end what a rule began"


def test_a_warning_is_on_record_takes_nothing_and_ends() -> None:
    space = after(OPEN, c.Warn(by(COHOST), named(ANN), "one at a time", LATER))
    [warning] = space.sanctions.values()
    assert (warning.action, warning.target, warning.reason, warning.until) == ("warn", ANN, "one at a time", LATER)
    assert replace(space, sanctions={}, sanction_count=0, seq=OPEN.seq) == OPEN
    assert after(space, c.Undo(by(HOST), warning.id)).sanctions == {}
    assert after(space, c.LiftExpired(THE_CLOCK), at=LATER).sanctions == {}
    twice = after(space, c.Warn(by(HOST), named(ANN), "again"))
    assert [one.reason for one in twice.sanctions.values()] == ["again"], "the newest is in effect"


def test_nobody_warns_an_equal_the_host_or_themselves() -> None:
    assert refusal(OPEN, c.Warn(by(COHOST), named(HOST))) == Refusal(NotAllowed, "warn")
    equal = with_person(OPEN, ANN, role=Role.COHOST)
    assert refusal(equal, c.Warn(by(COHOST), named(ANN))) == Refusal(NotAllowed, "warn")
    assert refusal(OPEN, c.Warn(by(COHOST), named(COHOST))) == Refusal(Refused, "is_you")
    assert refusal(OPEN, c.Warn(by(SPEAKER), named(ANN))) == Refusal(NotAllowed, "warn")
