"""Reports by people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.evidence import CLIP_AFTER, REPORT_BEFORE, around, cut_clip, expect_more
from spacesctl.application.later_cuts import Cut, LaterCut
from spacesctl.application.once import Keep
from spacesctl.domain import commands as c
from spacesctl.domain import reporting
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Invalid
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.life import require_witness
from spacesctl.domain.principals import Person
from spacesctl.domain.words import CATEGORIES
from spacesctl.live.handle import SpaceHandle
from spacesctl.store import accounts, attendance
from spacesctl.store import reports as report_store


@dataclass(frozen=True)
class Filed:
    """A report that was filed about an account or (None) the Space, with or without `sound`, and with so many `words`."""

    id: str
    category: str
    target: Account | None
    sound: bool = False
    words: int = 0


async def file_report(
    app: App, person: Person, space_id: str, ref: str | None, category: str, note: str, keep: Keep[Filed]
) -> Filed:
    """A person reports the account `ref`, or (None) the Space. The evidence is the last 30 s of sound that there is of that account, of the
    last minute, and the words of it; without sound the newest words of a day.

    Only who was in the Space may. Raises Invalid, NotFound, NotSignedIn, NotAllowed, or TooMany of a flood.
    """
    if category not in CATEGORIES:
        raise Invalid("category", f"is one of {', '.join(CATEGORIES)}")
    handle = await app.registry.handle(space_id)
    target = None
    if ref is not None:
        async with app.db.read() as db:
            target = await accounts.get(db, ref)
    there = await _was_there(app, handle, person)
    require_witness(handle.space, person, there=there)  # before anything is cut
    async with app.db.read() as db:
        await _require_few(app, db, person, space_id, target)
    cut = _cut(handle, person, target) if target else None
    newest = handle.newest_sound(target.id) if target else None
    report_id = new_account_id()
    async with cut_clip(app, handle, cut) as clip:
        command = c.FileReport(
            person,
            report_id,
            category,
            target.id if target else None,
            note,
            newest[1] if newest else None,
            handle.now_tick(),
            clip,
            there,
            cut.first if cut else None,
        )
        async with app.registry.transaction(space_id) as tx:
            await _require_few(app, tx.db, person, space_id, target)
            await tx.ask(space_id, command)
            kept = await report_store.get_report(tx.db, report_id)
            filed = Filed(report_id, category, target, clip is not None, len(kept.body.words))
            await keep(tx.db, filed, tx.now)
    if cut is not None and newest is not None:  # words, and numbers among them, may be recognised later
        expect_more(app, handle, LaterCut(report_id, clip, cut, by_rule=False))
    return filed


async def _require_few(app: App, db: AsyncConnection, person: Person, space_id: str, target: Account | None) -> None:
    """Operators are not counted, as with all limits. Raises TooMany."""
    if person.is_admin:
        return
    now, whom = app.clock.now(), target.id if target is not None else None
    found = await report_store.filed_since(db, space_id, now - reporting.HOUR, whom, person.account_id or "")
    reporting.require_few(found, now)


def _cut(handle: SpaceHandle, by: Person, target: Account) -> Cut:
    """The 30 s before their newest sound, and the moments after now."""
    now, newest = handle.now_tick(), handle.newest_sound(target.id)
    since = now if newest is None else min(now, newest[0])
    return around(by, handle.space.id, target.id, since, now, REPORT_BEFORE, CLIP_AFTER)


async def _was_there(app: App, handle: SpaceHandle, person: Person) -> bool:
    if person.account_id is None or handle.was_there(person.account_id):
        return person.account_id is not None
    async with app.db.read() as db:
        return await attendance.was_there(db, handle.space.id, person.account_id)
