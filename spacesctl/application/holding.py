"""Legal holds: an operator keeps what there is of an account, or of a Space, from being purged and erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.ids import is_space_id, new_account_id, retired_handle
from spacesctl.domain.principals import Person
from spacesctl.store import accounts, audit, direct_messages, erasure, erasures, forgetting, holds, recordings
from spacesctl.store import spaces as space_store
from spacesctl.store.holds import KeptHold
from spacesctl.store.recordings import KeptRecording

TOLD = "An operator has to keep what is stored of you, for a legal reason: nothing of it is purged or erased until that ends."


async def hold(app: App, person: Person, ref: str, reason: str, *, tell: bool) -> KeptHold:
    """Hold an account (a handle or an id) or a Space (its id), for an operator. `tell` tells the account. Raises NotFound or Invalid."""
    now = app.clock.now()
    async with app.begin(person) as db:
        made = KeptHold(new_account_id(), *await _subject(db, ref), reason, person.account_id or "", now, tell)
        if tell and made.account_id is None:
            raise Invalid("tell", "is for holds on a person")
        await holds.add(db, made)
        entry = audit.Entry("hold.place", person, None, made.account_id, {"hold": made.id, "space": made.space_id})
        await audit.append(db, entry, now)
        if tell:
            await direct_messages.send_dm(db, app.bot.id, made.account_id or "", TOLD, now, kind="notice")
    return made


async def _subject(db: AsyncConnection, ref: str) -> tuple[str | None, str | None, str]:
    """The account's id, the Space's, and its name now."""
    if is_space_id(ref):
        space = await space_store.load(db, ref)
        return None, space.id, space.title
    account = await accounts.present(db, ref)
    return account.id, None, f"@{account.handle}"


async def release(app: App, person: Person, hold_id: str) -> Sequence[KeptRecording]:
    """End a hold, for an operator. What deleted accounts left behind for it is erased now, unless another hold is on it. Returns the
    recordings whose files are to be deleted. Raises NotFound, or Refused with reason `released`."""
    now = app.clock.now()
    async with app.begin(person) as db:
        one = await holds.get(db, hold_id)
        if one.released_at is not None:
            raise Refused("released", "it is released already")
        await holds.release(db, hold_id, person.account_id or "", now)
        await audit.append(db, audit.Entry("hold.release", person, None, one.account_id, {"hold": one.id}), now)
        for account_id in await forgetting.left_behind(db, account_id=one.account_id, space_id=one.space_id):
            await _erase_closed(app, db, one, account_id)
        await erasures.go_on(db)
        files = await recordings.finished_of_deleted(db)
        for each in files:
            await recordings.remove(db, each.id)
    return files


def require_free(found: Sequence[KeptHold]) -> None:
    """Check before something is deleted by hand that none of these holds covers it. Raises Refused with reason `held`, which names the
    first; the reason of a hold is for operators."""
    if found:
        one = found[0].id
        hint = f"an operator ends it: `spacesctl privacy release {one}`"
        raise Refused(
            "held", f"this is on legal hold {one}: nothing of it can be deleted until that is released", hint=hint
        )


async def _erase_closed(app: App, db: AsyncConnection, one: KeptHold, account_id: str) -> None:
    account = await accounts.get(db, account_id)
    if (deleted_at := account.deleted_at) is None or await holds.on_account(db, account_id):
        return
    retired = account.handle
    if account_id == one.account_id:  # an earlier version closed it, and kept what names it
        handle = one.subject.removeprefix("@")
        account, retired = replace(account, handle=handle), retired_handle(handle, app.mark)
    await erasure.erase(db, account, retired, deleted_at)
