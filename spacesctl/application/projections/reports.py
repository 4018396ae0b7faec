"""The reports that were filed, each with the state of the room at that moment, and what was decided on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import facts
from spacesctl.domain import events as e
from spacesctl.domain import reporting
from spacesctl.domain.principals import described
from spacesctl.domain.space import Space
from spacesctl.domain.speech import Word
from spacesctl.domain.texts import words_of
from spacesctl.live.outcome import Outcome
from spacesctl.store import acts
from spacesctl.store import reports as report_store
from spacesctl.store import spaces as space_store
from spacesctl.store.reports import Evidence, KeptReport, PersonThen, RoomThen

A_DAY: Final = timedelta(days=1)
"""How far back words are looked for when there is no sound."""
MOST_CAPTIONS: Final = 20
"""Captions of which a person's report has the words."""


async def project(db: AsyncConnection, outcome: Outcome) -> None:
    """Store them. What a rule heard stands in its act, which was stored before."""
    for event in outcome.events:
        if isinstance(event, e.ReportFiled):
            await report_store.add_report(db, await _report(db, outcome, event))
        elif isinstance(event, e.EvidenceKept):
            await _keep_evidence(db, outcome, event)
        elif isinstance(event, e.ReportAssigned):
            await report_store.assign(db, event.report_id, event.assignee_id)
        elif isinstance(event, e.ReportDecided):
            by = described(outcome.by)
            await report_store.decide(db, event.report_id, event.state, by, outcome.at, event.note)


async def _report(db: AsyncConnection, outcome: Outcome, event: e.ReportFiled) -> KeptReport:
    space = outcome.after
    act = await acts.get_act(db, space.id, event.act) if event.act else None
    if act is None and event.act:
        raise RuntimeError("a rule's report follows from an act")
    found = _heard(act) if act is not None else Evidence(event.note, event.lane, event.first, event.tick)
    if act is None and event.account_id is not None:
        found = replace(found, words=await _words(db, outcome, event.account_id, found, sound=event.clip is not None))
    blocked = act is None and await facts.blocked(db, space, event.by)
    of_record = act is None and reporting.is_of_record(space, event.by, event.account_id, blocked=blocked)
    return KeptReport(
        id=event.report_id,
        space_id=space.id,
        reporter_id=event.by,
        target_id=event.account_id,
        category=event.category,
        rule=act.rule_id if act is not None else None,
        clip=event.clip,
        at=outcome.at,
        body=replace(found, room=_room(space), of_record=of_record),
    )


async def _keep_evidence(db: AsyncConnection, outcome: Outcome, event: e.EvidenceKept) -> None:
    """With a person's report also the words that were recognised since."""
    kept = await report_store.get_report(db, event.report_id)
    body = kept.body
    if body.act is None:
        body = replace(body, end_tick=outcome.tick)
        words = await _words(db, outcome, event.account_id, body, sound=True)
        body = replace(body, words=max(words, body.words, key=len))
    await report_store.keep_evidence(db, event.report_id, event.clip, body)


async def _words(
    db: AsyncConnection, outcome: Outcome, account_id: str, about: Evidence, *, sound: bool
) -> tuple[Word, ...]:
    """What captions and the chat have of an account in the stretch; or, if there is neither that nor sound, the last that they have of a
    day."""
    stored = await space_store.said_by(db, outcome.after.id, account_id, outcome.at - A_DAY, limit=MOST_CAPTIONS)
    said = [_said(space_store.event_of(one)) for one in stored]
    first, last = about.start_tick or 0, about.end_tick or 0
    here = [words for begin, end, words in said if end >= first and begin <= last]
    return tuple(word for words in (here if here or sound else [words for _, _, words in said]) for word in words)


def _said(event: e.Event) -> tuple[int, int, tuple[Word, ...]]:
    """The first and last tick of what was said or written, and its words."""
    match event:
        case e.CaptionSpoken():
            return event.start_tick, event.end_tick, event.words
        case e.ChatSaid():
            return event.tick, event.tick, tuple(words_of(event.text, event.tick))
        case _:
            raise TypeError(f"{event.type} has no words")


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
