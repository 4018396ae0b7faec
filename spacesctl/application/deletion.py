"""Deleting an account: what is about a person goes, what others need stays and names an id. See docs/decisions/0040."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.holding import require_free
from spacesctl.application.leaving import leave, over_all_of, require_spared
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import OWNER, Account
from spacesctl.domain.errors import NotAllowed, Refused
from spacesctl.domain.ids import retired_handle
from spacesctl.domain.principals import Person, System
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, audit, erasure, erasures, holds, posts, recordings
from spacesctl.store.recordings import KeptRecording


async def delete_account(app: App, person: Person, ref: str, *, erases: bool = False) -> list[KeptRecording]:
    """Delete the person's own account, or as an admin any. Returns the recordings whose files are to be deleted; those of voice clips
    are swept. `erases` notes in the same transaction that its words are to go, too, and the files.

    Raises NotFound, NotAllowed, or Refused with reason `is_bot`, `is_owner`, `last_admin` or `held`.
    """
    async with app.db.read() as db:
        account_id = (await accounts.present(db, person.account_id or "" if ref == "me" else ref)).id
    if account_id != person.account_id and not person.is_admin:
        raise NotAllowed("accounts of others are for operators", reason="scope")
    async with over_all_of(app, account_id) as tx:
        app.registry.revocations.require(person)
        target = await accounts.present(tx.db, account_id)
        await require_deletable(app, tx.db, target, tx.now)
        await _unpin(tx, target)
        ended = await leave(app, tx, person, target, "deleted")
        files = await _erase(app, tx, target)
        await audit.append(tx.db, audit.Entry("account.delete", person, None, target.id), tx.now)
        if erases:
            ids = [one.id for one in files]
            await erasures.add(tx.db, target.id, person.account_id or "", tx.now, ids)
    ended.tell(app)
    await app.registry.tasks.insist("forget what was deleted", app.db.forget_deleted)
    return files


async def require_deletable(app: App, db: AsyncConnection, target: Account, now: datetime) -> None:
    """Check that the server goes on without the account, and that it is on no legal hold. Raises Refused with reason `is_bot`, `is_owner`,
    `last_admin` or `held`."""
    await require_spared(app, db, target, now)
    if target.handle == OWNER:
        raise Refused(
            "is_owner",
            "the server's first account stays: its token is for the day on which everything else is lost",
            hint="revoke the tokens of it that you do not need",
        )
    require_free(await holds.on_account(db, target.id))


async def _unpin(tx: Transaction, target: Account) -> None:
    gone = set(await posts.ids_by(tx.db, target.id))
    for space_id in tx.space_ids:
        space = tx.space(space_id)
        commands = [c.Unpin(System("post_deleted"), pin.ref) for pin in space.pinned if pin.ref in gone]
        if commands and not space.is_over:
            await tx.ask(space_id, *commands)


async def _erase(app: App, tx: Transaction, target: Account) -> list[KeptRecording]:
    retired = retired_handle(target.handle, app.mark)
    files = await recordings.finished_of(tx.db, target.id)
    for one in files:
        await recordings.remove(tx.db, one.id)
    await erasure.erase(tx.db, target, retired, tx.now)
    return files
