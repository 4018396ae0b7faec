"""Runs a bot in each Space that needs one, all with the same recogniser pool, and reports whether captions work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bots import models
from bots.api import Api
from bots.hearing.messages import Arm, Utterance
from bots.hearing.pool import RecogniserPool
from bots.retry import insist, name_of, new_backoff
from bots.space import SpaceBot
from spacesctl import __version__
from spacesctl.api.captions import Assignment, BotStatus, Hearing, LaneHearing
from spacesctl.domain.errors import SpacesError

ENGINE = f"spacesctl {__version__}"
ALERT = "sanctions by rules in {count} Space(s) are only recorded: there were many in five minutes"
UNANSWERED = "in {count} Space(s) sanctions were not taken since nobody could confirm what was said in time"

FIGURES_EVERY = 15.0
"""Seconds between two posts of the recogniser's figures."""
LATE_EVERY = 3.0
"""The same while captions are behind."""
WORTH_TELLING = 0.5
"""Seconds that a lane must be late to be in the figures."""
MOST_LATE = 256
"""Lanes in them at most, the latest ones."""
MAX_TEXT = 500
"""Characters of a notice or a reason that the API takes."""

log = logging.getLogger("bots.supervisor")


class Supervisor:
    """`await run()` serves until cancelled. Without a usable model it only reports why: Spaces work without captions."""

    def __init__(self, api: Api, find_model: Callable[[], models.Model]) -> None:
        self._api = api
        self._find_model = find_model
        self._model: models.Model | None = None
        self._problem: str | None = None
        self._pool: RecogniserPool | None = None
        self._bots: dict[str, SpaceBot] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._status_due = asyncio.Event()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the model process; None while it is not running."""
        return self._pool.pid if self._pool is not None else None

    def status(self) -> BotStatus:
        """Whether speech is recognised now, with which model, and if not, why."""
        ready = self._pool is not None and self._pool.ready
        return BotStatus(
            ready=ready,
            model=self._model.name if self._model is not None else None,
            notice=(self._notice() or "")[:MAX_TEXT] or None,
            reason=None if ready else self._reason()[:MAX_TEXT],
            hearing=_hearing(self._pool) if self._pool is not None else None,
        )

    async def run(self) -> None:
        """Serve all assigned Spaces until cancelled."""
        async with AsyncExitStack() as stack:
            try:
                self._model = await asyncio.to_thread(self._find_model)
            except models.ModelError as error:
                self._problem = str(error)
                log.error("no recogniser model can be used")
            else:
                self._pool = await stack.enter_async_context(
                    RecogniserPool(self._model.path, self._on_utterance, self._status_due.set, on_arm=self._on_arm)
                )
            async with asyncio.TaskGroup() as group:
                group.create_task(self._report())
                await self._follow(group)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Follow the lists of assignments, and connect again when the stream ends."""
        backoff = new_backoff()
        while True:
            try:
                async for assigned in self._api.assignments():
                    backoff.reset()
                    self._status_due.set()  # a server that has just started has no status yet
                    self._assign(group, assigned)
            except (SpacesError, OSError) as error:
                log.warning("assignments closed: %s", name_of(error))
            await asyncio.sleep(backoff.next())

    def _assign(self, group: asyncio.TaskGroup, assigned: list[Assignment]) -> None:
        if self._pool is None:
            return
        wanted = {each.space_id: each for each in assigned}
        for space in self._tasks.keys() - wanted.keys():
            self._bots.pop(space)
            self._tasks.pop(space).cancel()
        for space, assignment in wanted.items():
            if space in self._bots:
                self._bots[space].assign(assignment)
            else:
                self._start(group, assignment)

    def _start(self, group: asyncio.TaskGroup, assignment: Assignment) -> None:
        space = assignment.space_id
        self._bots[space] = bot = self._make(assignment)
        self._tasks[space] = group.create_task(self._keep(space, bot), name=f"bot {space}")

    def _make(self, assignment: Assignment) -> SpaceBot:
        assert self._pool is not None
        assert self._model is not None
        alert = self._status_due.set
        return SpaceBot(self._api, self._pool, assignment, engine=ENGINE, model=self._model.name, on_alert=alert)

    async def _keep(self, space: str, bot: SpaceBot) -> None:
        """Run one Space's bot, and start it again after a failure. Other Spaces are not affected."""
        backoff = new_backoff()
        try:
            while True:
                try:
                    await bot.run()
                    return
                except Exception:  # a bug; raised here, it would end the task group and so every Space
                    log.exception("space %s: the bot failed and is started again", space)
                await asyncio.sleep(backoff.next())
                bot = self._bots[space] = self._make(bot.assignment)
        finally:
            if (
                self._tasks.get(space) is asyncio.current_task()
            ):  # otherwise it was unassigned, and a newer bot may be running
                del self._bots[space], self._tasks[space]
            self._status_due.set()

    def _on_utterance(self, utterance: Utterance) -> None:
        bot = self._bots.get(utterance.space)
        if bot is not None:
            bot.on_utterance(utterance)

    def _on_arm(self, arm: Arm) -> None:
        bot = self._bots.get(arm.space)
        if bot is not None:
            bot.on_arm(arm)

    async def _report(self) -> None:
        """Post the status each time it may have changed, and now and then for the recogniser's figures."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FIGURES_EVERY if self._on_time() else LATE_EVERY):
                    await self._status_due.wait()
            self._status_due.clear()
            try:
                await insist(lambda: self._api.bot_status(self.status()))
            except (SpacesError, OSError) as error:
                log.warning("status not posted: %s", name_of(error))

    def _on_time(self) -> bool:
        return self._pool is None or not any(one.behind or one.shed for one in self._pool.states())

    def _notice(self) -> str | None:
        tripped = sum(bot.tripped for bot in self._bots.values())
        unanswered = sum(bot.unanswered for bot in self._bots.values())
        notices = [
            self._model.notice if self._model is not None else None,
            ALERT.format(count=tripped) if tripped else None,
            UNANSWERED.format(count=unanswered) if unanswered else None,
        ]
        return "; ".join(each for each in notices if each) or None

    def _reason(self) -> str:
        if self._problem is not None:
            return self._problem
        if self._pool is not None and self._pool.failing:
            return "the recogniser keeps failing to start; see the server's log"
        return "the recogniser is starting"


def _hearing(pool: RecogniserPool) -> Hearing:
    late = [
        LaneHearing(
            space_id=one.space,
            lane=one.lane,
            lag_seconds=round(one.lag, 1),
            behind=one.behind,
            shed=one.shed,
            unprotected=one.unprotected,
        )
        for one in pool.states()
        if one.behind or one.shed or one.lag >= WORTH_TELLING
    ]
    return Hearing(**pool.statistics(), late=late[:MOST_LATE])


def model_finder(asked: Path | None, data: Path | None) -> Callable[[], models.Model]:
    """A function that finds the model, for `Supervisor`; see `models.find`."""
    return lambda: models.find(asked, None, data)
