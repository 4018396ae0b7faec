"""The alarm clock: starts and ends Spaces at their time, sends reminders, creates the next Space of a series.

APScheduler runs it, with one date trigger per task. The schedule itself is in the store and is read again at each
start.
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
from spacesctl.application.app import App
from spacesctl.application.people import lift_expired
from spacesctl.application.series import arrange_series
from spacesctl.application.series_keeper import SeriesKeeper
from spacesctl.application.spaces import end_space, start_space
from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import is_final
from spacesctl.domain.principals import System
from spacesctl.domain.series import GRACE, MADE_AHEAD, Series
from spacesctl.domain.space import Space
from spacesctl.domain.suggestion import UNDECIDED
from spacesctl.domain.words import State
from spacesctl.live.outcome import Outcome
from spacesctl.store import spaces as space_store

_log = structlog.get_logger()
STOPPING = 2.0
"""Seconds that running tasks have to end when the server stops."""
INSTANCES = 16
"""Runs of one task at once. A task that is set anew while it runs would otherwise be dropped when its time comes."""
RETRY = timedelta(seconds=2)
"""After which a task that failed is tried again."""
NAME = "schedule"
"""What fails while a task is tried again, by its name in `/readyz`."""
LARGE = 3600.0
"""Seconds. After a larger step nothing is deleted because of its age for a while."""
JUMP = 0.5
"""Seconds. A larger change of the wall clock within a second is not slewing: the clock was set."""
_MATTERS = (
    e.SpaceCreated,
    e.SpaceEdited,
    e.SpaceStarted,
    e.SpaceEnded,
    e.SpaceCanceled,
    e.SpaceMissed,
    e.RemindersSent,
    e.SanctionImposed,
    e.SanctionLifted,
    e.HoldBegan,
    e.HoldEnded,
    e.SuggestionMade,
    e.SuggestionEnded,
)


class Alarm:
    """Runs the tasks. A start that was missed by at most `GRACE` is done late; a later one is recorded as missed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._offset: float | None = None
        self._slept = 0.0  # seconds that the machine has slept, by the clock that goes on then
        self._stepped = 0.0  # seconds by which the wall clock was set ahead in all; below 0: back
        self._planned: dict[str, tuple[datetime, float]] = {}
        """The starts that are waited for, with `_stepped` as it was when each was planned."""
        self._doing: set[asyncio.Task[Any]] = set()
        self._failing: set[str] = set()
        """Tasks that are tried again."""
        app.wake = self._wake_for

    async def start(self) -> None:
        """Read the schedule from the store and begin."""
        async with self._app.db.read() as db:
            spaces = [*await space_store.due(db), *await space_store.live(db)]
        self._scheduler.start()
        for space in spaces:
            self._see(space, began=True)
        self._app.registry.subscribers.append(self._on_outcome)
        await SeriesKeeper(self._app).open()

    async def stop(self) -> None:
        """Begin no more tasks, and wait for running ones: reminders that are interrupted would be sent again."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._doing:
            await asyncio.wait(self._doing, timeout=STOPPING)
        self._scheduler.shutdown(wait=False)

    def mind_the_clock(self, utc: float, monotonic: float, elapsed: float) -> None:
        """Called every second with the wall clock and the two that nobody sets, in seconds; of these only `elapsed` goes on while the
        machine sleeps. If the wall clock was set, or the machine slept, all waits are computed anew.
        """
        offset, slept = utc - monotonic, elapsed - monotonic
        jumped = 0.0 if self._offset is None else offset - self._offset
        if abs(jumped) > JUMP and self._scheduler.running:
            self._stepped += jumped - (slept - self._slept)
            if abs(self._stepped) > LARGE and hasattr(self._app, "recordings"):
                self._app.recordings.hold_back()
            _log.warning("the clock was set, or the machine slept", seconds=round(jumped, 1))
            for actor in self._app.registry.live():
                self._set(f"end {actor.space.id}", self._end_of(actor.space), self._end, actor.space.id)
            self._scheduler.wakeup()
        self._offset, self._slept = offset, slept

    def _on_outcome(self, outcome: Outcome) -> None:
        if any(isinstance(event, _MATTERS) for event in outcome.events):
            self._see(outcome.after, began=any(isinstance(event, e.SpaceStarted) for event in outcome.events))

    def _see(self, space: Space, *, began: bool) -> None:
        """Schedule what is due for a Space in its present state, and unschedule the rest. `began`: it went live just now, or the
        server started; the reminders of a start are looked at once.
        """
        start, live = space.scheduled_start, space.started_at if space.state is State.LIVE else None
        waits = start is not None and space.state is State.SCHEDULED
        self._plan(space.id, start if waits else None)
        soon = start - reminders.AHEAD if start is not None and waits and "soon" not in space.reminded else None
        self._set(f"open {space.id}", start if waits else None, self._open, space.id)
        self._set(f"soon {space.id}", soon if soon and soon > space.created_at else None, self._remind_soon, space.id)
        if began or live is None:
            self._set(f"live {space.id}", live if "start" not in space.reminded else None, self._remind_start, space.id)
        self._set(f"end {space.id}", self._end_of(space), self._end, space.id)
        undecided = (one.until for one in space.suggestions.values() if one.state in UNDECIDED)
        limits = [*(one.until for one in space.sanctions.values()), space.held_until, *undecided]
        over = min((one for one in limits if one is not None and not space.is_over), default=None)
        self._set(f"lift {space.id}", over, self._lift, space.id)

    def _plan(self, space_id: str, start: datetime | None) -> None:
        if start is None:
            self._planned.pop(space_id, None)
        elif self._planned.get(space_id, (None,))[0] != start:
            self._planned[space_id] = start, self._stepped

    def _end_of(self, space: Space) -> datetime | None:
        """When its time is over. Counted by the Space clock: a wall clock that is set shortens no Space."""
        handle = self._app.registry.known(space.id)
        if space.state is not State.LIVE or space.duration is None or handle is None:
            return None
        return self._app.clock.now() + timedelta(seconds=space.duration - handle.now_tick() * TICK_SECONDS)

    def _wake_for(self, series: Series) -> None:
        """Schedule the creation of the planned occurrence's Space. Once it exists, that Space has its own tasks."""
        at = series.planned - MADE_AHEAD if series.planned is not None and series.space_id is None else None
        self._set(f"series {series.id}", at, self._arrange, series.id)

    def _set(self, job: str, at: datetime | None, do: Callable[[str], Awaitable[None]], ref: str) -> None:
        if at is not None:
            # No grace time of the scheduler: what became due while the process slept is run late, and `do` checks how late.
            self._scheduler.add_job(
                self._do,
                DateTrigger(at, UTC),
                [job, do, ref],
                id=job,
                replace_existing=True,
                misfire_grace_time=None,
                max_instances=INSTANCES,
            )
        elif self._scheduler.get_job(job) is not None:
            self._scheduler.remove_job(job)
            self._works(job)

    async def _do(self, job: str, do: Callable[[str], Awaitable[None]], ref: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._doing.add(task)
        try:
            await do(ref)
        except Exception as error:
            if not is_final(error):  # such as a full disk: what was planned is still to be done
                self._failing.add(job)
                self._app.registry.tasks.failed(NAME, error)
                self._set(job, self._app.clock.now() + RETRY, do, ref)
                return
            _log.info("a scheduled task was refused", job=job, kind=type(error).__name__)
        finally:
            self._doing.discard(task)
        self._works(job)

    def _works(self, job: str) -> None:
        """It was done, refused, or is no longer to be done."""
        self._failing.discard(job)
        if not self._failing:
            self._app.registry.tasks.works(NAME)

    async def _open(self, space_id: str) -> None:
        space = await self._app.registry.space(space_id)
        # What the wall clock was set ahead since the start was planned makes nobody late.
        _, stepped = self._planned.get(space_id, (None, self._stepped))
        late = timedelta(seconds=max(0.0, self._stepped - stepped))
        if space.scheduled_start is not None and space.scheduled_start < self._app.clock.now() - GRACE - late:
            await reminders.miss(self._app, space_id)
        else:
            await start_space(self._app, System("schedule"), space_id)

    async def _lift(self, space_id: str) -> None:
        await lift_expired(self._app, space_id)

    async def _end(self, space_id: str) -> None:
        await end_space(self._app, System("duration"), space_id)

    async def _remind_soon(self, space_id: str) -> None:
        await reminders.send_reminders(self._app, space_id, "soon")

    async def _remind_start(self, space_id: str) -> None:
        await reminders.send_reminders(self._app, space_id, "start")

    async def _arrange(self, series_id: str) -> None:
        await arrange_series(self._app, series_id)
