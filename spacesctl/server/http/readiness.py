"""Whether the server can work, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from spacesctl.api.operation import Readiness
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.words import State
from spacesctl.server.http.services import Services
from spacesctl.store import spaces as space_store

BOTS: Final = "bots"
"""The task that keeps the bots. Without them there are no captions, and everything else works."""
FRESH: Final = 0.25
"""Seconds for which the answer of the database serves further requests: anybody may ask, and each look writes."""

_log = structlog.get_logger()


class SharedLook:
    """Looks when somebody asks. Who asks meanwhile, or within `FRESH` seconds, gets the same answer."""

    def __init__(self, look: Callable[[], Awaitable[str]]) -> None:
        self._look = look
        self._running: asyncio.Task[str] | None = None
        self._last: tuple[float, str] | None = None

    async def __call__(self) -> str:
        """The answer."""
        now = asyncio.get_running_loop().time()
        if self._last is not None and now - self._last[0] < FRESH:
            return self._last[1]
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._ask())
        return await asyncio.shield(self._running)

    async def _ask(self) -> str:
        answer = await self._look()
        before = "ok" if self._last is None else self._last[1]
        if answer != before:
            (_log.info if answer == "ok" else _log.error)("the database", state=answer, before=before)
        self._last = asyncio.get_running_loop().time(), answer
        return answer


async def readiness(app: Services) -> Readiness:
    """The state of each part. The bot's state and room on the disk are shown, but not required."""
    if app.database_look is None:
        app.database_look = SharedLook(lambda: _database(app))
    checks = {"database": await app.database_look(), "engine": _engine(app)}
    down = app.registry.tasks.down
    checks |= {name: why for name, why in down.items() if name != BOTS}
    good = all(value == "ok" for value in checks.values()) and not app.stopping
    if app.stopping:
        checks["server"] = "stopping"
    checks["bot"] = down.get(BOTS) or _bot(app)
    if app.disk is not None and "disk" not in checks:
        checks["disk"] = app.disk.state
    return Readiness(ready=good, checks=checks)


async def _database(app: Services) -> str:
    try:
        async with app.db.read() as db:
            await space_store.count(db, State.LIVE)
        await app.db.try_to_write()
    except Unavailable as error:
        return error.reason or error.message
    except Exception as error:  # any error means that it is not ready
        return type(error).__name__
    return "ok"


def _engine(app: Services) -> str:
    try:
        return "ok" if app.registry.engine.ready else "starting"
    except Unavailable as error:
        return (error.reason or "starting").removeprefix("engine_")


def _bot(app: Services) -> str:
    if app.bots_hang():
        return "the bot does not answer"
    return "ok" if app.bot_status.ready else app.bot_status.reason or "not ready"
