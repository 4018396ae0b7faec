"""What staff do with reports: look after them, write notes, decide. Each reads what it decides on in its own transaction, so that of two at
once the second knows of the first."""

from __future__ import annotations

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.permissions import Action, may, require
from spacesctl.domain.principals import Person, Principal
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, report_notes, tokens
from spacesctl.store import reports as report_store
from spacesctl.store.report_notes import KeptNote
from spacesctl.store.reports import KeptReport


async def decide_report(app: App, person: Person, report_id: str, state: str, note: str) -> None:
    """Uphold or dismiss a report, or open it again. Raises NotFound, Invalid or NotAllowed."""
    space_id = await _space_of(app, person, report_id)
    async with app.registry.transaction(space_id) as tx:
        row = await report_store.get_report(tx.db, report_id)
        await tx.ask(space_id, decision(person, row, state, note))


def decision(by: Principal, row: KeptReport, state: str, note: str) -> c.DecideReport:
    """The command to decide on this report."""
    return c.DecideReport(by, row.id, state, row.reporter_id, note, row.target_id, row.state, row.assignee_id)


async def assign_report(app: App, person: Person, report_id: str, ref: str | None) -> None:
    """Have the account `ref` look after a report, or (None) nobody. Raises NotFound, NotAllowed or Refused."""
    space_id = await _space_of(app, person, report_id)
    async with app.registry.transaction(space_id) as tx:
        row = await report_store.get_report(tx.db, report_id)
        whom = None if ref is None else await accounts.present(tx.db, ref)
        holder = None if row.assignee_id is None else await accounts.get(tx.db, row.assignee_id)
        holds = holder is not None and await _may_review(tx, space_id, holder)
        command = c.AssignReport(
            person,
            report_id,
            None if whom is None else _named(whom),
            whom is not None and await _may_review(tx, space_id, whom),
            row.target_id,
            row.assignee_id,
            _named(holder) if holder is not None and holds else None,
        )
        await tx.ask(space_id, command)


async def note_report(
    app: App, person: Person, report_id: str, text: str, keep: Keep[tuple[KeptNote, Account]]
) -> tuple[KeptNote, Account]:
    """Write a note on a report, for staff alone; returns it with its author. Raises NotFound, Invalid, NotAllowed or Refused."""
    space_id = await _space_of(app, person, report_id)
    async with app.registry.transaction(space_id) as tx:
        row = await report_store.get_report(tx.db, report_id)
        count = await report_notes.count(tx.db, report_id)
        await tx.ask(space_id, c.NoteReport(person, report_id, text, row.target_id, count))
        note = KeptNote(new_account_id(), report_id, person.account_id or "", text, tx.now)
        await report_notes.add(tx.db, note)
        made = note, await accounts.get(tx.db, note.author_id)
        await keep(tx.db, made, tx.now)
    return made


async def _space_of(app: App, person: Person, report_id: str) -> str:
    async with app.db.read() as db:
        space_id = (await report_store.get_report(db, report_id)).space_id
    require(await app.registry.space(space_id), person, Action.DECIDE_REPORT)
    return space_id


async def _may_review(tx: Transaction, space_id: str, account: Account) -> bool:
    """Whether an account is on the staff of a Space now, or an operator's."""
    if account.deleted_at is not None or account.suspension is not None:
        return False
    on_staff = may(tx.space(space_id), Person(account.id), Action.DECIDE_REPORT)
    return on_staff or await tokens.has_admin(tx.db, account.id, tx.now)


def _named(account: Account) -> c.Target:
    return c.Target(account.id, account.handle, account.kind)
