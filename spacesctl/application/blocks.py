"""Blocks between accounts. A block removes the blocked account from all Spaces of the blocker, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import grounds, regressions
from spacesctl.application.app import App
from spacesctl.application.locking import over
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.admission import kept_out
from spacesctl.domain.errors import NotFound, Refused
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.principals import Person, Principal, Rule, described
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.words import Role, State
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, appeals, audit, links, sanctions
from spacesctl.store import spaces as space_store


def over_all_concerned(app: App, one: str, other: str, *space_ids: str) -> AbstractAsyncContextManager[Transaction]:
    """A transaction over all Spaces that a block between two accounts can concern: the live and scheduled ones that either hosts, those
    that name both, those in use in which either is on the staff, and the given ones.
    """

    async def find(db: AsyncConnection) -> set[str]:
        hosted = {*await space_store.hosted(db, one), *await space_store.hosted(db, other)}
        return {*hosted, *await space_store.naming(db, one, other), *app.registry.with_staff({one, other})}

    return over(app, find, *space_ids)


async def write_block(
    app: App,
    tx: Transaction,
    by: Principal,
    account: Account,
    evidence: str = "",
    removed_from: str | None = None,
    *,
    erase: bool = False,
    reason: str = "",
) -> None:
    """Store a block in the name of the account that `by` stands for, and remove whom of the two it keeps out from the Spaces of the
    transaction, but for `removed_from`. `evidence` is the key of the act that led to it. `erase`: what the account left in the Spaces that
    the blocker hosts goes with it.
    """
    if (await accounts.get(tx.db, account.id)).deleted_at is not None:
        return  # since it was looked up: nothing of it is stored
    blocker = by.stands_for or ""
    who = f"rule {by.id}" if isinstance(by, Rule) else "person"
    if not await accounts.block(tx.db, blocker, account.id, by=who, now=tx.now):
        return  # blocked already
    app.registry.blocks.add(blocker, account.id)
    tx.on_rollback(lambda: app.registry.blocks.forget(blocker, account.id))
    reason = f"rule {by.id}" if isinstance(by, Rule) else reason
    made = Sanction(f"b{new_account_id()}", "block", account.id, described(by), reason, tx.now, None, evidence)
    await sanctions.add(tx.db, made, None, blocker)
    for one in (account, await accounts.get(tx.db, blocker)):
        blocks, target = await accounts.blocks_of(tx.db, one.id), c.Target(one.id, one.handle, one.kind, blocked=True)
        for space_id in tx.space_ids:
            space = tx.space(space_id)
            shut_out = kept_out(space, one.id, blocks)
            if shut_out:
                await links.drop_to_space(tx.db, one.id, space_id)
            hides = erase and one is account and space.host_id == blocker and space.state is State.LIVE
            if space_id != removed_from and shut_out and (hides or tx.is_there(space_id, one.id)):
                await tx.ask(space_id, c.RemoveBlocked(by, target, hides))


async def block(app: App, person: Person, ref: str, *, erase: bool = False, reason: str = "") -> None:
    """Block an account: it leaves all Spaces of the person, and can no longer join them, be invited, or send messages; the person leaves
    those of the account.

    Raises NotFound, or Refused with reason `is_you` or `is_bot` (the bundled one).
    """
    async with app.db.read() as db:
        account = await accounts.present(db, ref)
    if account.id == person.account_id:
        raise Refused("is_you", "you cannot block yourself")
    if account.id == app.bot.id:
        raise Refused("is_bot", "the bundled bot cannot be blocked", hint="turn captions off, or clear the rules")
    async with over_all_concerned(app, person.account_id or "", account.id) as tx:
        app.registry.revocations.require(person)
        await accounts.present(tx.db, account.id)  # it can have been deleted while this waited
        await write_block(app, tx, person, account, erase=erase, reason=reason)
        await audit.append(tx.db, audit.Entry("block", person, None, account.id), tx.now)


@dataclass(frozen=True)
class Effect:
    """What a block of an account would end. `asked` is how it was named; one that is not here has no `handle`."""

    asked: str
    handle: str | None
    blocked: bool = False
    follows_you: bool = False
    you_follow: bool = False
    hosts: bool = False
    speaks: bool = False


async def preview(app: App, person: Person, refs: Sequence[str]) -> list[Effect]:
    """What blocks of these accounts would end for the person."""
    me = person.account_id or ""
    async with app.db.read() as db:
        mine = [space.people.values() for space in await space_store.by_ids(db, list(await space_store.hosted(db, me)))]
        on_stage = {one.account_id for people in mine for one in people if one.role is not Role.LISTENER}
        return [await _effect(db, me, ref, on_stage) for ref in refs]


async def _effect(db: AsyncConnection, me: str, ref: str, on_stage: Set[str]) -> Effect:
    try:
        account = await accounts.present(db, ref)
    except NotFound:
        return Effect(ref, None)
    return Effect(
        ref,
        f"@{account.handle}",
        blocked=(me, account.id) in await accounts.blocks_of(db, me),
        follows_you=await accounts.follows_account(db, account.id, me),
        you_follow=await accounts.follows_account(db, me, account.id),
        hosts=bool(await space_store.hosted(db, account.id)),
        speaks=account.id in on_stage,
    )


async def unblock(app: App, person: Person, ref: str) -> None:
    """Remove a block, and show again what was erased with it. Raises NotFound."""
    me = person.account_id or ""
    async with app.db.read() as db:
        account = await accounts.get(db, ref)
    async with over_all_concerned(app, me, account.id) as tx:
        app.registry.revocations.require(person)
        await lift_block(tx, person, me, account.id, "")
    app.registry.blocks.forget(me, account.id)


async def undo_block(app: App, person: Person, sanction_id: str, reason: str, *, wrong: bool = False) -> None:
    """Undo a block that is in effect, also one that a rule made in the person's name, and show again what was erased with it; `wrong`: the
    rule is not to find the same again. Raises NotFound, also for somebody else's and for sanctions of a Space.
    """
    async with app.db.read() as db:
        target = (await sanctions.get(db, sanction_id)).target_id or ""
    async with over_all_concerned(app, person.account_id or "", target) as tx:
        app.registry.revocations.require(person)
        row = await sanctions.get(tx.db, sanction_id)
        if row.host_id != person.account_id or row.action != "block" or row.lifted_at is not None:
            raise NotFound("sanction", sanction_id)
        await lift_block(tx, person, row.host_id, target, reason)
        if wrong:
            await remember_block(tx, row)
    app.registry.blocks.forget(person.account_id or "", target)


async def remember_block(tx: Transaction, sanction: sanctions.KeptSanction) -> None:
    """A rule that made this block is not to find the same again."""
    if (found := await grounds.act_of(tx.db, sanction)) is not None:
        await regressions.remember(tx.db, found[0], sanction.host_id, found[1], tx.now)


async def lift_block(tx: Transaction, by: Principal, host_id: str, target_id: str, reason: str) -> None:
    """Remove a block of `host_id` with its sanctions, and show again what was erased with it, in the Spaces of the transaction."""
    await accounts.unblock(tx.db, host_id, target_id)
    for sanction_id in await sanctions.open_blocks(tx.db, host_id, target_id):
        await sanctions.lift(tx.db, sanction_id, tx.now, described(by), "undone", reason)
        await appeals.settle(tx.db, sanction_id, described(by), tx.now, reason)
    await audit.append(tx.db, audit.Entry("unblock", by, None, target_id), tx.now)
    for space_id in tx.space_ids:
        space = tx.space(space_id)
        if space.host_id == host_id and target_id in space.erased:
            await tx.ask(space_id, c.Restore(by, target_id))
