"""Appeals of sanctions, and what is decided on them. Each reads what it decides on in its own transaction: of two at once one decides.

Those of sanctions in a Space are events of it. A block is on the list of an account and in no Space: its owner decides on the appeal, and
Coop's moderators if there is a Coop.
"""

from __future__ import annotations

from spacesctl.application import blocks, facts, grounds
from spacesctl.application.app import App
from spacesctl.domain import appeals as rules
from spacesctl.domain import commands as c
from spacesctl.domain.appealed import Appealed
from spacesctl.domain.errors import NotAllowed, NotFound, NotSignedIn
from spacesctl.domain.ids import new_account_id
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person, Principal, System, described
from spacesctl.domain.words import AppealState
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, appeals, audit, coop, direct_messages, sanctions, tokens
from spacesctl.store.appeals import KeptAppeal
from spacesctl.store.sanctions import KeptSanction


async def file_appeal(app: App, person: Person, sanction_id: str, text: str) -> KeptAppeal:
    """Appeal a sanction on oneself, also one that has ended. Raises NotSignedIn, NotFound (also for another's), Refused or TooMany."""
    if person.account_id is None:
        raise NotSignedIn
    async with app.db.read() as db:
        found = await sanctions.get(db, sanction_id)
    if found.target_id != person.account_id:
        raise NotFound("sanction", sanction_id)
    spaces = [] if found.space_id is None else [found.space_id]
    async with app.registry.transaction(*spaces) as tx:
        app.registry.revocations.require(person)
        found = await sanctions.get(tx.db, sanction_id)
        earlier = await appeals.of_sanction(tx.db, sanction_id)
        state = earlier.state if earlier is not None else None
        waiting = await appeals.waiting(tx.db, found.host_id)
        made = KeptAppeal(new_account_id(), sanction_id, found.space_id, found.host_id, person.account_id, text, tx.now)
        if found.space_id is None:
            rules.require_appeal(appealed(found), person, tx.now, state=state, waiting=waiting)
            await appeals.add(tx.db, made)
            await _tell_of_block(app, tx, person, made)
            await coop.enqueue(tx.db, "appeal", made.id, tx.now, tx.now)
        else:
            await tx.ask(found.space_id, c.FileAppeal(person, made.id, appealed(found), state, waiting))
            await appeals.add(tx.db, made)
    return made


async def decide_appeal(app: App, by: Principal, appeal_id: str, *, granted: bool, reason: str) -> None:
    """Grant an appeal, which ends the sanction as `undo` does, or deny it. On that of a block its owner decides, or the system for Coop.
    Raises NotFound, NotAllowed, Invalid or Refused."""
    async with app.db.read() as db:
        found = await appeals.get(db, appeal_id)
    if found.space_id is None:
        await _decide_on_block(app, by, found, granted=granted, reason=reason)
        return
    require(await app.registry.space(found.space_id), by, Action.DECIDE_APPEAL)
    async with app.registry.transaction(found.space_id) as tx:
        found = await appeals.get(tx.db, appeal_id)
        sanction = await sanctions.get(tx.db, found.sanction_id)
        about = appealed(sanction)
        report = await grounds.report_of(tx.db, sanction)
        command = c.DecideAppeal(
            by,
            appeal_id,
            about,
            found.state,
            granted,
            reason,
            bool(await tokens.admins(tx.db, tx.now) - {about.by_id, about.target_id}),
            await facts.blocked(tx.db, tx.space(found.space_id or ""), about.target_id),
            None
            if report is None
            else c.LinkedReport(report.id, report.reporter_id, report.target_id, report.state, report.assignee_id),
        )
        await tx.ask(found.space_id or "", command)


async def readable(app: App, person: Person, appeal_id: str) -> KeptAppeal:
    """An appeal, for its author and for who may decide on it. Raises NotFound or NotAllowed."""
    async with app.db.read() as db:
        found = await appeals.get(db, appeal_id)
    if found.target_id == person.account_id:
        return found
    if found.space_id is not None:
        require(await app.registry.space(found.space_id), person, Action.DECIDE_APPEAL)
    elif found.host_id != person.account_id:
        raise NotFound("appeal", appeal_id)
    return found


def appealed(one: KeptSanction) -> Appealed:
    """A sanction as far as its appeal is concerned."""
    by = one.principal
    by_id = by.get("id") if by["kind"] == "person" else None
    return Appealed(one.id, one.action, one.target_id or "", by_id, one.since, one.how, one.evidence)


async def _decide_on_block(app: App, by: Principal, found: KeptAppeal, *, granted: bool, reason: str) -> None:
    if found.target_id == by.account_id:
        raise NotAllowed("you cannot decide on your own appeal", reason=Action.DECIDE_APPEAL.value)
    if not isinstance(by, System) and found.host_id != by.account_id:
        raise NotFound("appeal", found.id)
    async with blocks.over_all_concerned(app, found.host_id, found.target_id) as tx:
        if isinstance(by, Person):
            app.registry.revocations.require(by)
        found = await appeals.get(tx.db, found.id)
        sanction = await sanctions.get(tx.db, found.sanction_id)
        about = appealed(sanction)
        rules.require_decision(about, by, state=found.state, granted=granted, reason=reason, others=False)
        state: AppealState = "granted" if granted else "denied"
        await appeals.decide(tx.db, found.id, state, described(by), tx.now, reason)
        body: audit.Facts = {"appeal": found.id, "sanction": found.sanction_id, "state": state}
        await audit.append(tx.db, audit.Entry("appeal.decide", by, None, found.target_id, body), tx.now)
        still = sanction.lifted_at is None
        if granted and still:
            await blocks.lift_block(tx, by, found.host_id, found.target_id, reason)
        if granted:
            await blocks.remember_block(tx, sanction)
        await _tell_of_decision(app, tx, by, found, state, reason)
    if granted and still:
        app.registry.blocks.forget(found.host_id, found.target_id)


async def _tell_of_block(app: App, tx: Transaction, person: Person, made: KeptAppeal) -> None:
    """Whose block it is learns of the appeal; its words are read by `appeals show` alone."""
    body: audit.Facts = {"appeal": made.id, "sanction": made.sanction_id}
    await audit.append(tx.db, audit.Entry("appeal", person, None, person.account_id, body), tx.now)
    text = f"@{person.handle} appeals your block of them. `spacesctl appeals show {made.id}` shows what they say."
    await _tell(app, tx, made.host_id, text)


async def _tell_of_decision(
    app: App, tx: Transaction, by: Principal, found: KeptAppeal, state: AppealState, reason: str
) -> None:
    """Who appealed, and whose block it is unless they decided themselves."""
    known = await accounts.by_ids(tx.db, {found.host_id, found.target_id})
    owner, target = known[found.host_id], known[found.target_id]
    mine = f"Your appeal of the block by @{owner.handle} was {state}: {reason or 'it was taken back'}."
    await _tell(app, tx, found.target_id, mine)
    if by.account_id != found.host_id:
        then = "they are no longer blocked" if state == "granted" else "your block stays"
        text = f"The moderators of this server decided on the appeal of your block of @{target.handle}: it was {state}, and {then}."
        await _tell(app, tx, found.host_id, text)


async def _tell(app: App, tx: Transaction, to: str, text: str) -> None:
    if (await accounts.get(tx.db, to)).deleted_at is None:
        await direct_messages.send_dm(tx.db, app.bot.id, to, text, tx.now, kind="notice")
