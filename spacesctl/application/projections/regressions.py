"""The cases that follow from what was taken back of rules' acts."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import regressions
from spacesctl.domain import events as e
from spacesctl.live.outcome import Outcome
from spacesctl.store import acts, sanctions
from spacesctl.store import reports as report_store


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them: of a granted appeal, of a sanction that was undone as wrong, of a rule's report that was dismissed."""
    for event in outcome.events:
        match event:
            case e.AppealDecided(_, _, _, _, True, _, act) if act:
                await _remember(db, outcome, act)
            case e.SanctionLifted(sanction_id, _, _, "undone", _, True):
                await _remember(db, outcome, (await sanctions.get(db, sanction_id)).evidence)
            case e.ReportDecided():
                await _decided(db, outcome, event)


async def _decided(db: AsyncConnection, outcome: Outcome, event: e.ReportDecided) -> None:
    report = await report_store.get_report(db, event.report_id)
    if report.rule is None or report.body.act is None:
        return
    if event.state == "dismissed":
        await _remember(db, outcome, report.body.act)
    elif (found := await acts.find(db, report.body.act, outcome.after.id)) is not None:
        await regressions.forget(db, *found)


async def _remember(db: AsyncConnection, outcome: Outcome, act: str) -> None:
    """The rules of a Space are its host's."""
    space = outcome.after
    if act and (found := await acts.find(db, act, space.id)) is not None:
        await regressions.remember(db, space.id, space.host_id, found[1], outcome.at)
