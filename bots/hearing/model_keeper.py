"""Keeps a model process running: starts it, ends it when it hangs, starts another one when it has ended."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from bots.hearing.messages import Beat, Ended, Fork, Forked, FromModel, Kill, Ready, ToModel
from spacesctl.support.backoff import Backoff
from spacesctl.support.messages import Unpacker, pack
from spacesctl.support.pulse import Pulse

START_SECONDS: Final = 60.0
"""How long a model may take to load: large ones do it slowly. Until then there is no heartbeat."""
SILENT_SECONDS: Final = 5.0
"""A model process that has sent nothing for so long, not even a heartbeat, is stopped or hangs: it has nothing else to do."""
STEADY_SECONDS: Final = 5.0
"""One that ends sooner than this after it was ready has failed, as one that was never ready: what ends it ends the next one too."""
END_SECONDS: Final = 3.0
"""How long it may take to end before it is killed."""
RESTART_WAITS: Final = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Waits before the next start, by the number of failures in a row. One that was ready for a while sets the number back to 0."""
SPAWN_AGAIN: Final = 2.0
"""Seconds after which it is tried again to start a process when the system allows none: no descriptor or no memory is free."""
_READ_BYTES: Final = 1 << 16

log = logging.getLogger("bots.hearing")


def command(model: Path) -> list[str]:
    """The command of a model process."""
    return [sys.executable, "-m", "bots.hearing", "--model", str(model)]


class Watcher(Protocol):
    """Who is told about the model process and its recognisers."""

    def on_ready(self, ready: bool) -> None:
        """Recognisers can be forked now, or no more: all have ended."""

    def on_forked(self, number: int, pid: int) -> None:
        """A recogniser runs."""

    def on_ended(self, number: int, code: int) -> None:
        """A recogniser has ended."""


class ModelKeeper:
    """`await run()` keeps it running until cancelled; `fork` and `kill` never wait."""

    def __init__(self, words: Sequence[str], watcher: Watcher) -> None:
        self._words = list(words)
        self._watcher = watcher
        self._process: Process | None = None
        self._sock: socket.socket | None = None
        self._ready_at: float | None = None
        self.restarts = 0
        self._failures = 0
        self._backoff = Backoff(RESTART_WAITS)
        self.resident = 0
        """Bytes of memory that the model process has in RAM."""

    @property
    def pid(self) -> int | None:
        """Its process id; None while it is not running."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def ready(self) -> bool:
        """Whether its model is loaded."""
        return self._ready_at is not None

    @property
    def failing(self) -> bool:
        """Whether at least two in a row have ended before they were ready, or soon after."""
        return self._failures >= 2

    def fork(self, number: int, theirs: socket.socket, *, second: bool = False) -> bool:
        """Have it fork a recogniser with this socket, of a lane or for `second` recognitions; False when that cannot be asked for now."""
        return self._say(Fork(number, second), [theirs.fileno()])

    def kill(self, number: int) -> None:
        """Have it kill a recogniser."""
        self._say(Kill(number))

    async def run(self) -> None:
        """Run one, and another each time it ends, until cancelled."""
        while True:
            await asyncio.sleep(self._backoff.after(self._failures + 1))
            try:
                code, steady = await self._run()
            except Exception as error:  # mostly an OSError: no descriptor or no memory is free
                log.error("no model process can be run: %s", type(error).__name__)
                await asyncio.sleep(SPAWN_AGAIN)
                continue
            self._failures = 0 if steady else self._failures + 1
            self.restarts += 1
            log.warning("model process ended: code %d, failures: %d", code, self._failures)
            self._watcher.on_ready(False)

    async def _run(self) -> tuple[int, bool]:
        """Run one until it ends: its exit code, and whether it was ready for a while. Raises OSError when none can be started."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            # One thread of arithmetic for each recogniser, and none before the fork.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            process = await asyncio.create_subprocess_exec(*self._words, stdin=theirs.fileno(), env=environment)
            theirs.close()
            self._process, self._sock = process, ours
            try:
                await self._follow(ours)
            finally:
                ready_at, self._ready_at, self._sock = self._ready_at, None, None
                ours.close()
                self._watcher.on_ready(False)
                code = await _end_surely(process)
        return code, ready_at is not None and asyncio.get_running_loop().time() - ready_at >= STEADY_SECONDS

    async def _follow(self, sock: socket.socket) -> None:
        """Handle its messages until it ends or hangs."""
        pulse = Pulse(START_SECONDS, dead=SILENT_SECONDS)
        reading, losing = asyncio.create_task(self._read(sock, pulse)), asyncio.create_task(pulse.lost())
        try:
            await asyncio.wait((reading, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, losing):
                task.cancel()
            ended = (await asyncio.gather(reading, losing, return_exceptions=True))[0]
        if ended is not None:
            why = "it sends nothing" if isinstance(ended, asyncio.CancelledError) else type(ended).__name__
            log.warning("model process is stopped: %s", why)

    async def _read(self, sock: socket.socket, pulse: Pulse) -> None:
        """Handle its messages until it ends. Raises ProtocolError."""
        unpacker = Unpacker[FromModel](FromModel)
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await loop.sock_recv(sock, _READ_BYTES):
                for message in unpacker.feed(data):
                    pulse.beat()
                    self._take(message)

    def _take(self, message: FromModel) -> None:
        match message:
            case Ready():
                self._ready_at = asyncio.get_running_loop().time()
                self._watcher.on_ready(True)
            case Beat(resident):
                self.resident = resident
            case Forked(number, pid):
                self._watcher.on_forked(number, pid)
            case Ended(number, code):
                self._watcher.on_ended(number, code)

    def _say(self, message: ToModel, descriptors: Sequence[int] = ()) -> bool:
        """Messages are few and short: one that does not fit into the socket is not sent."""
        if self._sock is None:
            return False
        data = pack(message)
        try:
            return socket.send_fds(self._sock, [data], list(descriptors)) == len(data)
        except OSError:
            return False


async def _end_surely(process: Process) -> int:
    """End it also when this task is cancelled meanwhile: otherwise a process that hangs would outlive the pool."""
    ending = asyncio.create_task(_end(process))
    try:
        return await asyncio.shield(ending)
    except asyncio.CancelledError:
        await ending
        raise


async def _end(process: Process) -> int:
    """Its socket is closed, which asks it to end; kill it if it does not. Its exit code."""
    try:
        async with asyncio.timeout(0 if process.returncode is not None else END_SECONDS):
            return await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
