"""The host is away: who hosts meanwhile, what closes, and who gets the seat back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.absence import END_AFTER
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.space import Away, Space
from spacesctl.domain.words import Role
from tests.domain.scenes import (
    ANN,
    COHOST,
    HOST,
    NOW,
    SPEAKER,
    THE_CLOCK,
    by,
    events,
    live,
    named,
    over,
    scheduled,
    with_person,
)

LATER = NOW + timedelta(minutes=1)
TWO_COHOSTS = with_person(live(), ANN, role=Role.COHOST, role_seq=2)
"""ANN is co-host for longer than COHOST."""
ALONE = replace(live(), people={one: member for one, member in live().people.items() if one != COHOST})


def after(space: Space, *commands: c.Command) -> Space:
    for command in commands:
        changed = evolve_all(space, events(space, command, LATER), LATER)
        assert changed is not None
        space = changed
    return space


def test_an_absence_is_announced_with_its_end_and_ends_with_the_return() -> None:
    away = c.HostAway(THE_CLOCK, timedelta(seconds=57))
    assert events(live(), away) == [e.HostAway(HOST, NOW + timedelta(seconds=57))]
    gone = after(live(), away)
    assert gone.away == Away(LATER + timedelta(seconds=57))
    assert events(gone, c.HostBack(THE_CLOCK, HOST)) == [e.HostBack(HOST)]
    assert after(gone, c.HostBack(THE_CLOCK, HOST)).away is None
    assert events(live(), c.HostBack(THE_CLOCK, HOST)) == [], "who was not away does not come back"


@pytest.mark.parametrize(
    ("present", "host"),
    [({COHOST, ANN}, ANN), ({COHOST}, COHOST), ({ANN, SPEAKER}, ANN)],
    ids=["the oldest", "who is there", "no speaker"],
)
def test_the_oldest_co_host_who_is_there_hosts(present: set[str], host: str) -> None:
    gone = c.HostGone(THE_CLOCK, frozenset(present))
    assert events(TWO_COHOSTS, gone) == [e.HostChanged(host, HOST, "host_gone")]
    space = after(TWO_COHOSTS, c.HostAway(THE_CLOCK, timedelta(0)), gone)
    assert (space.host_id, space.former_host, space.away) == (host, HOST, None)
    assert space.role_of(HOST) is Role.COHOST


@pytest.mark.parametrize("space", [ALONE, live()], ids=["no co-host", "a co-host who is not there"])
def test_with_nobody_to_host_microphones_close_and_the_end_is_announced_once(space: Space) -> None:
    gone = c.HostGone(THE_CLOCK)
    assert events(space, gone) == [e.LaneClosed(SPEAKER, 1, "host_gone"), e.HostLeft(HOST, NOW + END_AFTER)]
    left = after(space, gone)
    assert left.away is not None
    assert left.away.ends_at == LATER + END_AFTER
    assert events(left, gone) == []
    assert after(live(), gone, c.HostGone(THE_CLOCK, frozenset({COHOST}))).host_id == COHOST, "until one comes"


def test_who_was_host_gets_the_seat_back_also_after_a_second_change() -> None:
    space = after(TWO_COHOSTS, c.HostGone(THE_CLOCK, frozenset({ANN})), c.HostGone(THE_CLOCK, frozenset({COHOST})))
    assert (space.host_id, space.former_host) == (COHOST, HOST)
    assert events(space, c.HostBack(THE_CLOCK, ANN)) == [], "a stand-in has no claim"
    assert events(space, c.HostBack(THE_CLOCK, HOST)) == [e.HostChanged(HOST, COHOST, "returned")]
    back = after(space, c.HostBack(THE_CLOCK, HOST))
    assert (back.host_id, back.former_host, back.role_of(COHOST)) == (HOST, None, Role.COHOST)


@pytest.mark.parametrize(
    "command",
    [
        c.Demote(by(COHOST), named(HOST)),
        c.Kick(by(COHOST), named(HOST)),
        c.HandOver(by(COHOST), named(HOST)),
        c.HandOver(by(COHOST), named(ANN)),
    ],
    ids=["demoted", "kicked", "given back", "given to another"],
)
def test_the_claim_ends_when_staff_decide_otherwise(command: c.Command) -> None:
    space = after(TWO_COHOSTS, c.HostGone(THE_CLOCK, frozenset({COHOST})), command)
    assert space.former_host is None
    assert events(space, c.HostBack(THE_CLOCK, HOST)) == []


@pytest.mark.parametrize("space", [scheduled(), over()], ids=["scheduled", "over"])
@pytest.mark.parametrize(
    "command", [c.HostAway(THE_CLOCK, timedelta(0)), c.HostBack(THE_CLOCK, HOST), c.HostGone(THE_CLOCK)]
)
def test_only_a_live_space_misses_its_host(space: Space, command: c.Command) -> None:
    assert events(space, command) == []


def test_an_end_leaves_nobody_away() -> None:
    space = after(live(), c.HostAway(THE_CLOCK, timedelta(0)), c.End(by(HOST)))
    assert space.away is None
