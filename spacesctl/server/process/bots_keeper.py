"""Runs the bots' supervisor as a child process. It reads its token from stdin, and ends when stdin is closed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from spacesctl.support.backoff import Backoff, doubled

RESTART_WAITS = doubled(1.0, 30.0)
"""Seconds to wait before a new supervisor is started after one has ended."""
STOP_WITHIN = 2.0
_log = structlog.get_logger()


class BotsKeeper:
    """`start()` once, `await stop()` at the end. A supervisor that ends is replaced, after longer waits if it ends again and again."""

    def __init__(self, url: str, token: str, model: Path | None, data: Path, on_gone: Callable[[], None]) -> None:
        self._command = [sys.executable, "-m", "bots", "supervisor", "--url", url, "--data", str(data)]
        if model is not None:
            self._command += ["--model", str(model)]
        self._token = token
        self._on_gone = on_gone
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _keep(self) -> None:
        backoff = Backoff(RESTART_WAITS)
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, env={**os.environ, "SPACESCTL_TOKEN": ""}
            )
            if self._process.stdin is not None:
                with contextlib.suppress(ConnectionError):
                    self._process.stdin.write(self._token.encode() + b"\n")
                    await self._process.stdin.drain()
            status = await self._process.wait()
            self._on_gone()
            lasted = loop.time() - started
            delay = backoff.ended(lasted)
            _log.warning("bots gone, starting others", status=status, after=round(lasted, 1), wait=delay)
            await asyncio.sleep(delay)
