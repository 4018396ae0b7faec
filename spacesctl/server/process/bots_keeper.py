"""Runs the bots' supervisor as a child process. It reads its token from stdin, beats on stdout, and ends when stdin is closed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import structlog

from spacesctl.support.backoff import Backoff, doubled
from spacesctl.support.pulse import Pulse

RESTART_WAITS = doubled(0.5, 4.0)
"""Seconds to wait before a new supervisor is started after one has ended."""
START_WITHIN = 30.0
"""Seconds that its first beat may take: a slow machine needs long to load all modules."""
STOP_WITHIN = 2.0
_READ = 4096
_log = structlog.get_logger()


class BotsKeeper:
    """`keep` as a task, `await stop()` at the end. A supervisor that ends or hangs is replaced, after longer waits if that happens again
    and again. `on_gone` is called when the bots cannot be counted on any longer."""

    def __init__(self, url: str, token: str, model: Path | None, data: Path, on_gone: Callable[[], None]) -> None:
        self._command = [sys.executable, "-m", "bots", "supervisor", "--url", url, "--data", str(data)]
        if model is not None:
            self._command += ["--model", str(model)]
        self._token = token
        self._on_gone = on_gone
        self._process: Process | None = None
        self._pulse: Pulse | None = None
        self._backoff = Backoff(RESTART_WAITS)
        self._stopping = False

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def is_quiet(self) -> bool:
        """Whether the supervisor runs and does not answer."""
        return self._pulse is not None and self._pulse.is_quiet

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        await _ended(process, STOP_WITHIN)

    async def keep(self) -> None:
        """Start a supervisor, and another each time one has ended, until cancelled. Raises OSError when none can be started."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            status = await self._run()
            self._on_gone()
            if self._stopping:
                await asyncio.Event().wait()  # to be cancelled with all other tasks
            lasted = loop.time() - started
            delay = self._backoff.ended(lasted)
            _log.warning("bots gone, starting others", status=status, after=round(lasted, 1), wait=delay)
            await asyncio.sleep(delay)

    async def _run(self) -> int:
        """Run one supervisor until it has ended; its exit status."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, "SPACESCTL_TOKEN": ""},
            start_new_session=True,  # Ctrl-C is for the server, which ends the bots when its clients are told
        )
        self._process, self._pulse = process, (pulse := Pulse(START_WITHIN))
        if process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(self._token.encode() + b"\n")
                await process.stdin.drain()
        beating = asyncio.create_task(_beats(process, pulse))
        losing = asyncio.create_task(pulse.lost())
        try:
            await asyncio.wait((beating, losing), return_when=asyncio.FIRST_COMPLETED)
            hangs = losing.done()
        finally:
            for task in (beating, losing):
                task.cancel()
            await asyncio.gather(beating, losing, return_exceptions=True)
        if hangs:
            _log.error("the bots do not answer and are ended", silent=round(pulse.silent, 1))
        return await _ended(process, 0 if hangs else STOP_WITHIN)


async def _beats(process: Process, pulse: Pulse) -> None:
    """Until its stdout is closed."""
    while process.stdout is not None and await process.stdout.read(_READ):
        pulse.beat()


async def _ended(process: Process, within: float) -> int:
    """Wait for its end, and kill it after so many seconds; its exit status."""
    try:
        async with asyncio.timeout(within):
            return await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
