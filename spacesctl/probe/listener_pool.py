"""Thousands of listeners in one process. They join a few at a time, their sockets are read in turn, and their losses are added up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from spacesctl.audio.opus import Decoder, OpusError
from spacesctl.probe.description import NotConnected
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.probe.receive_loop import WHOLE, ReceiveLoop
from spacesctl.rtc import rtp
from spacesctl.rtc.dtls import Identity
from spacesctl.rtc.srtp import SrtpError

VISIT: Final = 0.4
"""Seconds between two reads of the same socket."""
CHECK: Final = 2.5
"""Seconds between a listener's connectivity checks, as in Chromium."""
REPORT: Final = 5.0
"""Seconds between its receiver reports."""
AT_ONCE: Final = 16
"""Listeners that join at the same time."""
BATCH: Final = 8
"""Sockets that are read before other tasks of this process may run."""


@dataclass(frozen=True)
class Counted:
    """What all listeners received since `begin`. All packets of `whole` listeners are decoded; for `undecoded` this failed."""

    packets: int
    lost: int
    reordered: int
    listeners_with_loss: int
    whole: int
    undecoded: int


class ListenerPool:
    """`async with ListenerPool(signal, ...)`. `signal` does the signalling of one listener: it calls its `offer` and `answer`."""

    def __init__(self, signal: Callable[[PooledListener], Awaitable[None]], host: str = "127.0.0.1") -> None:
        self.listeners: list[PooledListener] = []
        self._signal = signal
        self._host = host
        self._identity = Identity()
        self._drain = ReceiveLoop()
        self._task: asyncio.Task[None] | None = None
        self._checked: dict[PooledListener, float] = {}
        self._reported: dict[PooledListener, float] = {}

    async def __aenter__(self) -> ListenerPool:
        self._task = asyncio.create_task(self._visit())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for one in self.listeners:
            one.socket.close()
        self.listeners.clear()

    async def grow(self, count: int, at_once: int = AT_ONCE) -> float:
        """Add listeners until there are `count`. Returns the seconds that this took. Raises NotConnected, or what the signalling raises."""
        began, turn = time.monotonic(), asyncio.Semaphore(at_once)

        async def one(number: int) -> None:
            async with turn:
                listener = PooledListener(self._identity, f"l{number}", self._host)
                try:
                    await self._signal(listener)
                    await self.enter(listener)
                except BaseException:
                    listener.socket.close()
                    raise

        await together([one(number) for number in range(len(self.listeners), count)])
        return time.monotonic() - began

    async def signalled(self, count: int) -> list[PooledListener]:
        """Create `count` more listeners and do their signalling, but do not connect them. Pass each to `enter` to connect it."""
        made = [PooledListener(self._identity, f"s{number}", self._host) for number in range(count)]
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(listener: PooledListener) -> None:
            async with turn:
                await self._signal(listener)

        await asyncio.gather(*(one(listener) for listener in made))
        return made

    async def enter(self, listener: PooledListener) -> None:
        """Connect a listener, and read its socket regularly from now on."""
        await listener.connect()
        self._drain.tallies.pop(listener.socket.fileno(), None)  # may be left from an earlier socket with this number
        self._checked[listener] = self._reported[listener] = time.monotonic()
        self.listeners.append(listener)

    def leave(self, listener: PooledListener) -> None:
        """Close a listener. Its losses so far no longer count."""
        self.listeners.remove(listener)
        self._drain.tallies.pop(listener.socket.fileno(), None)
        listener.hang_up()

    async def begin(self) -> None:
        """Count from now on."""
        await self.catch_up()
        for place, one in enumerate(self.listeners):
            tally = self._drain.tally(one)
            tally.begin()
            tally.kept = [] if place < WHOLE else None

    async def counted(self) -> Counted:
        """What all listeners received since `begin`."""
        await self.catch_up()
        tallies = [self._drain.tally(one) for one in self.listeners]
        whole = [
            (one, self._drain.tally(one).kept) for one in self.listeners if self._drain.tally(one).kept is not None
        ]
        return Counted(
            packets=sum(tally.count for tally in tallies),
            lost=sum(tally.lost for tally in tallies),
            reordered=sum(tally.reordered for tally in tallies),
            listeners_with_loss=sum(tally.lost > 0 for tally in tallies),
            whole=len(whole),
            undecoded=sum(_undecoded(one, kept or []) for one, kept in whole),
        )

    async def catch_up(self) -> None:
        """Read all datagrams that wait in the listeners' sockets."""
        for place, one in enumerate(list(self.listeners)):
            self._drain.read(one)
            if place % BATCH == BATCH - 1:
                await asyncio.sleep(0)

    async def _visit(self) -> None:
        while True:
            began = time.monotonic()
            for place, one in enumerate(list(self.listeners)):
                with contextlib.suppress(OSError):
                    self._visited(one)
                if place % BATCH == BATCH - 1:
                    due = began + VISIT * place / len(self.listeners or [one])
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
            await asyncio.sleep(max(0.005, began + VISIT - time.monotonic()))

    def _visited(self, one: PooledListener) -> None:
        if one not in self._checked or one.socket.fileno() < 0:
            return
        self._drain.read(one)
        now = time.monotonic()
        if now >= self._checked[one]:
            self._checked[one] += CHECK
            one.check()
        if now >= self._reported[one]:
            self._reported[one] += REPORT
            one.report()


async def together(each: Sequence[Coroutine[object, None, None]]) -> None:
    """Run all of them at the same time. The first error cancels the others, and only that error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in each:
                group.create_task(one)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _undecoded(one: PooledListener, kept: list[bytes]) -> int:
    decoder, wrong = Decoder(), 0
    for datagram in kept:
        try:
            if one.session.srtp is None:
                raise NotConnected(one.name)
            decoder.decode(rtp.parse(one.session.srtp.unprotect(datagram)).payload)
        except (SrtpError, rtp.RtpError, OpusError):
            wrong += 1
    return wrong
