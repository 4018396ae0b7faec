"""The reports that were filed, each with the state of the room at that moment, and what was decided on them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.principals import described
from spacesctl.domain.space import Space
from spacesctl.live.outcome import Outcome
from spacesctl.store import acts
from spacesctl.store import reports as report_store


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them. What a rule heard stands in its act, which was stored before."""
    for event in outcome.events:
        if isinstance(event, e.ReportFiled):
            row = _by_rule(event, await _act(db, outcome, event)) if event.act else _by_person(event)
            row["body"]["room"] = _room(outcome.after)
            await report_store.add_report(db, {**row, "space_id": outcome.after.id, "at": outcome.at})
        elif isinstance(event, e.ReportDecided):
            by = described(outcome.by)
            await report_store.decide(db, event.report_id, event.state, by, outcome.at, event.note)


async def _act(db: AsyncConnection, outcome: Outcome, event: e.ReportFiled) -> dict[str, Any]:
    act = await acts.get_act(db, outcome.after.id, event.act)
    if act is None:
        raise RuntimeError("a rule's report follows from an act")
    return act


def _common(event: e.ReportFiled) -> dict[str, Any]:
    return {
        "id": event.report_id,
        "reporter_id": event.by,
        "target_id": event.account_id,
        "category": event.category,
        "clip": event.clip,
    }


def _by_rule(event: e.ReportFiled, act: dict[str, Any]) -> dict[str, Any]:
    facts = {key: value for key, value in act.items() if key not in ("report_id", "handle")}
    return {**_common(event), "rule": act["rule_id"], "body": {**facts, "note": ""}}


def _by_person(event: e.ReportFiled) -> dict[str, Any]:
    body: dict[str, Any] = {"note": event.note, "lane": event.lane, "start_tick": event.tick, "words": []}
    return {**_common(event), "rule": None, "body": body}


def _room(space: Space) -> dict[str, Any]:
    """The state of the Space at that moment, as part of the evidence."""
    people = [
        {
            "account_id": p.account_id,
            "role": p.role.value,
            "mic_open": p.mic_open,
            "gagged": p.server_muted,
            "lane": p.lane,
        }
        for p in space.people.values()
    ]
    return {"state": space.state.value, "policy": space.policy.value, "people": people}
