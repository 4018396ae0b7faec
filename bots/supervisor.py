"""Keeps a bot in each Space that wants one, all of them on the same ears, and says whether they hear."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from bots import models
from bots.api import Api, Assignment
from bots.hearing.messages import Utterance
from bots.hearing.pool import RecogniserPool
from bots.retry import insist, name_of, new_backoff
from bots.space import SpaceBot
from spacesctl import __version__
from spacesctl.domain.errors import SpacesError

ENGINE = f"spacesctl {__version__}"
ALERT = "rules in {count} Space(s) only record: the circuit breaker is open until they are set again"

MAX_TEXT = 500
"""Characters that the API takes of a notice or a reason."""

log = logging.getLogger("bots.supervisor")


class Supervisor:
    """`await run()` serves until cancelled. Without a usable model it only says why: rooms work without captions."""

    def __init__(self, api: Api, find_model: Callable[[], models.Model]) -> None:
        self._api = api
        self._find_model = find_model
        self._model: models.Model | None = None
        self._problem: str | None = None
        self._ears: RecogniserPool | None = None
        self._bots: dict[str, SpaceBot] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._status_due = asyncio.Event()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the hearing worker, while there is one."""
        return self._ears.pid if self._ears is not None else None

    def status(self) -> dict[str, Any]:
        """`{"ready", "model", "notice", "reason"}`: whether words are heard now, by which model, and if not why."""
        ready = self._ears is not None and self._ears.ready
        return {
            "ready": ready,
            "model": self._model.name if self._model is not None else None,
            "notice": (self._notice() or "")[:MAX_TEXT] or None,
            "reason": None if ready else self._reason()[:MAX_TEXT],
        }

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            try:
                self._model = await asyncio.to_thread(self._find_model)
            except models.ModelError as error:
                self._problem = str(error)
                log.error("no recogniser model can be used")
            else:
                self._ears = await stack.enter_async_context(
                    RecogniserPool(self._model.path, self._heard, self._status_due.set)
                )
            async with asyncio.TaskGroup() as group:
                group.create_task(self._report())
                await self._follow(group)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Take each list of assignments as it comes, and connect again when they stop coming."""
        backoff = new_backoff()
        while True:
            try:
                async for assigned in self._api.assignments():
                    backoff.reset()
                    self._status_due.set()  # a server that has just begun knows nothing of us
                    self._assign(group, [cast(Assignment, each) for each in assigned])
            except (SpacesError, OSError) as error:
                log.warning("assignments closed: %s", name_of(error))
            await asyncio.sleep(backoff.next())

    def _assign(self, group: asyncio.TaskGroup, assigned: list[Assignment]) -> None:
        if self._ears is None:
            return
        wanted = {each["space_id"]: each for each in assigned}
        for space in self._tasks.keys() - wanted.keys():
            self._bots.pop(space)
            self._tasks.pop(space).cancel()
        for space, assignment in wanted.items():
            if space in self._bots:
                self._bots[space].assign(assignment)
            else:
                self._start(group, assignment)

    def _start(self, group: asyncio.TaskGroup, assignment: Assignment) -> None:
        space = assignment["space_id"]
        self._bots[space] = bot = self._make(assignment)
        self._tasks[space] = group.create_task(self._keep(space, bot), name=f"bot {space}")

    def _make(self, assignment: Assignment) -> SpaceBot:
        assert self._ears is not None
        assert self._model is not None
        alert = self._status_due.set
        return SpaceBot(self._api, self._ears, assignment, engine=ENGINE, model=self._model.name, on_alert=alert)

    async def _keep(self, space: str, bot: SpaceBot) -> None:
        """One Space's bot, started again after a failure: a fault in one Space stops none of the others."""
        backoff = new_backoff()
        try:
            while True:
                try:
                    await bot.run()
                    return
                except Exception:  # a defect of ours; the task group would take every Space down with it
                    log.exception("space %s: bot failed and starts again", space)
                await asyncio.sleep(backoff.next())
                bot = self._bots[space] = self._make(bot.assignment)
        finally:
            if self._tasks.get(space) is asyncio.current_task():  # else it was sent away, and another may have come
                del self._bots[space], self._tasks[space]
            self._status_due.set()

    def _heard(self, utterance: Utterance) -> None:
        bot = self._bots.get(utterance.space)
        if bot is not None:
            bot.heard(utterance)

    async def _report(self) -> None:
        """Post the status whenever it may have changed."""
        while True:
            await self._status_due.wait()
            self._status_due.clear()
            try:
                await insist(lambda: self._api.bot_status(self.status()))
            except (SpacesError, OSError) as error:
                log.warning("status not posted: %s", name_of(error))

    def _notice(self) -> str | None:
        tripped = sum(bot.tripped for bot in self._bots.values())
        notices = [
            self._model.notice if self._model is not None else None,
            ALERT.format(count=tripped) if tripped else None,
        ]
        return "; ".join(each for each in notices if each) or None

    def _reason(self) -> str:
        if self._problem is not None:
            return self._problem
        if self._ears is not None and self._ears.failing:
            return "the recogniser keeps failing to start; see the server's log"
        return "the recogniser is starting"


def model_finder(asked: Path | None, data: Path | None) -> Callable[[], models.Model]:
    """Look for the model as the command line says."""
    return lambda: models.find(asked, None, data)
