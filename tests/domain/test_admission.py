"""Who may be in a Space, by each way in: one table."""

from __future__ import annotations

import pytest

from spacesctl.domain.admission import Access, refusal
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import ListenerPolicy, Scope
from tests.domain.scenes import ADMIN, ANN, COHOST, HOST, THE_BOT, by, live, over, scheduled

AN_ADMIN = Person(ADMIN, scopes=frozenset({Scope.ADMIN}))
OPEN, CLOSED = live(), live(listeners=ListenerPolicy.ACCOUNTS)
BARRED = live(barred={ANN: "noise"})


@pytest.mark.parametrize(
    ("space", "person", "blocked", "expected"),
    [
        (OPEN, ANONYMOUS, False, {Access.READ, Access.LISTEN}),
        (OPEN, by(ANN), False, {Access.READ, Access.LISTEN, Access.REACT}),
        (OPEN, by(ANN), True, set()),
        (OPEN, by(COHOST), False, {Access.READ, Access.LISTEN, Access.REACT, Access.STAFF}),
        (OPEN, by(HOST), True, {Access.READ, Access.LISTEN, Access.REACT, Access.STAFF}),
        (OPEN, AN_ADMIN, False, {Access.READ, Access.LISTEN, Access.REACT, Access.STAFF}),
        (OPEN, THE_BOT, False, set(Access)),
        (CLOSED, ANONYMOUS, False, set()),
        (CLOSED, by(ANN), False, {Access.READ, Access.LISTEN, Access.REACT}),
        (BARRED, by(ANN), False, set()),
        (BARRED, ANONYMOUS, False, {Access.READ, Access.LISTEN}),
        (scheduled(), ANONYMOUS, False, {Access.READ, Access.LISTEN}),
        (over(), ANONYMOUS, False, set()),
        (over(), by(COHOST), False, set()),
        (over(), by(HOST), False, {Access.READ}),
        (over(), AN_ADMIN, False, {Access.READ}),
    ],
    ids=lambda value: "",
)
def test_a_person_is_admitted_to_these_and_to_nothing_else(
    space: Space, person: Person, blocked: bool, expected: set[Access]
) -> None:
    admitted = {access for access in Access if refusal(space, person, access, blocked=blocked) is None}
    assert admitted == expected
