"""Whom events give another place in a Space, and which: they are told at once, also where the audience hears of it later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spacesctl.api.events import You
from spacesctl.domain import events as e
from spacesctl.domain.space import Space


def place_of(space: Space, account_id: str) -> You:
    """The place of an account as it is now."""
    person = space.people.get(account_id)
    muted = person is not None and person.server_muted
    return You(account_id=account_id, role=space.role_of(account_id), muted=muted, seq=space.seq)


def changed_places(after: Space, events: Iterable[e.Event]) -> list[You]:
    """The places of those whose role or server mute events changed, each once. Who was removed has none, and their streams end."""
    return [place_of(after, one) for one in dict.fromkeys(_concerned(events)) if one not in after.barred]


def _concerned(events: Iterable[e.Event]) -> Iterator[str]:
    for event in events:
        match event:
            case e.RoleChanged(account_id) | e.ServerMuted(account_id) | e.ServerUnmuted(account_id):
                yield account_id
            case e.HostChanged(account_id, before):
                yield from (account_id, before)
            case _:
                pass
