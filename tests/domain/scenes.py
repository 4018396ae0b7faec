"""Spaces as plain values for tables of cases, and what a command does to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.principals import Person, System
from spacesctl.domain.space import Hand, Member, Space
from spacesctl.domain.words import Kind, Role, Scope, State

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPACE_ID = "A" * 13
HOST, COHOST, SPEAKER, ANN, BEN, CAT, BOT = (digit * 19 for digit in "1234569")
ADMIN = "8" * 19


def by(account_id: str) -> Person:
    return Person(account_id)


NOBODY = Person()
THE_CLOCK = System("schedule")
AN_ADMIN = Person(ADMIN, scopes=frozenset({Scope.USE, Scope.ADMIN}))
THE_BOT = Person(BOT, "bot", Kind.BOT, frozenset({Scope.BOT}))


def named(account_id: str, **changes: Any) -> c.Target:
    return replace(c.Target(account_id, f"p{account_id[0]}"), **changes)


def raised(*account_ids: str) -> dict[str, Hand]:
    """Requests to speak, the oldest first."""
    return {one: Hand() for one in account_ids}


def live(**changes: Any) -> Space:
    """A host without a microphone, a co-host, and a speaker who is heard on lane 1."""
    space = Space(
        id=SPACE_ID,
        title="T",
        state=State.LIVE,
        creator_id=HOST,
        host_id=HOST,
        created_at=NOW,
        updated_at=NOW,
        started_at=NOW,
        seq=10,
        next_lane=2,
        people={
            HOST: Member(HOST, Role.HOST),
            COHOST: Member(COHOST, Role.COHOST, role_seq=3),
            SPEAKER: Member(SPEAKER, Role.SPEAKER, mic_open=True, lane=1, role_seq=4),
        },
        spoke=(SPEAKER,),
    )
    return replace(space, **changes)


def scheduled(**changes: Any) -> Space:
    people = {HOST: Member(HOST, Role.HOST), COHOST: Member(COHOST, Role.COHOST)}
    return live(
        **{"state": State.SCHEDULED, "started_at": None, "people": people, "spoke": (), "next_lane": 1, **changes}
    )


def over(**changes: Any) -> Space:
    people = {
        HOST: Member(HOST, Role.HOST),
        COHOST: Member(COHOST, Role.COHOST),
        SPEAKER: Member(SPEAKER, Role.SPEAKER),
    }
    return live(**{"state": State.ENDED, "ended_at": NOW, "people": people, **changes})


def with_person(space: Space, account_id: str, **changes: Any) -> Space:
    before = space.people.get(account_id, Member(account_id, Role.LISTENER))
    return replace(space, people={**space.people, account_id: replace(before, **changes)})


def events(space: Space | None, command: c.Command, now: datetime = NOW) -> list[e.Event]:
    return decide(space, command, now)


@dataclass(frozen=True)
class Refusal:
    """`todo`: the refusal says what to do about it."""

    kind: type[SpacesError]
    reason: str | None = None
    todo: bool = False


def refusal(space: Space | None, command: c.Command, now: datetime = NOW) -> Refusal:
    with pytest.raises(SpacesError) as caught:
        decide(space, command, now)
    return told(caught.value)


def told(error: SpacesError) -> Refusal:
    """What an error says; each says something to a person."""
    assert isinstance(error.message, str)
    assert error.message.strip()
    assert "None" not in error.message
    return Refusal(type(error), error.reason, error.hint is not None)


def full_stage(space: Space, role: Role, count: int) -> Space:
    for n in range(count):
        space = with_person(space, f"70{n:017d}", role=role)
    return space
