"""The alarm clock: opens and ends Spaces at their time, sends reminders, makes the next of a series.

APScheduler wakes it, with one date trigger for each thing that is due; the store is the truth, and is read again at each start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from spacesctl.application import reminders
from spacesctl.application.series import SeriesKeeper
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.accounts import ANONYMOUS, Account
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.series import GRACE, MADE_AHEAD, Series
from spacesctl.domain.space import Space, State
from spacesctl.live.actor import Outcome
from spacesctl.live.now import utc_now
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import spaces as space_store

_log = structlog.get_logger()
STOPPING = 2.0
"""Seconds that what is being done has to end."""
JUMP = 0.5
"""Seconds within a second by which no clock is slewed: it was set."""
_MATTERS = (
    e.SpaceCreated,
    e.SpaceEdited,
    e.SpaceStarted,
    e.SpaceEnded,
    e.SpaceCanceled,
    e.SpaceMissed,
    e.RemindersSent,
)


class Alarm:
    """A start that was missed by a few minutes is made good; a later one is recorded as missed."""

    def __init__(self, registry: SpaceRegistry, bot: Account, link: Callable[[str], str]) -> None:
        self._house = registry
        self._bot = bot
        self._link = link
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._offset: float | None = None
        self._doing: set[asyncio.Task[Any]] = set()
        self.series = SeriesKeeper(registry, bot, link, self._wake_for)

    async def start(self) -> None:
        async with self._house.db.read() as db:
            spaces = [*await space_store.due(db), *await space_store.live(db)]
        self._scheduler.start()
        for space in spaces:
            self._see(space)
        self._house.subscribers.append(self._on_outcome)
        await self.series.open()

    async def stop(self) -> None:
        """Nothing more is begun; what is being done is done first, since half a round of reminders would be sent again."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._doing:
            await asyncio.wait(self._doing, timeout=STOPPING)
        self._scheduler.shutdown(wait=False)

    def mind_the_clock(self, utc: float, monotonic: float) -> None:
        """Called every second with both clocks: when somebody has set the wall clock, or the machine slept, what the scheduler waits
        for is due at another moment than it reckoned with."""
        offset = utc - monotonic
        if self._offset is not None and abs(offset - self._offset) > JUMP and self._scheduler.running:
            _log.warning("the clock was set", seconds=round(offset - self._offset, 1))
            self._scheduler.wakeup()
        self._offset = offset

    def _on_outcome(self, outcome: Outcome) -> None:
        if any(isinstance(event, _MATTERS) for event in outcome.events):
            self._see(outcome.after)

    def _see(self, space: Space) -> None:
        """Set what is due for a Space as it now is, and unset what no longer is."""
        start, live = space.scheduled_start, space.started_at if space.state is State.LIVE else None
        waits = start is not None and space.state is State.SCHEDULED
        soon = start - reminders.AHEAD if start is not None and waits and "soon" not in space.reminded else None
        ends = live + timedelta(seconds=space.duration) if live is not None and space.duration is not None else None
        self._set(f"open {space.id}", start if waits else None, self._open, space.id)
        self._set(f"soon {space.id}", soon if soon and soon > space.created_at else None, self._remind_soon, space.id)
        self._set(f"live {space.id}", live if "start" not in space.reminded else None, self._remind_start, space.id)
        self._set(f"end {space.id}", ends, self._end, space.id)

    def _wake_for(self, series: Series) -> None:
        """Come back when the planned occurrence is to be made. Once it is, its own Space takes over."""
        at = series.planned - MADE_AHEAD if series.planned is not None and series.space_id is None else None
        self._set(f"series {series.id}", at, self._arrange, series.id)

    def _set(self, job: str, at: datetime | None, do: Callable[[str], Awaitable[None]], ref: str) -> None:
        if at is not None:
            # No grace of the scheduler's own: what became due while the process slept is done late, and `do` knows how late.
            self._scheduler.add_job(
                self._do, DateTrigger(at, UTC), [job, do, ref], id=job, replace_existing=True, misfire_grace_time=None
            )
        elif self._scheduler.get_job(job) is not None:
            self._scheduler.remove_job(job)

    async def _do(self, job: str, do: Callable[[str], Awaitable[None]], ref: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._doing.add(task)
        try:
            await do(ref)
        except SpacesError as error:
            _log.info("what was due was refused", job=job, code=error.code, reason=error.reason)
        finally:
            self._doing.discard(task)

    async def _open(self, space_id: str) -> None:
        actor = await self._house.actor(space_id)
        space = await self._house.space(space_id)
        if space.scheduled_start is not None and space.scheduled_start < utc_now() - GRACE:
            await reminders.tell_missed(self._house, self._bot, space_id)
        else:
            await actor.ask(c.Start(ANONYMOUS, by_clock=True))

    async def _end(self, space_id: str) -> None:
        await (await self._house.actor(space_id)).ask(c.End(ANONYMOUS, by_clock=True))

    async def _remind_soon(self, space_id: str) -> None:
        await reminders.send(self._house, self._bot, self._link, space_id, "soon")

    async def _remind_start(self, space_id: str) -> None:
        await reminders.send(self._house, self._bot, self._link, space_id, "start")

    async def _arrange(self, series_id: str) -> None:
        await self.series.arrange(series_id)
