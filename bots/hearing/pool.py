"""The recogniser pool: it keeps a worker process running, sends it audio, and passes on what it heard.

Nothing waits for the worker: when it falls behind, the oldest queued audio is dropped and counted. A worker that has died or hangs is
replaced, and its lanes are opened again.
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

from bots.hearing.messages import (
    Arm,
    Armed,
    Beat,
    Close,
    Disarmed,
    Frames,
    FromWorker,
    Open,
    Ready,
    Rules,
    ToWorker,
    Utterance,
)
from bots.hearing.worker import EXIT_MEMORY
from spacesctl.rules.ruleset import Rule
from spacesctl.support.backoff import Backoff
from spacesctl.support.messages import Unpacker, pack
from spacesctl.support.pulse import Pulse

MAX_QUEUED_TICKS = 500
"""Ticks of queued audio: ten seconds of one Space. A longer queue would only make captions later."""
START_SECONDS = 60.0
"""How long a worker may take to start: large models load slowly."""
SILENT_SECONDS = 5.0
"""A worker that has sent nothing for so long, not even a heartbeat, is stopped or hangs."""
FIRST_BEAT_SECONDS = 20.0
"""How long its first heartbeat may take: a slow machine needs long to load all modules."""
BUSY_SECONDS = 60.0
"""A worker that has been at one message for so long will not end it. Large models are busy for seconds, not for a minute."""
STEADY_SECONDS = 5.0
"""A worker that ends sooner than this after it was ready has failed, as one that was never ready: what ends it ends the next one too."""
END_SECONDS = 3.0
"""How long a worker may take to end before it is killed."""
RESTART_WAITS = (0.0, 0.5, 2.0, 10.0, 30.0)
"""Waits before the next start, by the number of failures in a row. A worker that was ready for a while sets the number back to 0."""
SPAWN_AGAIN = 2.0
"""Seconds after which it is tried again to start a process when the system allows none: no descriptor or no memory is free."""
_READ_BYTES = 1 << 16
_PIPE_BYTES = 1 << 16

log = logging.getLogger("bots.hearing")


class WorkerQueue:
    """Messages queued for the worker. Beyond `most` ticks of audio the oldest audio is dropped; control messages never are."""

    def __init__(self, most: int = MAX_QUEUED_TICKS) -> None:
        self._most = most
        self._waiting: deque[ToWorker] = deque()
        self._ticks = 0
        self._filled = asyncio.Event()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Ticks of audio in the queue."""
        return self._ticks

    def put(self, message: ToWorker) -> None:
        """Queue a message. Never waits."""
        self._waiting.append(message)
        if isinstance(message, Frames):
            self._ticks += 1
            if self._ticks > self._most:
                self._drop_oldest()
        self._filled.set()

    async def get(self) -> ToWorker:
        """The next message; waits for one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        message = self._waiting.popleft()
        self._ticks -= isinstance(message, Frames)
        return message

    def restart(self, lanes: Iterable[tuple[str, int]], rules: Iterable[Rules] = ()) -> None:
        """For a new worker: queue the rules and the opening of its lanes, then the audio that was queued already."""
        audio = [message for message in self._waiting if isinstance(message, Frames)]
        self._waiting = deque([*rules, *(Open(space, lane) for space, lane in lanes)])
        self._waiting += audio
        self._filled.set()

    def _drop_oldest(self) -> None:
        oldest = next(index for index, message in enumerate(self._waiting) if isinstance(message, Frames))
        del self._waiting[oldest]
        self._ticks -= 1
        self.dropped += 1


class RecogniserPool:
    """`async with RecogniserPool(model, on_utterance, on_change)`: then `open`, `frames`, `close` and `rules`, which never wait.

    `on_utterance` is called in the event loop for each utterance and `on_arm` for each phrase that is redacted, before its utterance;
    neither may block. `on_change` is called when `ready` changes;
    `ready` is False while no worker has its model loaded. `growth_mib` is how much memory a worker may gain before it is replaced.
    """

    def __init__(
        self,
        model: Path,
        on_utterance: Callable[[Utterance], None],
        on_change: Callable[[], None] = lambda: None,
        *,
        on_arm: Callable[[Arm], None] = lambda _: None,
        growth_mib: int = 512,
    ) -> None:
        self._command = [sys.executable, "-m", "bots.hearing", "--model", str(model), "--growth-mib", str(growth_mib)]
        self._on_utterance = on_utterance
        self._on_change = on_change
        self._on_arm = on_arm
        self._lanes: dict[tuple[str, int], None] = {}
        self._rules: dict[str, Rules] = {}
        self._queue = WorkerQueue()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.ready = False
        self._ready_at: float | None = None
        self.restarts = 0
        self._failures = 0
        self._backoff = Backoff(RESTART_WAITS)
        self.resident = 0

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while it is not running."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def failing(self) -> bool:
        """Whether at least two workers in a row have ended before they were ready, or soon after."""
        return self._failures >= 2

    def statistics(self) -> dict[str, int]:
        """Counters and gauges: lanes, restarts, ticks that wait and were dropped, the worker's memory in bytes."""
        return {
            "lanes": len(self._lanes),
            "restarts": self.restarts,
            "ticks_waiting": self._queue.waiting,
            "ticks_dropped": self._queue.dropped,
            "resident_bytes": self.resident,
        }

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep(), name="recogniser pool")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def open(self, space: str, lane: int) -> None:
        """Start recognising a lane."""
        if (space, lane) not in self._lanes:
            self._lanes[space, lane] = None
            self._queue.put(Open(space, lane))

    def frames(self, space: str, tick: int, frames: Sequence[tuple[int, int, bytes]]) -> None:
        """The sound of one tick, as (lane, flags, Opus payload). Frames of lanes that are not open are ignored."""
        known = [(lane, flags, bytes(payload)) for lane, flags, payload in frames if (space, lane) in self._lanes]
        if known:
            self._queue.put(Frames(space, tick, known))

    def close(self, space: str, lane: int) -> None:
        """Stop recognising a lane. What was said before is still recognised."""
        if self._lanes.pop((space, lane), 0) is None:
            self._queue.put(Close(space, lane))

    def rules(self, space: str, rules: Sequence[Rule]) -> None:
        """Redact by these rules from now on, also in workers that are started later; none: redact nothing."""
        if not rules and space not in self._rules:
            return
        self._rules[space] = Rules(space, tuple(rules))
        self._queue.put(self._rules[space])
        if not rules:
            del self._rules[space]

    async def _keep(self) -> None:
        """Run a worker, and a new one each time it ends, until cancelled."""
        while True:
            await asyncio.sleep(self._backoff.after(self._failures + 1))
            try:
                code, steady = await self._run()
            except Exception as error:  # mostly an OSError: no descriptor or no memory is free
                log.error("no recogniser worker can be run: %s", type(error).__name__)
                await asyncio.sleep(SPAWN_AGAIN)
                continue
            self._failures = 0 if steady or code == EXIT_MEMORY else self._failures + 1
            self.restarts += 1
            log.warning(
                "recogniser worker ended: code %d, at memory ceiling: %s, failures: %d",
                code,
                code == EXIT_MEMORY,
                self._failures,
            )
            self._on_change()

    async def _run(self) -> tuple[int, bool]:
        """Run one worker until it ends: its exit code, and whether it was ready for a while. Raises OSError when none can be started."""
        self._queue.restart(self._lanes, self._rules.values())
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, limit=_READ_BYTES)
        self._process = process
        writer = asyncio.create_task(self._write(process), name="recogniser writer")
        try:
            await self._follow(process)
        finally:
            ready_at, self._ready_at = self._ready_at, None
            self._set_ready(False)
            writer.cancel()
            code = await _end_surely(process)
        return code, ready_at is not None and asyncio.get_running_loop().time() - ready_at >= STEADY_SECONDS

    async def _write(self, process: Process) -> None:
        assert process.stdin is not None
        process.stdin.transport.set_write_buffer_limits(_PIPE_BYTES)
        with suppress(ConnectionError):  # the worker has ended, which `_read` notices
            while True:
                process.stdin.write(pack(await self._queue.get()))
                await process.stdin.drain()

    async def _follow(self, process: Process) -> None:
        """Handle the worker's messages until it ends or hangs."""
        pulse = Pulse(FIRST_BEAT_SECONDS, dead=SILENT_SECONDS)
        reading = asyncio.create_task(self._read(process, pulse))
        losing = [asyncio.create_task(pulse.lost()), asyncio.create_task(self._never_ready())]
        try:
            await asyncio.wait((reading, *losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, *losing):
                task.cancel()
            ended = (await asyncio.gather(reading, *losing, return_exceptions=True))[0]
        if ended is not None:
            why = (
                "it sends nothing, or is too busy"
                if isinstance(ended, asyncio.CancelledError)
                else type(ended).__name__
            )
            log.warning("recogniser worker is stopped: %s", why)

    async def _never_ready(self) -> None:
        """Return when the worker has taken too long to be ready."""
        await asyncio.sleep(START_SECONDS)
        if self._ready_at is not None:
            await asyncio.Event().wait()

    async def _read(self, process: Process, pulse: Pulse) -> None:
        """Handle its messages until it ends. Raises ProtocolError."""
        assert process.stdout is not None
        unpacker = Unpacker[FromWorker](FromWorker)
        while data := await process.stdout.read(_READ_BYTES):
            for message in unpacker.feed(data):
                if not isinstance(message, Beat) or message.busy < BUSY_SECONDS:
                    pulse.beat()
                self._take(message)

    def _take(self, message: object) -> None:
        match message:
            case Utterance():
                self._on_utterance(message)
            case Armed() | Disarmed():
                self._on_arm(message)
            case Beat(resident):
                self.resident = resident
            case Ready():
                self._ready_at = asyncio.get_running_loop().time()
                self._set_ready(True)

    def _set_ready(self, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self._on_change()


async def _end_surely(process: Process) -> int:
    """End it also when this task is cancelled meanwhile: otherwise a worker that hangs would outlive the pool."""
    ending = asyncio.create_task(_end(process))
    try:
        return await asyncio.shield(ending)
    except asyncio.CancelledError:
        await ending
        raise


async def _end(process: Process) -> int:
    """Close its stdin, which asks it to end, and kill it if it does not; its exit code."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(0 if process.returncode is not None else END_SECONDS):
            return await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
