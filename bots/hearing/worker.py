"""The child process that hears: many lanes, one model, one thread. It ends when its stdin does, so nothing outlives the bot."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bots.hearing.lane import LanePipeline
from bots.hearing.messages import Beat, Close, Frames, FromWorker, Open, Ready, ToWorker, Utterance
from bots.hearing.recogniser import Recogniser
from spacesctl.support.messages import Unpacker, pack

MAX_LANES = 256
IDLE_SECONDS = 0.7
"""A lane whose frames stop coming (nothing is sent for silence) has ended its utterance after so long."""
BEAT_SECONDS = 1.0
EXIT_MEMORY = 75
"""Exit code that asks for a new worker at once: this one had grown to its ceiling and nobody was talking."""
EXIT_BROKEN = 76
"""Exit code for a parent that does not speak the protocol."""
EXIT_MODEL = 77
"""Exit code for a model that does not load."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_READ_BYTES = 1 << 16


class LaneRecognisers:
    """Every lane of a worker. Pure apart from the recognisers: messages in, messages out, time passed in (seconds, any clock)."""

    def __init__(self, make: Callable[[], Recogniser]) -> None:
        self._make = make
        self._lanes: dict[tuple[str, int], LanePipeline] = {}
        self._fed: dict[tuple[str, int], float] = {}
        """Lanes with an utterance under way, and when they last had a frame."""

    @property
    def silent(self) -> bool:
        return not self._fed

    def take(self, message: ToWorker, now: float) -> Iterable[Utterance]:
        match message:
            case Open(space, lane):
                self._open(space, lane)
            case Close(space, lane):
                hearing = self._lanes.pop((space, lane), None)
                self._fed.pop((space, lane), None)
                if hearing is not None:
                    yield from hearing.rest()
            case Frames(space, tick, frames):
                for lane, flags, payload in frames:
                    yield from self._frame(space, tick, lane, flags, payload, now)

    def idle(self, now: float) -> Iterable[Utterance]:
        """End the utterances of lanes that fell silent."""
        for key in [key for key, at in self._fed.items() if now - at >= IDLE_SECONDS]:
            yield from self._lanes[key].rest()
            del self._fed[key]

    def _open(self, space: str, lane: int) -> None:
        if (space, lane) not in self._lanes and len(self._lanes) < MAX_LANES:
            self._lanes[space, lane] = LanePipeline(space, lane, self._make())

    def _frame(self, space: str, tick: int, lane: int, flags: int, payload: bytes, now: float) -> Iterable[Utterance]:
        key = (space, lane)
        hearing = self._lanes.get(key)
        if hearing is None:
            return  # closed while its last frames were on their way
        yield from hearing.frame(tick, flags, payload)
        if hearing.silent:
            self._fed.pop(key, None)
        else:
            self._fed[key] = now


@dataclass(frozen=True)
class Ceiling:
    """How much a worker may grow over what it took with its model loaded: recognisers are reported to leak.

    At the ceiling it waits for silence, at half as much again it does not.
    """

    loaded: int
    growth: int

    def is_reached(self, resident: int, silent: bool) -> bool:
        grown = resident - self.loaded
        return grown >= self.growth * 1.5 or (silent and grown >= self.growth)


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where /proc does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


class Heart:
    """Tells the parent each second that the worker lives, also in the middle of a backlog."""

    def __init__(self, fd: int, growth: int) -> None:
        self._fd = fd
        self._ceiling = Ceiling(resident_bytes(), growth)
        self._beaten = time.monotonic()

    def beat(self, now: float, silent: bool) -> bool:
        """Whether the memory ceiling is reached."""
        if now - self._beaten < BEAT_SECONDS:
            return False
        self._beaten = now
        resident = resident_bytes()
        _send(self._fd, [Beat(resident)])
        return self._ceiling.is_reached(resident, silent)


def run(make: Callable[[], Recogniser], fd_in: int, fd_out: int, growth: int) -> int:
    """Serve until stdin ends (0), memory is at its ceiling (EXIT_MEMORY) or the parent talks nonsense (ProtocolError)."""
    hearing = LaneRecognisers(make)
    heart = Heart(fd_out, growth)
    unpacker = Unpacker[ToWorker](ToWorker)
    _send(fd_out, [Ready()])
    while True:
        if _is_readable(fd_in, 0.1):
            data = os.read(fd_in, _READ_BYTES)
            if not data:
                return 0
            for message in unpacker.feed(data):
                _send(fd_out, hearing.take(message, time.monotonic()))
                if heart.beat(time.monotonic(), hearing.silent):
                    return EXIT_MEMORY
        if not _is_readable(fd_in, 0):  # else we are behind, and a lane only seems to have stopped
            _send(fd_out, hearing.idle(time.monotonic()))
        if heart.beat(time.monotonic(), hearing.silent):
            return EXIT_MEMORY


def _is_readable(fd: int, seconds: float) -> bool:
    return bool(select.select([fd], [], [], seconds)[0])


def _send(fd: int, messages: Iterable[FromWorker]) -> None:
    for message in messages:
        data = memoryview(pack(message))
        while data:
            data = data[os.write(fd, data) :]
