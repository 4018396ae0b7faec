"""Reports by people, and what staff decide on reports."""

from __future__ import annotations

from dataclasses import dataclass

from spacesctl.application.app import App
from spacesctl.application.evidence import REPORT_BEFORE, cut_clip
from spacesctl.application.once import Keep
from spacesctl.domain import commands as c
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
    """A report that was filed about an account or (None) the Space."""

    id: str
    category: str
    target: Account | None


async def file_report(
    app: App, person: Person, space_id: str, ref: str | None, category: str, note: str, keep: Keep[Filed]
) -> Filed:
    """A person reports the account `ref`, or (None) the Space. The evidence clip is the last 30 s of that account's lane.

    Only who was in the Space may. Raises Invalid, NotFound, NotSignedIn or NotAllowed.
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
    tick = handle.now_tick()
    accused = handle.space.people.get(target.id) if target else None
    lane = accused.lane if accused else None
    clip = None if lane is None else await cut_clip(app, person, handle, lane, tick, tick, REPORT_BEFORE, 0.0)
    report_id = new_account_id()
    command = c.FileReport(person, report_id, category, target.id if target else None, note, lane, tick, clip, there)
    filed = Filed(report_id, category, target)
    async with app.registry.transaction(space_id) as tx:
        await tx.ask(space_id, command)
        await keep(tx.db, filed, tx.now)
    return filed


async def _was_there(app: App, handle: SpaceHandle, person: Person) -> bool:
    if person.account_id is None or handle.was_there(person.account_id):
        return person.account_id is not None
    async with app.db.read() as db:
        return await attendance.was_there(db, handle.space.id, person.account_id)


async def decide_report(app: App, person: Person, report_id: str, state: str, note: str) -> None:
    """Uphold or dismiss a report, or open it again. Raises NotFound, Invalid or NotAllowed."""
    async with app.db.read() as db:
        row = await report_store.get_report(db, report_id)
    await app.registry.ask(
        row.space_id, c.DecideReport(person, report_id, state, row.reporter_id, note, row.target_id, row.state)
    )
