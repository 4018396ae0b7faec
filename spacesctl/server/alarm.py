"""The alarm clock: opens scheduled Spaces at their time. APScheduler wakes it; the store is the truth."""

from __future__ import annotations

from datetime import datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from spacesctl.domain import commands as c
from spacesctl.domain.accounts import ANONYMOUS
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.space import Space, State
from spacesctl.spaces.actor import Outcome
from spacesctl.spaces.house import House
from spacesctl.store import spaces as space_store

_log = structlog.get_logger()


class Alarm:
    """One date trigger for each scheduled Space. What became due while the server was down opens at once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def start(self) -> None:
        async with self._house.db.read() as db:
            due = await space_store.due(db)
        self._scheduler.start()
        for space_id, at in due:
            self._set(space_id, at)
        self._house.watchers.append(self._on_outcome)

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _on_outcome(self, outcome: Outcome) -> None:
        self._see(outcome.after)

    def _see(self, space: Space) -> None:
        if space.state is State.SCHEDULED and space.scheduled_start is not None:
            self._set(space.id, space.scheduled_start)
        elif self._scheduler.get_job(space.id) is not None:
            self._scheduler.remove_job(space.id)

    def _set(self, space_id: str, at: datetime) -> None:
        # No grace: a time that has passed while the process slept still opens the Space.
        self._scheduler.add_job(
            self._open, DateTrigger(at), [space_id], id=space_id, replace_existing=True, misfire_grace_time=None
        )

    async def _open(self, space_id: str) -> None:
        try:
            actor = await self._house.actor(space_id)
            await actor.ask(c.Start(ANONYMOUS, by_clock=True))
        except SpacesError as error:
            _log.info("a scheduled Space did not open", space=space_id, code=error.code, reason=error.reason)
