"""Who comes on stage and opens a microphone: invitations, raised hands, microphone sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, Refused
from spacesctl.domain.evolve import evolve
from spacesctl.domain.space import MAX_LANE, Hand, Invite, Recording, Space
from spacesctl.domain.words import InviteState, Policy, RecordingMode, Role, State
from tests.domain.scenes import (
    ANN,
    BEN,
    CAT,
    COHOST,
    HOST,
    NOBODY,
    NOW,
    SPEAKER,
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
    with_person,
)

PENDING, ACCEPTED, DECLINED, REVOKED = InviteState


def invited(
    state: InviteState = PENDING, role: Role = Role.SPEAKER, who: str = ANN, space: Space | None = None
) -> Space:
    return replace(space or live(), invites={who: Invite(who, role, state, HOST)})


def sent(who: str, role: Role = Role.SPEAKER, sender: str = HOST) -> e.Invited:
    return e.Invited(Invite(who, role, PENDING, sender))


def test_an_invitation_names_who_sent_it() -> None:
    command = c.SendInvites(by(COHOST), (named(ANN), named(BEN)))
    assert events(live(), command) == [sent(ANN, sender=COHOST), sent(BEN, sender=COHOST)]
    assert events(scheduled(), command), "also before the start"


@pytest.mark.parametrize(
    ("state", "role", "again"),
    [
        (PENDING, Role.SPEAKER, False),
        (PENDING, Role.COHOST, True),
        (DECLINED, Role.SPEAKER, True),
        (REVOKED, Role.SPEAKER, True),
        (ACCEPTED, Role.SPEAKER, True),
    ],
)
def test_only_an_open_invitation_to_the_same_is_not_sent_again(state: InviteState, role: Role, again: bool) -> None:
    command = c.SendInvites(by(HOST), (named(ANN), named(BEN)))
    assert events(invited(state, role), command) == ([sent(ANN)] if again else []) + [sent(BEN)]


@pytest.mark.parametrize(
    ("sender", "person", "role", "expected"),
    [
        (HOST, named(ANN), Role.LISTENER, Refusal(Invalid)),
        (HOST, named(ANN), Role.HOST, Refusal(Invalid)),
        (COHOST, named(ANN), Role.COHOST, Refusal(NotAllowed, "invite")),
        (HOST, named(ANN, blocked=True), Role.SPEAKER, Refusal(Refused, "blocked")),
        (HOST, named(BEN), Role.SPEAKER, Refusal(Refused, "barred")),
        (COHOST, named(HOST), Role.SPEAKER, Refusal(Refused, "is_host")),
    ],
)
def test_who_cannot_be_invited(sender: str, person: c.Target, role: Role, expected: Refusal) -> None:
    assert refusal(live(barred={BEN: ""}), c.SendInvites(by(sender), (person,), role)) == expected


def test_the_host_alone_invites_co_hosts() -> None:
    command = c.SendInvites(by(HOST), (named(ANN),), Role.COHOST)
    assert events(live(), command) == [sent(ANN, Role.COHOST)]


@pytest.mark.parametrize(
    "command",
    [
        c.SendInvites(by(HOST), (named(ANN),)),
        c.RevokeInvites(by(HOST), (named(ANN),)),
        c.AnswerInvite(by(ANN), True),
        c.Promote(by(HOST), named(SPEAKER)),
        c.HandOver(by(HOST), named(COHOST)),
        c.RaiseHand(by(ANN)),
        c.AnswerHand(by(HOST), named(ANN), True),
        c.OpenMic(by(SPEAKER)),
        c.SetMic(by(SPEAKER), False),
    ],
)
def test_the_stage_of_what_is_over_is_gone(command: c.Command) -> None:
    assert refusal(invited(space=over()), command) == Refusal(Gone, "ended")


@pytest.mark.parametrize(
    ("state", "accept", "expected"),
    [
        (PENDING, True, [e.InviteAnswered(ANN, ACCEPTED), e.RoleChanged(ANN, Role.SPEAKER)]),
        (PENDING, False, [e.InviteAnswered(ANN, DECLINED)]),
        (DECLINED, False, []),
        (ACCEPTED, True, []),
    ],
)
def test_an_invitation_is_answered(state: InviteState, accept: bool, expected: list[e.Event]) -> None:
    assert events(invited(state), c.AnswerInvite(by(ANN), accept)) == expected


def test_an_invitation_never_takes_a_role_away() -> None:
    assert events(invited(who=COHOST), c.AnswerInvite(by(COHOST), True)) == [e.InviteAnswered(COHOST, ACCEPTED)]
    risen = events(invited(role=Role.COHOST, who=SPEAKER), c.AnswerInvite(by(SPEAKER), True))
    assert risen == [e.InviteAnswered(SPEAKER, ACCEPTED), e.RoleChanged(SPEAKER, Role.COHOST)]


def test_who_is_kept_out_answers_nothing() -> None:
    assert refusal(invited(), c.AnswerInvite(by(ANN), True, blocked=True)) == Refusal(NotAllowed, "blocked")
    barred = invited(space=live(barred={ANN: ""}))
    assert refusal(barred, c.AnswerInvite(by(ANN), True)) == Refusal(NotAllowed, "barred")
    assert refusal(invited(REVOKED), c.AnswerInvite(by(ANN), True)) == Refusal(NotAllowed, "answer_invite")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (PENDING, [e.InviteAnswered(ANN, REVOKED)]),
        (REVOKED, []),
        (ACCEPTED, Refusal(Refused, "no_invite")),
        (DECLINED, Refusal(Refused, "no_invite")),
        (None, Refusal(Refused, "no_invite")),
    ],
)
def test_an_invitation_is_taken_back_while_it_is_open(
    state: InviteState | None, expected: list[e.Event] | Refusal
) -> None:
    space = invited(state) if state else live()
    command = c.RevokeInvites(by(HOST), (named(ANN),))
    assert (refusal(space, command) if isinstance(expected, Refusal) else events(space, command)) == expected


@pytest.mark.parametrize(
    ("whom", "expected"),
    [
        (SPEAKER, [e.RoleChanged(SPEAKER, Role.COHOST)]),
        (COHOST, []),
        (HOST, []),
        (ANN, Refusal(Refused, "not_on_stage")),
    ],
)
def test_who_speaks_is_promoted(whom: str, expected: list[e.Event] | Refusal) -> None:
    command = c.Promote(by(HOST), named(whom))
    assert (refusal(live(), command) if isinstance(expected, Refusal) else events(live(), command)) == expected


def test_there_are_two_co_hosts_at_most_and_ten_speakers_beside_them() -> None:
    assert events(live(), c.Promote(by(HOST), named(SPEAKER)))
    crowded = full_stage(live(), Role.COHOST, 1)
    assert refusal(crowded, c.Promote(by(HOST), named(SPEAKER))) == Refusal(Refused, "cohosts_full")
    space = invited(space=full_stage(live(), Role.SPEAKER, 8))
    assert events(space, c.AnswerInvite(by(ANN), True)), "the tenth"
    space = invited(space=full_stage(live(), Role.SPEAKER, 9))
    assert refusal(space, c.AnswerInvite(by(ANN), True)) == Refusal(Refused, "stage_full", True)
    as_cohost = invited(role=Role.COHOST, space=full_stage(live(), Role.SPEAKER, 9))
    assert events(as_cohost, c.AnswerInvite(by(ANN), True)), "co-hosts take no speaker's seat"


def test_a_space_is_handed_over_to_a_co_host() -> None:
    assert events(live(), c.HandOver(by(HOST), named(COHOST))) == [e.HostChanged(COHOST, HOST, "handed_over")]
    assert refusal(live(), c.HandOver(by(HOST), named(SPEAKER))) == Refusal(Refused, "not_cohost", True)


def test_a_raised_hand_is_raised_once_and_lowered_once() -> None:
    up = live(hands=raised(BEN, ANN))
    assert events(up, c.RaiseHand(by(ANN))) == []
    assert events(up, c.LowerHand(by(ANN))) == [e.HandLowered(ANN, "withdrawn")]
    assert events(live(hands=raised(BEN)), c.LowerHand(by(ANN))) == []
    assert events(live(), c.LowerHand(NOBODY)) == []


@pytest.mark.parametrize(
    ("space", "command", "expected"),
    [
        (live(), c.RaiseHand(by(SPEAKER)), Refusal(Refused, "speaks_already")),
        (live(), c.RaiseHand(by(ANN), blocked=True), Refusal(NotAllowed, "blocked")),
        (live(barred={ANN: ""}), c.RaiseHand(by(ANN)), Refusal(NotAllowed, "barred")),
        (scheduled(), c.RaiseHand(by(ANN)), Refusal(Refused, "not_live", True)),
        (scheduled(hands=raised(ANN)), c.AnswerHand(by(HOST), named(ANN), True), Refusal(Refused, "not_live", True)),
        (live(), c.AnswerHand(by(HOST), named(ANN), True), Refusal(Refused, "no_request")),
        (live(hands=raised(ANN)), c.AnswerHand(by(HOST), named(ANN, blocked=True), True), Refusal(Refused, "blocked")),
    ],
)
def test_a_hand_that_is_refused(space: Space, command: c.Command, expected: Refusal) -> None:
    assert refusal(space, command) == expected


def test_a_hand_is_approved_or_denied() -> None:
    space = live(hands=raised(ANN))
    assert events(space, c.AnswerHand(by(COHOST), named(ANN), False)) == [e.HandLowered(ANN, "denied")]
    assert events(space, c.AnswerHand(by(COHOST), named(ANN), True)) == [
        e.HandLowered(ANN, "approved"),
        e.RoleChanged(ANN, Role.SPEAKER),
    ]


def test_a_microphone_opens_for_who_speaks() -> None:
    space = with_person(live(), CAT, role=Role.SPEAKER)
    assert events(space, c.OpenMic(by(CAT))) == [e.LaneOpened(CAT, 2, True)]
    assert events(space, c.OpenMic(by(CAT), mic_open=False)) == [e.LaneOpened(CAT, 2, False)]


def test_a_microphone_brings_its_owner_on_stage_where_the_policy_says_so() -> None:
    space = live(policy=Policy.FOLLOWING, hands=raised(ANN))
    assert events(space, c.OpenMic(by(ANN), followed=True)) == [
        e.HandLowered(ANN, "approved"),
        e.RoleChanged(ANN, Role.SPEAKER),
        e.LaneOpened(ANN, 2, True),
    ]
    assert refusal(space, c.OpenMic(by(ANN), followed=False)) == Refusal(NotAllowed, "policy")
    assert refusal(live(policy=Policy.EVERYONE), c.OpenMic(by(ANN), blocked=True)) == Refusal(NotAllowed, "blocked")
    assert refusal(scheduled(), c.OpenMic(by(COHOST))) == Refusal(Refused, "not_live", True)


def test_who_is_muted_gets_a_lane_and_no_open_microphone() -> None:
    space = with_person(live(), SPEAKER, server_muted=True, mic_open=False)
    assert events(space, c.OpenMic(by(SPEAKER))) == [
        e.LaneClosed(SPEAKER, 1, "replaced"),
        e.LaneOpened(SPEAKER, 2, False),
    ]


@pytest.mark.parametrize(("lane", "fits"), [(MAX_LANE, True), (MAX_LANE + 1, False)])
def test_lanes_are_numbered_up_to_the_last_one(lane: int, fits: bool) -> None:
    space, command = live(next_lane=lane), c.OpenMic(by(HOST))
    if fits:
        assert events(space, command) == [e.LaneOpened(HOST, lane, True)]
    else:
        assert refusal(space, command) == Refusal(Refused, "lanes_used_up")


def test_a_microphone_is_switched_by_its_owner() -> None:
    assert events(live(), c.SetMic(by(SPEAKER), False)) == [e.MicChanged(SPEAKER, False)]
    assert events(live(), c.SetMic(by(SPEAKER), True)) == []
    closed = with_person(live(), SPEAKER, mic_open=False)
    assert events(closed, c.SetMic(by(SPEAKER), True)) == [e.MicChanged(SPEAKER, True)]
    assert events(closed, c.SetMic(by(SPEAKER), False)) == []


@pytest.mark.parametrize(
    ("space", "command", "expected"),
    [
        (live(), c.SetMic(by(HOST), True), Refusal(Refused, "no_microphone")),
        (with_person(live(), SPEAKER, server_muted=True), c.SetMic(by(SPEAKER), True), Refusal(Refused, "muted", True)),
        (live(barred={SPEAKER: ""}), c.SetMic(by(SPEAKER), True), Refusal(NotAllowed, "barred")),
        (live(state=State.SCHEDULED), c.SetMic(by(SPEAKER), True), Refusal(Refused, "not_live", True)),
    ],
)
def test_a_microphone_that_cannot_be_switched(space: Space, command: c.Command, expected: Refusal) -> None:
    assert refusal(space, command) == expected


def test_who_is_muted_may_still_close_the_microphone() -> None:
    space = with_person(live(), SPEAKER, server_muted=True)
    assert events(space, c.SetMic(by(SPEAKER), False)) == [e.MicChanged(SPEAKER, False)]


def test_no_microphone_opens_into_a_recording_without_consent() -> None:
    space = with_person(live(recording=Recording("r", RecordingMode.MIX, NOW)), SPEAKER, mic_open=False)
    for silent in (c.OpenMic(by(SPEAKER)), c.SetMic(by(SPEAKER), True)):
        assert refusal(space, silent) == Refusal(Refused, "consent", True)
        assert e.Consented(SPEAKER) in events(space, replace(silent, consent=True))
    assert events(space, c.OpenMic(by(SPEAKER), mic_open=False))[-1] == e.LaneOpened(SPEAKER, 2, False)
    open_one = with_person(space, SPEAKER, mic_open=True)
    assert events(open_one, c.SetMic(by(SPEAKER), False)) == [e.MicChanged(SPEAKER, False)]
    assert events(space, c.SetMic(by(SPEAKER), True, consent=True)) == [
        e.Consented(SPEAKER),
        e.MicChanged(SPEAKER, True),
    ]


def test_a_session_closes_once_and_only_its_own() -> None:
    space = with_person(live(), HOST, lane=4)
    assert events(space, c.CloseMic(THE_CLOCK, 1)) == [e.LaneClosed(SPEAKER, 1, "left")]
    assert events(space, c.CloseMic(THE_CLOCK, 4, "restarted")) == [e.LaneClosed(HOST, 4, "restarted")]
    assert events(space, c.CloseMic(THE_CLOCK, 9)) == []


def test_a_request_to_speak_says_what_it_is_about_and_can_be_changed_in_its_place() -> None:
    about = Hand("refunds", "third time I ask")
    assert events(live(), c.RaiseHand(by(ANN), hand=about)) == [e.HandRaised(ANN, "refunds", "third time I ask")]
    up = live(hands={ANN: about, BEN: Hand()})
    assert events(up, c.RaiseHand(by(ANN), hand=about)) == [], "raised already"
    [changed] = events(up, c.RaiseHand(by(ANN), hand=Hand("shipping")))
    assert list(evolve(up, changed, NOW).hands.items()) == [(ANN, Hand("shipping")), (BEN, Hand())]
    with pytest.raises(Invalid):
        events(live(), c.RaiseHand(by(ANN), hand=Hand("x" * 51)))


def test_an_answer_to_an_invitation_is_given_once() -> None:
    """Who declined has no standing offer, and who accepted steps down instead: otherwise a demotion would undo itself."""
    assert refusal(invited(DECLINED), c.AnswerInvite(by(ANN), True)) == Refusal(Refused, "declined", True)
    assert refusal(invited(ACCEPTED), c.AnswerInvite(by(ANN), False)) == Refusal(Refused, "accepted", True)
