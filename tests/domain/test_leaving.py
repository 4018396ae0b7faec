"""An account was suspended or deleted: what it leaves behind in a Space, and who hosts then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.principals import System
from spacesctl.domain.space import Invite, Pin, Space
from spacesctl.domain.words import InviteState, Role, State
from tests.domain.scenes import (
    ANN,
    COHOST,
    HOST,
    NOW,
    SPEAKER,
    events,
    live,
    named,
    over,
    raised,
    scheduled,
    with_person,
)


def out(account_id: str, *present: str, **more: Any) -> c.TakeOut:
    return c.TakeOut(System("suspended"), named(account_id), "suspended", frozenset(present), **more)


def after(space: Space, command: c.Command) -> Space:
    changed = evolve_all(space, events(space, command, NOW), NOW)
    assert changed is not None
    return changed


def test_who_speaks_loses_microphone_role_hand_invitation_and_pins() -> None:
    invite = Invite(SPEAKER, Role.SPEAKER, InviteState.ACCEPTED, HOST)
    pin = Pin("p", "link", "https://example.org/", "T", SPEAKER, 0)
    space = replace(live(), invites={SPEAKER: invite}, pinned=(pin,), hands=raised(SPEAKER))
    assert events(space, out(SPEAKER)) == [
        e.LaneClosed(SPEAKER, 1, "suspended"),
        e.HandLowered(SPEAKER, "withdrawn"),
        e.RoleChanged(SPEAKER, Role.LISTENER),
        e.InviteAnswered(SPEAKER, InviteState.REVOKED),
        e.Unpinned("p"),
    ]
    assert events(live(), out(ANN)) == [], "who has no part in it leaves nothing"


def test_the_oldest_co_host_who_is_there_hosts_and_the_host_does_not_stay() -> None:
    space = with_person(live(), ANN, role=Role.COHOST, role_seq=2)
    for present, host in (((COHOST, ANN), ANN), ((COHOST, SPEAKER), COHOST)):
        left = after(space, out(HOST, *present))
        assert (left.host_id, left.role_of(HOST), left.former_host) == (host, Role.LISTENER, None)


def test_with_no_co_host_there_it_ends() -> None:
    left = after(live(), out(HOST, SPEAKER))
    assert (left.state, left.people[SPEAKER].lane) == (State.ENDED, None)


def test_a_former_host_does_not_come_back() -> None:
    gone = after(live(), c.HostGone(System("host_gone"), frozenset({COHOST})))
    assert gone.former_host == HOST
    assert after(gone, out(HOST)).former_host is None


@pytest.mark.parametrize(("call_off", "state"), [(True, State.CANCELED), (False, State.SCHEDULED)])
def test_a_planned_space_is_called_off_or_waits(call_off: bool, state: State) -> None:
    assert after(scheduled(), out(HOST, call_off=call_off)).state is state


def test_what_is_over_stays_as_it_was() -> None:
    assert events(over(), out(HOST)) == []
