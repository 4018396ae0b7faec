"""Single decisions that a random walk rarely meets, by table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.clock import parse_rfc3339, rfc3339, ticks_between
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn, Refused
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.ids import new_account_id, new_space_id, new_token, parse_handle
from spacesctl.domain.permissions import require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import ListenerPolicy, Policy, Role
from tests.domain.scenes import raised

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST, ANN, BEN = "1" * 19, "2" * 19, "3" * 19


def live(policy: Policy = Policy.INVITED, listeners: ListenerPolicy = ListenerPolicy.EVERYONE) -> Space:
    space = evolve_all(None, decide(None, c.Create(Person(HOST), "A" * 13, "T", policy, listeners), NOW), NOW)
    return told(space, c.Start(Person(HOST)))


def told(space: Space | None, command: c.Command) -> Space:
    after = evolve_all(space, decide(space, command, NOW), NOW)
    assert after is not None
    return after


@pytest.mark.parametrize(
    ("policy", "followed", "speaks"),
    [
        (Policy.EVERYONE, False, True),
        (Policy.FOLLOWING, True, True),
        (Policy.FOLLOWING, False, False),
        (Policy.INVITED, True, False),
    ],
)
def test_the_policy_says_who_speaks_unasked(policy: Policy, followed: bool, speaks: bool) -> None:
    space = live(policy)
    command = c.OpenMic(Person(ANN), followed=followed)
    if speaks:
        assert told(space, command).people[ANN].heard
    else:
        with pytest.raises(NotAllowed):
            decide(space, command, NOW)


def test_who_was_demoted_needs_an_approval_even_where_everyone_may_speak() -> None:
    space = told(live(Policy.EVERYONE), c.OpenMic(Person(ANN)))
    space = told(space, c.Demote(Person(HOST), c.Target(ANN, "ann")))
    with pytest.raises(NotAllowed):
        decide(space, c.OpenMic(Person(ANN)), NOW)
    space = told(space, c.RaiseHand(Person(ANN)))
    assert list(space.hands) == [ANN]
    space = told(space, c.AnswerHand(Person(HOST), c.Target(ANN, "ann"), approve=True))
    assert told(space, c.OpenMic(Person(ANN))).people[ANN].heard


def test_unmute_asks_and_only_the_person_opens_again() -> None:
    space = told(live(Policy.EVERYONE), c.OpenMic(Person(ANN)))
    space = told(space, c.Mute(Person(HOST), c.Target(ANN, "ann")))
    assert not space.people[ANN].heard
    with pytest.raises(Refused) as caught:
        decide(space, c.SetMic(Person(ANN), open=True), NOW)
    assert caught.value.reason == "muted"
    space = told(space, c.Unmute(Person(HOST), c.Target(ANN, "ann")))
    assert not space.people[ANN].heard
    assert told(space, c.SetMic(Person(ANN), open=True)).people[ANN].heard


def test_a_gag_outlives_a_new_microphone_session() -> None:
    space = told(live(Policy.EVERYONE), c.OpenMic(Person(ANN)))
    space = told(space, c.Mute(Person(HOST), c.Target(ANN, "ann")))
    space = told(space, c.OpenMic(Person(ANN)))
    assert not space.people[ANN].heard
    space = told(space, c.Unmute(Person(HOST), c.Target(ANN, "ann")))
    assert not space.people[ANN].heard, "lifting the gag opens no microphone"


def test_a_second_microphone_of_an_account_replaces_the_first() -> None:
    space = told(live(Policy.EVERYONE), c.OpenMic(Person(ANN)))
    events = decide(space, c.OpenMic(Person(ANN)), NOW)
    assert events == [e.LaneClosed(ANN, 1, "replaced"), e.LaneOpened(ANN, 2, True)]


def test_hands_stay_in_the_order_of_asking() -> None:
    space = live()
    for who in (BEN, ANN):
        space = told(space, c.RaiseHand(Person(who)))
    assert list(space.hands) == [BEN, ANN]
    assert told(space, c.LowerHand(Person(BEN))).hands == raised(ANN)


def test_one_blocked_name_refuses_the_whole_invitation() -> None:
    people = (c.Target(ANN, "ann"), c.Target(BEN, "ben", blocked=True))
    with pytest.raises(Refused, match="@ben") as caught:
        decide(live(), c.SendInvites(Person(HOST), people), NOW)
    assert caught.value.reason == "blocked"


def test_an_invitation_accepted_on_a_full_stage_is_refused_and_stays_open() -> None:
    space = live()
    crowd = tuple(c.Target(str(10**18 + n), f"p{n}") for n in range(11))
    space = told(space, c.SendInvites(Person(HOST), crowd))
    for one in crowd[:10]:
        space = told(space, c.AnswerInvite(Person(one.account_id), accept=True))
    with pytest.raises(Refused) as caught:
        decide(space, c.AnswerInvite(Person(crowd[10].account_id), accept=True), NOW)
    assert caught.value.reason == "stage_full"
    space = told(space, c.Demote(Person(HOST), crowd[0]))
    assert (
        told(space, c.AnswerInvite(Person(crowd[10].account_id), accept=True)).role_of(crowd[10].account_id)
        is Role.SPEAKER
    )


def test_nobody_anonymous_is_admitted_where_the_host_wants_accounts() -> None:
    space = live(listeners=ListenerPolicy.ACCOUNTS)
    with pytest.raises(NotSignedIn):
        require_admittance(space, Person(), blocked=False)
    require_admittance(space, Person(ANN), blocked=False)


@pytest.mark.parametrize("title", ["", "   ", "x" * 71])
def test_a_title_has_one_to_seventy_characters(title: str) -> None:
    with pytest.raises(Invalid, match="title"):
        decide(None, c.Create(Person(HOST), "A" * 13, title), NOW)


def test_the_past_is_refused_as_a_start() -> None:
    with pytest.raises(Invalid, match="past"):
        decide(None, c.Create(Person(HOST), "A" * 13, "T", scheduled_start=NOW - timedelta(minutes=1)), NOW)


@pytest.mark.parametrize(
    ("text", "bare"),
    [("@Acme", "acme"), ("a_1", "a_1"), ("@", None), ("", None), ("a b", None), ("x" * 16, None), ("é", None)],
)
def test_handles(text: str, bare: str | None) -> None:
    assert parse_handle(text) == bare


def test_ids_have_their_documented_shapes() -> None:
    assert len(new_space_id()) == 13
    assert new_space_id().isalnum()
    assert 2**62 <= int(new_account_id()) < 2**63
    assert new_token().startswith("spx_")


def test_ticks_are_twenty_milliseconds_and_times_round_trip() -> None:
    assert ticks_between(NOW, NOW + timedelta(milliseconds=39)) == 1
    assert ticks_between(NOW, NOW - timedelta(seconds=1)) == 0
    assert rfc3339(NOW) == "2026-11-21T12:00:00.000Z"
    assert parse_rfc3339(rfc3339(NOW)) == NOW
    with pytest.raises(ValueError, match="zone"):
        parse_rfc3339("2026-11-21T12:00:00")
