"""Who is told at once that their own place changed, and what."""

from __future__ import annotations

from typing import Any

import pytest

from spacesctl.api.events import You
from spacesctl.domain import events as e
from spacesctl.domain.space import Hand, Invite, Member
from spacesctl.domain.words import HandOutcome, InviteState, Role
from spacesctl.live.own_places import MOST_IN_LINE, changed_places
from tests.domain.scenes import live


def told(*events: e.Event, later: bool = False, hands: tuple[str, ...] = (), **space: Any) -> dict[str, You]:
    after = live(hands={one: Hand() for one in hands}, **space)
    return {one.account_id: one for one in changed_places(after, events, later=later)}


def test_who_asks_to_speak_is_told_the_place_in_line() -> None:
    (found,) = told(e.HandRaised("ben"), hands=("ann", "ben")).values()
    assert (found.hand, found.role) == (2, Role.LISTENER)


@pytest.mark.parametrize("outcome", ["denied", "approved", "withdrawn"])
def test_who_no_longer_asks_is_told_why_and_those_behind_that_they_moved_up(outcome: HandOutcome) -> None:
    found = told(e.HandLowered("ann", outcome), hands=("ben", "cid"))
    assert {who: (one.hand, one.hand_ended) for who, one in found.items()} == {
        "ann": (None, outcome),
        "ben": (1, None),
        "cid": (2, None),
    }


def test_of_a_long_line_the_first_are_told() -> None:
    line = tuple(f"a{n}" for n in range(3 * MOST_IN_LINE))
    assert len(told(e.HandLowered("ann", "denied"), hands=line)) == MOST_IN_LINE + 1


def test_who_is_invited_is_told() -> None:
    invite = Invite("ben", Role.SPEAKER, InviteState.PENDING, "host")
    (found,) = told(e.Invited(invite), invites={"ben": invite}).values()
    assert found.invite is InviteState.PENDING


def test_roles_and_mutes_are_told_where_the_audience_hears_of_them_later() -> None:
    events = (e.ServerMuted("ann", "1"), e.RoleChanged("ben", Role.SPEAKER))
    people = {"ann": Member("ann", Role.SPEAKER, server_muted=True), "ben": Member("ben", Role.SPEAKER)}
    assert told(*events, people=people) == {}
    assert list(told(*events, later=True, people=people)) == ["ann", "ben"]


def test_who_was_removed_has_no_place() -> None:
    assert told(e.HandLowered("ann", "denied"), barred={"ann": "spam"}) == {}
