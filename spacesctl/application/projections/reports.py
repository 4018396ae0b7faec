"""The reports that were filed, each with the state of the room at that moment, and what was decided on them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.principals import described
from spacesctl.domain.space import Space
from spacesctl.live.outcome import Outcome
from spacesctl.store import acts
from spacesctl.store import reports as report_store
from spacesctl.store.reports import Evidence, KeptReport, PersonThen, RoomThen


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them. What a rule heard stands in its act, which was stored before."""
    for event in outcome.events:
        if isinstance(event, e.ReportFiled):
            await report_store.add_report(db, await _report(db, outcome, event))
        elif isinstance(event, e.ReportDecided):
            by = described(outcome.by)
            await report_store.decide(db, event.report_id, event.state, by, outcome.at, event.note)


async def _report(db: AsyncConnection, outcome: Outcome, event: e.ReportFiled) -> KeptReport:
    space = outcome.after
    act = await acts.get_act(db, space.id, event.act) if event.act else None
    if act is None and event.act:
        raise RuntimeError("a rule's report follows from an act")
    found = Evidence(event.note, event.lane, event.tick) if act is None else _heard(act)
    return KeptReport(
        id=event.report_id,
        space_id=space.id,
        reporter_id=event.by,
        target_id=event.account_id,
        category=event.category,
        rule=act.rule_id if act is not None else None,
        clip=event.clip,
        at=outcome.at,
        body=replace(found, room=_room(space)),
    )


def _heard(act: acts.StoredAct) -> Evidence:
    return Evidence(
        lane=act.lane,
        start_tick=act.start_tick,
        end_tick=act.end_tick,
        mode=act.mode,
        words=act.words,
        confidence=act.confidence,
        rule_hash=act.rule_hash,
        engine=act.engine,
        model=act.model,
        act=act.key,
    )


def _room(space: Space) -> RoomThen:
    """The state of the Space at that moment, as part of the evidence."""
    people = (PersonThen(p.account_id, p.role.value, p.mic_open, p.server_muted, p.lane) for p in space.people.values())
    return RoomThen(space.state.value, space.policy.value, tuple(people))
