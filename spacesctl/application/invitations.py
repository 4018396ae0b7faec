"""An invitation is a direct message that offers a role; both are written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.accounts import Account, Caller
from spacesctl.domain.space import Role
from spacesctl.live.actor import Outcome
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, records

_OFFERS = {Role.COHOST: "be a co-host of", Role.SPEAKER: "speak in"}


async def send_invites(
    registry: SpaceRegistry,
    link: Callable[[str], str],
    caller: Caller,
    space_id: str,
    whom: Sequence[Account],
    role: Role = Role.SPEAKER,
    message: str = "",
) -> Outcome:
    """All of them or, when one is refused, none. Who has an open invitation already gets no second message."""
    actor = await registry.live_actor(space_id)
    space = await registry.space(space_id)
    people = [await registry.person(space, account) for account in whom]
    async with registry.db.read() as connection:
        mine, theirs = await accounts.blocked_ids(connection, caller.account_id or "")
    # The message goes out in the name of who invites, so a block with them counts like one with the host.
    people = [replace(one, blocked=one.blocked or one.account_id in mine | theirs) for one in people]

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        for event in outcome.events:
            if isinstance(event, e.Invited):
                offer = _OFFERS[event.invite.role]
                text = f"@{caller.handle} invites you to {offer} “{outcome.after.title}”: {link(space_id)}"
                text += f"\n\n{message}" if message else ""
                sender, to = caller.account_id or "", event.invite.account_id
                await records.send_dm(db, sender, to, text, outcome.at, kind="invite", space_id=space_id)

    return await actor.ask(c.SendInvites(caller, tuple(people), role), projection)
