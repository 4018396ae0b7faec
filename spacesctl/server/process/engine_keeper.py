"""Keeps an engine process running: starts it, passes its messages to the registry, and starts another when it ends or hangs."""

from __future__ import annotations

import asyncio

import structlog
from msgspec import structs

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import OpenSpace, Ready, ToEngine
from spacesctl.engine.process import EngineFailed, EngineProcess
from spacesctl.live.registry import SpaceRegistry
from spacesctl.support.backoff import Backoff, doubled
from spacesctl.support.pulse import Pulse

RESTART_WAITS = doubled(0.2, 3.0)
"""Seconds to wait before a new engine is started after one has ended."""
_log = structlog.get_logger()


class EngineKeeper:
    """The `Engine` that actors talk to. `await start()` once, then `keep` as a task; `await stop()` at the end."""

    def __init__(self, udp: str, ptime_ms: int, *, tcp: bool = False) -> None:
        self._udp = udp
        self._tcp = tcp
        self._ptime_ms = ptime_ms  # packet time to the listeners, in every Space; 0: by how many listen
        self._process: EngineProcess | None = None
        self._pulse: Pulse | None = None
        self.restarts = 0

    @property
    def ready(self) -> Ready:
        if self._process is None:
            raise Unavailable("the media engine is starting; try again in a moment", reason="engine_starting")
        if self._pulse is not None and self._pulse.is_quiet:
            raise Unavailable("the media engine does not answer; try again in a moment", reason="engine_silent")
        return self._process.ready

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def send(self, message: ToEngine) -> None:
        if isinstance(message, OpenSpace):
            message = structs.replace(message, ptime_ms=self._ptime_ms)
        if self._process is not None:
            self._process.post(message)

    async def in_force(self) -> None:
        process = self._process
        if process is None:
            raise Unavailable("the media engine is starting; try again in a moment", reason="engine_starting")
        try:
            await process.in_force()
        except ConnectionError as error:
            raise Unavailable(
                "the media engine does not answer; try again in a moment", reason="engine_silent"
            ) from error

    async def start(self) -> None:
        """Start the engine. Raises Unavailable when it does not start, for example because the UDP port is taken."""
        pulse = Pulse()
        process = EngineProcess(self._udp, tcp=self._tcp, heard=pulse.beat)
        try:
            await process.__aenter__()
        except EngineFailed as error:
            raise Unavailable(str(error), reason="engine_start") from error
        # Restarts use the same port, even if the system chose it, so that peers' candidates stay valid.
        host = f"[{process.ready.host}]" if ":" in process.ready.host else process.ready.host
        self._udp = f"{host}:{process.ready.port}"
        pulse.beat()
        self._process, self._pulse = process, pulse

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def keep(self, registry: SpaceRegistry) -> None:
        """Read the engine's messages, and replace it when it ends, until cancelled. May be begun again after an error."""
        while True:
            if (process := self._process) is not None and (pulse := self._pulse) is not None:
                await self._follow(process, pulse, registry)
                self._process = None
                await process.stop()
                self.restarts += 1
                _log.warning("engine gone, starting another", restarts=self.restarts)
            await self._start_again()
            await registry.engine_restarted()
            _log.info("the engine runs", pid=self.pid, spaces=len(registry.live()))

    async def _follow(self, process: EngineProcess, pulse: Pulse, registry: SpaceRegistry) -> None:
        """Pass its messages on, until it is gone. If it hangs, it is killed."""
        reading = asyncio.create_task(_read(process, registry))
        losing = asyncio.create_task(pulse.lost())
        try:
            await asyncio.wait((reading, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, losing):
                task.cancel()
            results = await asyncio.gather(reading, losing, return_exceptions=True)
        if results[0] is not None:  # it did not end by itself
            hangs = isinstance(results[0], asyncio.CancelledError)
            why = "it does not answer" if hangs else type(results[0]).__name__
            _log.error("the engine is ended", why=why, silent=round(pulse.silent, 1))
            process.kill()

    async def _start_again(self) -> None:
        backoff = Backoff(RESTART_WAITS)
        while True:
            await asyncio.sleep(backoff.next())
            try:
                return await self.start()
            except Unavailable as error:
                _log.error("the engine did not start", reason=error.message)


async def _read(process: EngineProcess, registry: SpaceRegistry) -> None:
    """Until the engine is gone. Raises LinkError when it sends what is no message."""
    async for message in process:
        try:
            registry.on_engine(message)
        except Exception as error:  # one message is lost, and the engine goes on
            _log.error("a message of the engine failed", kind=type(error).__name__, exc_info=error)
