"""Invitations. Each is also a direct message that offers a role; both are stored in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.accounts import Account
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Role
from spacesctl.live.actor import Outcome
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, direct_messages

_OFFERS = {Role.COHOST: "be a co-host of", Role.SPEAKER: "speak in"}


async def send_invites(
    registry: SpaceRegistry,
    link: Callable[[str], str],
    caller: Person,
    space_id: str,
    whom: Sequence[Account],
    role: Role = Role.SPEAKER,
    message: str = "",
) -> Outcome:
    """Invite all of `whom` or, if one is refused, nobody. Accounts with an open invitation get no second message.
    Raises what `SendInvites` raises.
    """
    actor = await registry.live_actor(space_id)
    space = await registry.space(space_id)
    people = [await registry.person(space, account) for account in whom]
    async with registry.db.read() as connection:
        mine, theirs = await accounts.blocked_ids(connection, caller.account_id or "")
    # The message is sent in the name of the inviting account, so a block with that one counts like one with the host.
    people = [replace(one, blocked=one.blocked or one.account_id in mine | theirs) for one in people]

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        for event in outcome.events:
            if isinstance(event, e.Invited):
                offer = _OFFERS[event.invite.role]
                text = f"@{caller.handle} invites you to {offer} “{outcome.after.title}”: {link(space_id)}"
                text += f"\n\n{message}" if message else ""
                sender, to = caller.account_id or "", event.invite.account_id
                await direct_messages.send_dm(db, sender, to, text, outcome.at, kind="invite", space_id=space_id)

    return await actor.ask(c.SendInvites(caller, tuple(people), role), projection)
