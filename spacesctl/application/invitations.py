"""Invitations: each is also a direct message that offers a role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import facts
from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.principals import Person, Principal
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role
from spacesctl.live.outcome import Outcome
from spacesctl.store import accounts


async def invite_command(
    db: AsyncConnection,
    by: Principal,
    space: Space,
    whom: Sequence[Account],
    role: Role = Role.SPEAKER,
    message: str = "",
) -> c.SendInvites:
    """The command that invites all of `whom`. It comes in the name of the inviting account, so a block with that one counts like
    one with the host.
    """
    mine, theirs = await accounts.blocked_ids(db, by.account_id or "")
    people = [await facts.target(db, space, account) for account in whom]
    people = [replace(one, blocked=one.blocked or one.account_id in mine | theirs) for one in people]
    return c.SendInvites(by, tuple(people), role, message)


async def send_invites(
    app: App, by: Person, space_id: str, refs: Sequence[str], role: Role, message: str
) -> tuple[Outcome, list[Account]]:
    """Invite the accounts that `refs` name or, if one is refused, nobody. Accounts with an open invitation get no second message.
    Raises NotFound, Gone, or what refuses the command.
    """
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        whom = await facts.found(tx.db, refs)
        command = await invite_command(tx.db, by, tx.space(space_id), whom, role, message)
        return await tx.ask(space_id, command), whom


async def revoke_invite(app: App, by: Person, space_id: str, ref: str) -> tuple[Outcome, Account]:
    """Take back an invitation that has not been answered. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        account = await accounts.get(tx.db, ref)
        person = await facts.target(tx.db, tx.space(space_id), account)
        return await tx.ask(space_id, c.RevokeInvites(by, (person,))), account


async def answer_invite(app: App, person: Person, space_id: str, *, accept: bool) -> Outcome:
    """Accept or decline the person's invitation. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        blocked = await facts.blocked(tx.db, tx.space(space_id), person.account_id)
        return await tx.ask(space_id, c.AnswerInvite(person, accept, blocked=blocked))
