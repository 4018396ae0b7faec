"""Whom events give another place in a Space, and which: they are told at once, also where the audience hears of it later or never."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from spacesctl.api.events import You
from spacesctl.domain import events as e
from spacesctl.domain.space import Space
from spacesctl.domain.words import HandOutcome

MOST_IN_LINE: Final = 50
"""Of those who ask to speak so many are told that they moved up; the others learn it when they are among these."""


def place_of(space: Space, account_id: str, hand_ended: HandOutcome | None = None) -> You:
    """The place of an account as it is now; `hand_ended`: how its request to speak has just ended."""
    person, invite = space.people.get(account_id), space.invites.get(account_id)
    return You(
        account_id=account_id,
        role=space.role_of(account_id),
        muted=person is not None and person.server_muted,
        seq=space.seq,
        hand=space.in_line(account_id),
        hand_ended=hand_ended,
        invite=invite.state if invite is not None else None,
    )


def changed_places(after: Space, events: Iterable[e.Event], *, later: bool) -> list[You]:
    """The places that events changed, each once: those of which the audience is told nothing and, where it is told `later`, also roles and
    server mutes. Who was removed has none, and their streams end."""
    ended, concerned = dict[str, HandOutcome](), list[str]()
    for event in events:
        if isinstance(event, e.HandLowered):
            ended[event.account_id] = event.outcome
        concerned += _hidden(after, event)
        if later:
            concerned += _told_later(event)
    return [place_of(after, one, ended.get(one)) for one in dict.fromkeys(concerned) if one not in after.barred]


def _hidden(after: Space, event: e.Event) -> Iterator[str]:
    match event:
        case e.HandRaised(account_id) | e.InviteAnswered(account_id):
            yield account_id
        case e.Invited(invite):
            yield invite.account_id
        case e.HandLowered(account_id):
            yield account_id
            yield from islice(after.hands, MOST_IN_LINE)
        case _:
            pass


def _told_later(event: e.Event) -> Iterator[str]:
    match event:
        case e.RoleChanged(account_id) | e.ServerMuted(account_id) | e.ServerUnmuted(account_id):
            yield account_id
        case e.HostChanged(account_id, before):
            yield from (account_id, before)
        case _:
            pass
