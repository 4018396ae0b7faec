"""Keeps an engine process running: starts it, passes its messages to the registry, and starts another when it ends."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from msgspec import structs

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import OpenSpace, Ready, ToEngine
from spacesctl.engine.process import EngineFailed, EngineProcess
from spacesctl.live.registry import SpaceRegistry
from spacesctl.support.backoff import Backoff, doubled

RESTART_WAITS = doubled(0.2, 5.0)
"""Seconds to wait before a new engine is started after one has ended."""
_log = structlog.get_logger()


class EngineKeeper:
    """The `Engine` that actors talk to. `await start()` once, then `keep`; `await stop()` at the end."""

    def __init__(self, udp: str, ptime_ms: int, *, tcp: bool = False) -> None:
        self._udp = udp
        self._tcp = tcp
        self._ptime_ms = ptime_ms  # packet time to the listeners, in every Space; 0: by how many listen
        self._process: EngineProcess | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.restarts = 0

    @property
    def ready(self) -> Ready:
        if self._process is None:
            raise Unavailable("the media engine is starting; try again in a moment")
        return self._process.ready

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def send(self, message: ToEngine) -> None:
        if isinstance(message, OpenSpace):
            message = structs.replace(message, ptime_ms=self._ptime_ms)
        if self._process is not None:
            self._process.post(message)

    async def start(self) -> None:
        """Start the engine. Raises Unavailable when it does not start, for example because the UDP port is taken."""
        process = EngineProcess(self._udp, tcp=self._tcp)
        try:
            await process.__aenter__()
        except EngineFailed as error:
            raise Unavailable(str(error)) from error
        # Restarts use the same port, even if the system chose it, so that peers' candidates stay valid.
        host = f"[{process.ready.host}]" if ":" in process.ready.host else process.ready.host
        self._udp = f"{host}:{process.ready.port}"
        self._process = process

    def keep(self, registry: SpaceRegistry) -> None:
        """Read the engine's messages from now on, and restart it when it ends."""
        self._keeper = asyncio.create_task(self._keep(registry))

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def _keep(self, registry: SpaceRegistry) -> None:
        while (process := self._process) is not None:
            async for message in process:
                registry.on_engine(message)
            self._process = None
            await process.stop()
            self.restarts += 1
            _log.warning("engine gone, starting another", restarts=self.restarts)
            await self._start_again()
            await registry.engine_restarted()

    async def _start_again(self) -> None:
        backoff = Backoff(RESTART_WAITS)
        while True:
            await asyncio.sleep(backoff.next())
            with contextlib.suppress(Unavailable):
                return await self.start()
