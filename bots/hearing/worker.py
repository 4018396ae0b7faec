"""The recogniser worker: a child process with one model and one thread for many lanes. It ends when its stdin is closed."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bots.hearing.arming import Watch
from bots.hearing.lane import LanePipeline
from bots.hearing.messages import MAX_TO_WORKER, Beat, Close, Frames, FromWorker, Heard, Open, Ready, Rules, ToWorker
from bots.hearing.recogniser import BYTES_PER_SECOND, Recogniser
from spacesctl.support.messages import Unpacker, pack

MAX_LANES = 256
"""Lanes that one worker recognises; further ones are ignored."""
IDLE_SECONDS = 0.7
"""An utterance ends when its lane has had no frame for so long (for silence nothing is sent)."""
BEAT_SECONDS = 1.0
"""Between two heartbeats."""
EXIT_MEMORY = 75
"""Exit code of a worker that has reached its memory ceiling; the pool starts a new one at once."""
EXIT_BROKEN = 76
"""Exit code when stdin is not the protocol of `messages`."""
EXIT_MODEL = 77
"""Exit code when the model cannot be loaded."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_READ_BYTES = 1 << 16


class LaneRecognisers:
    """All lanes of a worker. It does no I/O: messages in, what was heard out; `now` is in seconds of any clock."""

    def __init__(self, make: Callable[[], Recogniser]) -> None:
        self._make = make
        self._lanes: dict[tuple[str, int], LanePipeline] = {}
        self._fed: dict[tuple[str, int], float] = {}
        """Lanes in an utterance, and when each last had a frame."""
        self._watches: dict[str, Watch] = {}

    @property
    def silent(self) -> bool:
        """Whether no lane is in an utterance."""
        return not self._fed

    def take(self, message: ToWorker, now: float) -> Iterable[Heard]:
        """Handle a message; the utterances that it completes or changes, and the phrases in them that are redacted."""
        match message:
            case Open(space, lane):
                self._open(space, lane)
            case Close(space, lane):
                pipeline = self._lanes.pop((space, lane), None)
                self._fed.pop((space, lane), None)
                if pipeline is not None:
                    yield from pipeline.rest()
            case Rules(space, rules):
                self._watch(space, Watch(rules) if rules else None)
            case Frames(space, tick, frames):
                for lane, flags, payload in frames:
                    yield from self._frame(space, tick, lane, flags, payload, now)

    def idle(self, now: float) -> Iterable[Heard]:
        """End the utterances of lanes that have had no frame for `IDLE_SECONDS`."""
        for key in [key for key, at in self._fed.items() if now - at >= IDLE_SECONDS]:
            yield from self._lanes[key].rest()
            del self._fed[key]

    def _open(self, space: str, lane: int) -> None:
        if (space, lane) not in self._lanes and len(self._lanes) < MAX_LANES:
            self._lanes[space, lane] = LanePipeline(space, lane, self._make(), self._watches.get(space))

    def _watch(self, space: str, watch: Watch | None) -> None:
        if watch is None:
            self._watches.pop(space, None)
        else:
            self._watches[space] = watch
        for (where, _), pipeline in self._lanes.items():
            if where == space:
                pipeline.watch(watch)

    def _frame(self, space: str, tick: int, lane: int, flags: int, payload: bytes, now: float) -> Iterable[Heard]:
        key = (space, lane)
        pipeline = self._lanes.get(key)
        if pipeline is None:
            return  # it was closed while these frames were queued
        yield from pipeline.frame(tick, flags, payload)
        if pipeline.silent:
            self._fed.pop(key, None)
        else:
            self._fed[key] = now


@dataclass(frozen=True)
class Ceiling:
    """Limits a worker's memory, since recognisers are reported to leak. Both numbers are bytes.

    `loaded` is the memory after the model was loaded, `growth` what may be added. Above that the worker ends at the next silence, above
    1.5 times `growth` at once.
    """

    loaded: int
    growth: int

    def is_reached(self, resident: int, silent: bool) -> bool:
        """Whether the worker should end now."""
        grown = resident - self.loaded
        return grown >= self.growth * 1.5 or (silent and grown >= self.growth)


class Memory:
    """Looks once a second how much of the memory below the ceiling is left."""

    def __init__(self, ceiling: Ceiling) -> None:
        self._ceiling = ceiling
        self._looked = time.monotonic()

    def is_exhausted(self, silent: bool) -> bool:
        """Whether the worker should end now."""
        if (now := time.monotonic()) - self._looked < BEAT_SECONDS:
            return False
        self._looked = now
        return self._ceiling.is_reached(resident_bytes(), silent)


def resident_bytes() -> int:
    """Bytes of this process's memory that are in RAM; 0 where /proc does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


class Outlet:
    """The worker's way to the pool: whole messages, also when two threads send."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, messages: Iterable[FromWorker]) -> None:
        """Write these messages as they come. Raises BrokenPipeError when the pool is gone."""
        for message in messages:
            data = memoryview(pack(message))
            with self._lock:
                while data:
                    data = data[os.write(self._fd, data) :]


class Heartbeat(threading.Thread):
    """Tells the pool each second that the worker lives, and for how long it has been at one message. A thread, because a recogniser may be
    busy for seconds."""

    def __init__(self, outlet: Outlet) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._outlet = outlet
        self._busy_since: float | None = None
        self._over = threading.Event()

    def run(self) -> None:
        """Beat until `stop`, or until the pool is gone."""
        with suppress(OSError):
            while not self._over.is_set():
                since = self._busy_since
                busy = 0.0 if since is None else time.monotonic() - since
                self._outlet.send([Beat(resident_bytes(), busy)])
                self._over.wait(BEAT_SECONDS)

    def stop(self) -> None:
        """Beat no more, and wait for that: the descriptor may be another file's afterwards. A pool that reads nothing is not waited for."""
        self._over.set()
        self.join(2 * BEAT_SECONDS + 1)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Inside, one message is worked on."""
        self._busy_since = time.monotonic()
        try:
            yield
        finally:
            self._busy_since = None


def run(load: Callable[[], Callable[[], Recogniser]], fd_in: int, fd_out: int, growth: int) -> int:
    """Load the model, and serve until stdin ends (0) or memory has reached its ceiling (EXIT_MEMORY). Raises ProtocolError, ModelError."""
    outlet = Outlet(fd_out)
    heart = Heartbeat(outlet)
    heart.start()
    try:
        return _serve(load, fd_in, outlet, heart, growth)
    finally:
        heart.stop()


def _serve(
    load: Callable[[], Callable[[], Recogniser]], fd_in: int, outlet: Outlet, heart: Heartbeat, growth: int
) -> int:
    make = load()
    _try_out(make())
    recognisers, memory = LaneRecognisers(make), Memory(Ceiling(resident_bytes(), growth))
    unpacker = Unpacker[ToWorker](ToWorker, MAX_TO_WORKER)
    outlet.send([Ready()])
    while True:
        if _is_readable(fd_in, 0.1):
            data = os.read(fd_in, _READ_BYTES)
            if not data:
                return 0
            for message in unpacker.feed(data):
                with heart.working():
                    outlet.send(recognisers.take(message, time.monotonic()))
                if memory.is_exhausted(recognisers.silent):
                    return EXIT_MEMORY
        if not _is_readable(fd_in, 0):  # with more to read, a lane may only seem to have stopped
            with heart.working():
                outlet.send(recognisers.idle(time.monotonic()))
        if memory.is_exhausted(recognisers.silent):
            return EXIT_MEMORY


def _try_out(recogniser: Recogniser) -> None:
    """Recognise a moment of silence: a model with a damaged file may load, and fail only here."""
    recogniser.feed(bytes(BYTES_PER_SECOND // 10))
    recogniser.finish()


def _is_readable(fd: int, seconds: float) -> bool:
    return bool(select.select([fd], [], [], seconds)[0])
