"""One lane's recogniser: a process that the model process forks, with one thread. It ends when its socket is closed."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from bots.hearing.arming import Watch
from bots.hearing.lane import LanePipeline
from bots.hearing.memory import PrivateMemory
from bots.hearing.messages import (
    MAX_TO_RECOGNISER,
    Close,
    Figures,
    FromRecogniser,
    Heard,
    Lean,
    Open,
    Rules,
    Sound,
    Told,
    ToRecogniser,
    Utterance,
)
from bots.hearing.recogniser import Capabilities, HeardWord, Recogniser, Result
from spacesctl.support.messages import Unpacker, pack

IDLE_SECONDS: Final = 0.7
"""An utterance ends when its lane has had no frame for so long (for silence nothing is sent)."""
FIGURES_EVERY: Final = 50
"""`Sound` messages between two `Figures` at the most: 5 to 10 s of speech, in which a recogniser of a real model may grow by 70 MB. They
also go before each utterance that has ended: there a lane can move to a new recogniser, and has little to hear again."""
_READ_BYTES: Final = 1 << 16


class Metered:
    """A recogniser that counts the CPU time of its calls, in `seconds`."""

    def __init__(self, inner: Recogniser) -> None:
        self._inner = inner
        self.seconds = 0.0

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        return self._metered(lambda: self._inner.feed(pcm, partial=partial))

    def timed(self) -> tuple[HeardWord, ...]:
        began = time.thread_time()
        found = self._inner.timed()
        self.seconds += time.thread_time() - began
        return found

    def finish(self) -> Result:
        return self._metered(self._inner.finish)

    def begin(self) -> None:
        self._inner.begin()

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        return self._inner.again(pcm, most=most, among=among)

    def vocabulary(self) -> Collection[str]:
        return self._inner.vocabulary()

    def _metered(self, call: Callable[[], Result]) -> Result:
        began = time.thread_time()
        found = call()
        self.seconds += time.thread_time() - began
        return found


class RecogniserProcess:
    """Messages in, messages out; it does no I/O."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = Metered(recogniser)
        self._lane: LanePipeline | None = None
        self._watch: Watch | None = None
        self._lean = False
        self._number = 0
        self._sounds = 0
        self._memory = PrivateMemory()

    @property
    def silent(self) -> bool:
        """Whether no utterance is under way."""
        return self._lane is None or self._lane.silent

    def take(self, message: ToRecogniser) -> Iterator[FromRecogniser]:
        """Handle a message. There is an answer to each `Sound`, and to `Close`."""
        match message:
            case Open(space, lane, after, phase):
                self._lane = LanePipeline(space, lane, self._recogniser, self._watch, after=after, phase=phase)
                self._lane.lean = self._lean
            case Rules(_, rules, exceptions):
                self._watch = Watch(rules, exceptions) if rules else None
                if self._lane is not None:
                    self._lane.watch(self._watch)
            case Lean(on):
                self._lean = on
                if self._lane is not None:
                    self._lane.lean = on
            case Sound(number, frames):
                self._number = number
                told = self._told(self._frames(frames))
                self._sounds += 1
                if self._sounds % FIGURES_EVERY == 0 or any(_ends(heard) for heard in told.heard):
                    yield self.figures()
                yield told
            case Close():
                yield from self.rest(closed=True)

    def rest(self, *, closed: bool = False) -> Iterator[FromRecogniser]:
        """End the utterance under way: no frame has come for `IDLE_SECONDS`, or none comes any more."""
        yield self.figures()
        yield self._told(self._lane.rest() if self._lane is not None else (), closed=closed)

    def figures(self) -> Figures:
        """What this process has cost."""
        return Figures(self._memory.look(), round(time.process_time(), 4), round(self._recogniser.seconds, 4))

    def _frames(self, frames: Iterable[tuple[int, int, bytes]]) -> Iterator[Heard]:
        if self._lane is not None:
            for tick, flags, payload in frames:
                yield from self._lane.frame(tick, flags, payload)

    def _told(self, heard: Iterable[Heard], *, closed: bool = False) -> Told:
        found = list(heard)
        under_way = self._lane.under_way if self._lane is not None else None
        return Told(self._number, found, under_way, closed)


def run(recogniser: Recogniser, sock: socket.socket) -> int:
    """Serve until the socket is closed (0). Raises ProtocolError, ConnectionError."""
    process = RecogniserProcess(recogniser)
    unpacker = Unpacker[ToRecogniser](ToRecogniser, MAX_TO_RECOGNISER)
    waits = False
    while True:
        if waits is process.silent:
            waits = not waits
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(IDLE_SECONDS if waits else 0))
        try:
            data = sock.recv(_READ_BYTES)
        except BlockingIOError:
            sock.sendall(b"".join(pack(answer) for answer in process.rest()))
            continue
        if not data:
            return 0
        answers = [pack(answer) for message in unpacker.feed(data) for answer in process.take(message)]
        if answers:
            sock.sendall(b"".join(answers))


def _ends(heard: Heard) -> bool:
    return isinstance(heard, Utterance) and heard.final


def _timeval(seconds: float) -> bytes:
    """`struct timeval`: with `SO_RCVTIMEO`, waiting for sound takes one system call and not two. 0: wait for ever."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
