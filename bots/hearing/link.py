"""The pool's end of a recogniser's socket. Nothing here waits: what is sent is written when it can be."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from bots.hearing.messages import Close, Confirmed, Figures, FromRecogniser, Told, ToRecogniser
from spacesctl.support.messages import ProtocolError, Unpacker, pack

SILENT_SECONDS: Final = 5.0
"""A recogniser that has answered nothing for so long, and has not used the processor either, is stopped or hangs."""
BUSY_SECONDS: Final = 60.0
"""One that has been at one message for so long will not end it. Large models are busy for seconds, not for a minute."""

log = logging.getLogger("bots.hearing")


class Owner(Protocol):
    """Who is told what a recogniser says."""

    def on_told(self, link: Link, told: Told | Confirmed) -> None:
        """It has recognised something; `Confirmed` comes from that for second recognitions."""


class Link(asyncio.Protocol):
    """One recogniser, called `number`. `pid` is None until it is known."""

    def __init__(self, number: int, owner: Owner) -> None:
        self.number = number
        self.pid: int | None = None
        self.figures = Figures(0, 0.0, 0.0)
        self.lost = False
        """Whether nothing comes from it any more. When its process has ended, the model process tells so."""
        self.broken = False
        """Whether it spoke nonsense, or hangs."""
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._unpacker = Unpacker[FromRecogniser](FromRecogniser)
        self._progress_at = self._look_at = time.monotonic()
        self._cpu = -1

    def send(self, data: bytes) -> None:
        """Send packed messages."""
        if self._transport is None:
            self._early.append(data)
        elif not self.lost:
            self._transport.write(data)

    def say(self, message: ToRecogniser) -> None:
        """Send a message."""
        self.send(pack(message))

    def finish(self) -> None:
        """No more sound comes: it is to tell what it has still heard."""
        self.say(Close())

    def end(self) -> None:
        """Let it go: it ends when its socket is closed."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    def busy_since(self, now: float) -> None:
        """It has got something to do, and had nothing before."""
        self._progress_at = self._look_at = now

    def is_suspect(self, now: float) -> bool:
        """Whether it should have answered long ago: `judge` tells why it has not."""
        return now - max(self._progress_at, self._look_at) >= SILENT_SECONDS

    async def judge(self, now: float) -> bool:
        """Whether it hangs: it does nothing, or works on the same for too long. One that the processor has no time for does not hang."""
        self._look_at, before = now, self._cpu
        state, self._cpu = await asyncio.to_thread(_state_of, self.pid)
        idle = state in "TtZX" or (state not in "RD?" and self._cpu == before)
        return (idle or now - self._progress_at >= BUSY_SECONDS) and not self.lost

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.lost:
            transport.abort()
        for data in self._early:
            transport.write(data)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._unpacker.feed(data):
                if isinstance(message, Figures):
                    self.figures = message
                elif not self.lost:
                    self._progress_at = time.monotonic()
                    self._owner.on_told(self, message)
        except ProtocolError:
            log.warning("a recogniser is ended: ProtocolError")
            self.broken = True
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def connect(number: int, owner: Owner, keep: Callable[[asyncio.Task[object]], None]) -> tuple[Link, socket.socket]:
    """A link, and the end of its socket that the recogniser gets. Raises OSError when no descriptor is free."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = Link(number, owner)
    loop = asyncio.get_running_loop()
    keep(loop.create_task(loop.create_connection(lambda: link, sock=ours)))
    return link, theirs


def _state_of(pid: int | None) -> tuple[str, int]:
    """A process's state (proc(5): R, S, D, T) and its CPU time in clock ticks; `?` where it is not known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return "?", 0
