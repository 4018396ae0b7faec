"""Tells bots what rules may ask of conduct: what the Space's actor has counted, and what only the store knows of those accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api.lanes import Conduct, KnownPerson
from spacesctl.domain import reporting
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.space import Space
from spacesctl.domain.words import Kind
from spacesctl.live.actor import SpaceActor
from spacesctl.live.conduct import Arrived, Known
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, attendance
from spacesctl.store import reports as report_store

LOOK_EVERY: Final = 1.0
"""Seconds between two looks."""
TOLD_EVERY: Final = 5 * TICKS_PER_SECOND
"""Ticks after which what goes on is told again."""
REPORTS_EVERY: Final = 60.0
"""Seconds after which reports are added up again though none was filed: some may be too old."""


class ConductWatch:
    """`look` is called every second. Spaces without rules cost nothing. `bot_id` is the bundled bot's."""

    def __init__(self, registry: SpaceRegistry, bot_id: str) -> None:
        self._registry = registry
        self._bot_id = bot_id
        self._told: dict[str, Conduct] = {}
        self._weighed: dict[str, float] = {}
        """When reports were added up last, by Space, in monotonic seconds."""

    async def look(self) -> None:
        """Look up what is new, and tell it where it has changed. Every Space is looked at; then the first error is raised."""
        live = self._registry.live()
        ids = {actor.space.id for actor in live}
        self._told = {one: told for one, told in self._told.items() if one in ids}
        self._weighed = {one: at for one, at in self._weighed.items() if one in ids}
        failed: Exception | None = None
        for actor in live:
            if actor.space.rules_hash is None:
                actor.conduct.take_arrived()
                self._told.pop(actor.space.id, None)
                continue
            try:
                await self._look_at(actor)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    async def _look_at(self, actor: SpaceActor) -> None:
        """The store is asked only if there is something new."""
        arrived, weigh = actor.conduct.take_arrived(), self._reports_are_due(actor)
        if arrived or weigh or _wanted(actor, actor.conduct.reports) != actor.conduct.people.keys():
            try:
                await self._ask(actor, arrived, weigh=weigh)
            except Exception:  # such as a database that is locked
                actor.conduct.not_looked_up(arrived)
                raise
        told = _conduct(actor)
        is_news = _is_news(self._told.get(actor.space.id), told)
        if is_news:
            self._told[actor.space.id] = told
        actor.connections.tell_conduct(told, is_news=is_news)

    async def _ask(self, actor: SpaceActor, arrived: Sequence[Arrived], *, weigh: bool) -> None:
        now, conduct = self._registry.clock.now(), actor.conduct
        async with self._registry.db.read() as db:
            joined = await _sorted(db, actor.space, [one for one in arrived if one.account_id != self._bot_id])
            reports = await _weights(db, actor.space, now) if weigh else conduct.reports
            wanted = _wanted(actor, reports)
            found = await _looked_up(db, actor.space, wanted - conduct.people.keys(), now)
        conduct.reports = reports
        conduct.people = {one: known for one, known in (conduct.people | found).items() if one in wanted}
        for one, seen in joined:
            conduct.joined(one.tick, seen=seen)

    def _reports_are_due(self, actor: SpaceActor) -> bool:
        now, space_id = self._registry.clock.monotonic(), actor.space.id
        is_old = bool(actor.conduct.reports) and now - self._weighed.get(space_id, now) >= REPORTS_EVERY
        due, actor.conduct.reports_changed = actor.conduct.reports_changed or is_old, False
        if due:
            self._weighed[space_id] = now
        return due


async def _sorted(db: AsyncConnection, space: Space, arrived: Sequence[Arrived]) -> list[tuple[Arrived, bool]]:
    """Who joins, and whether another Space has seen them. Who was here before does not join, and bots do not."""
    ids = {one.account_id for one in arrived}
    known, visits = await accounts.by_ids(db, ids), await attendance.visits(db, ids)
    found = list[tuple[Arrived, bool]]()
    for one in arrived:
        account = known.get(one.account_id)
        before = {where for where, at in visits.get(one.account_id, {}).items() if at < one.at}
        if account is not None and account.kind is not Kind.BOT and space.id not in before:
            found.append((one, bool(before)))
    return found


async def _weights(db: AsyncConnection, space: Space, now: datetime) -> dict[str, float]:
    """Those of people who are barred weigh nothing: a kick would lead to their revenge."""
    found = await report_store.filed_by_people(db, space.id, now - reporting.WINDOW)
    filed = [(reporter, target) for reporter, target in found if reporter not in space.barred]
    return reporting.weights(filed, await report_store.records(db, {reporter for reporter, _ in filed}))


def _wanted(actor: SpaceActor, reports: Collection[str]) -> set[str]:
    """Those whom rules may be about: with a microphone, or reported."""
    return {*reports, *(one.account_id for one in actor.space.people.values() if one.lane is not None)}


async def _looked_up(db: AsyncConnection, space: Space, ids: set[str], now: datetime) -> dict[str, Known]:
    """Of somebody whose coming is not stored yet it was a moment ago."""
    visits = await attendance.visits(db, ids, space.id)
    found = await accounts.by_ids(db, ids)
    return {
        one: Known(account.kind, _tick(space, account.created_at), _tick(space, visits.get(one, {}).get(space.id, now)))
        for one, account in found.items()
    }


def _tick(space: Space, at: datetime) -> int:
    """The tick of an instant, which may be before the Space began."""
    began = space.started_at or at
    return round((at - began) / timedelta(seconds=1) * TICKS_PER_SECOND)


def _conduct(actor: SpaceActor) -> Conduct:
    tick, conduct, space = actor.now_tick(), actor.conduct, actor.space
    joins, never_seen = conduct.joins(tick)
    people = [
        KnownPerson(
            account_id=one,
            role=space.role_of(one),
            kind=known.kind,
            born_tick=known.born,
            came_tick=known.came,
            reports=round(conduct.reports.get(one, 0.0), 2),
        )
        for one, known in sorted(conduct.people.items())
    ]
    return Conduct(
        tick=tick,
        joins=joins,
        never_seen=never_seen,
        reactions=conduct.reactions.count(tick),
        requests=conduct.requests.count(tick),
        people=people,
    )


def _is_news(before: Conduct | None, now: Conduct) -> bool:
    """Whether anything has changed but the tick. What goes on is told again now and then, or a bot would not know that time passes."""
    if before is None or (_counts(before), before.people) != (_counts(now), now.people):
        return True
    goes_on = any(_counts(now)) or any(one.reports for one in now.people)
    return goes_on and now.tick - before.tick >= TOLD_EVERY


def _counts(told: Conduct) -> tuple[int, int, int, int]:
    return told.joins, told.never_seen, told.reactions, told.requests
