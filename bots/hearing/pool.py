"""The bot's side of hearing: it keeps a worker running, feeds it, and hands out what was understood.

The Space never waits for it: audio queued for a worker that is behind is dropped, oldest first, and counted. A dead worker is
replaced at once and its lanes opened again.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bots.hearing.messages import Beat, Close, Frames, FromWorker, Open, Ready, ToWorker, Utterance
from bots.hearing.worker import EXIT_MEMORY
from spacesctl.support.backoff import Backoff
from spacesctl.support.messages import ProtocolError, Unpacker, pack

MAX_QUEUED_TICKS = 500
"""Ten seconds of one Space: a worker further behind than that only makes captions late."""
START_SECONDS = 60.0
"""A large model takes its time to load."""
SILENT_SECONDS = 10.0
"""A worker that gives no sign for so long hangs."""
END_SECONDS = 3.0
RESTART_WAITS = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Waits before each start in a row that fails; a worker that ran well begins again at the first."""
_READ_BYTES = 1 << 16
_PIPE_BYTES = 1 << 16

log = logging.getLogger("bots.hearing")


class Outbox:
    """What waits for the worker. Control messages are never dropped, audio is: the oldest, beyond `most` ticks."""

    def __init__(self, most: int = MAX_QUEUED_TICKS) -> None:
        self._most = most
        self._waiting: deque[ToWorker] = deque()
        self._ticks = 0
        self._filled = asyncio.Event()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Ticks of audio."""
        return self._ticks

    def put(self, message: ToWorker) -> None:
        self._waiting.append(message)
        if isinstance(message, Frames):
            self._ticks += 1
            if self._ticks > self._most:
                self._drop_oldest()
        self._filled.set()

    async def get(self) -> ToWorker:
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        message = self._waiting.popleft()
        self._ticks -= isinstance(message, Frames)
        return message

    def restart(self, lanes: Iterable[tuple[str, int]]) -> None:
        """For a new worker: open its lanes, then the audio that still waits."""
        audio = [message for message in self._waiting if isinstance(message, Frames)]
        self._waiting = deque([Open(space, lane) for space, lane in lanes])
        self._waiting += audio
        self._filled.set()

    def _drop_oldest(self) -> None:
        oldest = next(index for index, message in enumerate(self._waiting) if isinstance(message, Frames))
        del self._waiting[oldest]
        self._ticks -= 1
        self.dropped += 1


class RecogniserPool:
    """`async with Hearing(model, on_utterance, on_change)`: then `open`, `frames` and `close`, which never wait.

    `on_utterance` is called in the event loop for each utterance and must not wait either. `on_change` is called when `ready`
    changes; `ready` is False while there is no worker that hears.
    """

    def __init__(
        self,
        model: Path,
        on_utterance: Callable[[Utterance], None],
        on_change: Callable[[], None] = lambda: None,
        *,
        growth_mib: int = 512,
    ) -> None:
        self._command = [sys.executable, "-m", "bots.hearing", "--model", str(model), "--growth-mib", str(growth_mib)]
        self._on_utterance = on_utterance
        self._on_change = on_change
        self._lanes: dict[tuple[str, int], None] = {}
        self._outbox = Outbox()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.ready = False
        self.restarts = 0
        self._failures = 0
        self._backoff = Backoff(RESTART_WAITS)
        self.resident = 0

    @property
    def pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def failing(self) -> bool:
        """Workers keep dying before they are ready."""
        return self._failures >= 2

    def statistics(self) -> dict[str, int]:
        return {
            "lanes": len(self._lanes),
            "restarts": self.restarts,
            "ticks_waiting": self._outbox.waiting,
            "ticks_dropped": self._outbox.dropped,
            "resident_bytes": self.resident,
        }

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep(), name="hearing")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def open(self, space: str, lane: int) -> None:
        if (space, lane) not in self._lanes:
            self._lanes[space, lane] = None
            self._outbox.put(Open(space, lane))

    def frames(self, space: str, tick: int, frames: Sequence[tuple[int, int, bytes]]) -> None:
        """Frames of open lanes, as (lane, flags, Opus payload)."""
        known = [(lane, flags, bytes(payload)) for lane, flags, payload in frames if (space, lane) in self._lanes]
        if known:
            self._outbox.put(Frames(space, tick, known))

    def close(self, space: str, lane: int) -> None:
        """What was said until now is still heard."""
        if self._lanes.pop((space, lane), 0) is None:
            self._outbox.put(Close(space, lane))

    async def _keep(self) -> None:
        """Run one worker after the other."""
        while True:
            await asyncio.sleep(self._backoff.after(self._failures + 1))
            code, was_ready = await self._run()
            self._failures = 0 if was_ready else self._failures + 1
            self.restarts += 1
            log.warning(
                "hearing worker ended: code %d, full: %s, failures: %d", code, code == EXIT_MEMORY, self._failures
            )
            self._on_change()

    async def _run(self) -> tuple[int, bool]:
        """One worker's life: its exit code and whether it ever was ready."""
        self._outbox.restart(self._lanes)
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, limit=_READ_BYTES)
        self._process = process
        writer = asyncio.create_task(self._write(process), name="hearing writer")
        try:
            was_ready = await self._read(process)
        finally:
            self._set_ready(False)
            writer.cancel()
            code = await _end(process)
        return code, was_ready

    async def _write(self, process: Process) -> None:
        assert process.stdin is not None
        process.stdin.transport.set_write_buffer_limits(_PIPE_BYTES)
        with suppress(ConnectionError):  # the reader sees the end of it
            while True:
                process.stdin.write(pack(await self._outbox.get()))
                await process.stdin.drain()

    async def _read(self, process: Process) -> bool:
        """Hand out what comes until the worker ends or hangs; whether it was ready before."""
        assert process.stdout is not None
        unpacker, was_ready = Unpacker[FromWorker](FromWorker), False
        try:
            while True:
                async with asyncio.timeout(SILENT_SECONDS if was_ready else START_SECONDS):
                    data = await process.stdout.read(_READ_BYTES)
                if not data:
                    return was_ready
                for message in unpacker.feed(data):
                    was_ready = True
                    self._take(message)
        except (TimeoutError, ProtocolError) as error:
            log.warning("hearing worker is stopped: %s", type(error).__name__)
            return was_ready

    def _take(self, message: object) -> None:
        match message:
            case Utterance():
                self._on_utterance(message)
            case Beat(resident):
                self.resident = resident
            case Ready():
                self._set_ready(True)

    def _set_ready(self, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self._on_change()


async def _end(process: Process) -> int:
    """Close its stdin, which ends it; kill it when that does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(0 if process.returncode is not None else END_SECONDS):
            return await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
