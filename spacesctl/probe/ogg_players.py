"""Thousands of players of one stream of Ogg Opus in one process, `listen.ogg` or another server's. Their sockets are read in turn, and
the pages of each stream are checked."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from spacesctl.probe.description import NotConnected
from spacesctl.probe.listener_pool import AT_ONCE, BATCH, VISIT, together
from spacesctl.probe.page_check import Heard, PageCheck

WITHIN: Final = 20.0
"""Seconds that an answer to a GET may take."""
_READ: Final = 1 << 16


class Player:
    """One GET of `path`, on a socket of its own."""

    def __init__(self, url: str, path: str) -> None:
        self.check = PageCheck()
        self.ended = False
        self._place = urlsplit(url)
        self._path = path
        self._chunks = bytearray()
        self._chunked = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)

    async def connect(self) -> None:
        """Send the request and wait for the head of the answer. Raises NotConnected."""
        loop = asyncio.get_running_loop()
        request = f"GET {self._path} HTTP/1.1\r\nHost: {self._place.netloc}\r\n\r\n"
        try:
            async with asyncio.timeout(WITHIN):
                await loop.sock_connect(self.socket, (self._place.hostname, self._place.port))
                await loop.sock_sendall(self.socket, request.encode())
                while b"\r\n\r\n" not in self._chunks:
                    self._chunks += await loop.sock_recv(self.socket, _READ) or _over()
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"no answer to a GET of {self._path}: {str(error) or 'it took too long'}") from error
        head, _, rest = bytes(self._chunks).partition(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0].decode("latin-1")
        if " 200 " not in status:
            raise NotConnected(f"{self._path} is refused: {status}")
        self._chunked = re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head) is not None
        self._chunks = bytearray(rest)

    def read(self) -> None:
        """Read all bytes that wait in the socket."""
        while not self.ended:
            try:
                data = self.socket.recv(_READ)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.ended = not data
            self._chunks += data
        self._unpack()

    def _unpack(self) -> None:
        """Give the contents of each complete chunk (RFC 9112, 7.1) to the page check, or everything if there are no chunks."""
        if not self._chunked:
            self.check.take(bytes(self._chunks))
            self._chunks.clear()
            return
        while (found := re.match(rb"([0-9a-fA-F]+)\r\n", self._chunks)) is not None:
            begin, size = found.end(), int(found[1], 16)
            if len(self._chunks) < begin + size + 2:
                return
            self.check.take(bytes(self._chunks[begin : begin + size]))
            del self._chunks[: begin + size + 2]
            self.ended = self.ended or not size


class Players:
    """`async with Players(url, path)`. All players read fast enough to keep up with the server."""

    def __init__(self, url: str, path: str) -> None:
        self.players: list[Player] = []
        self._url = url
        self._path = path
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Players:
        self._task = asyncio.create_task(self._visit())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for one in self.players:
            one.socket.close()

    async def grow(self, count: int) -> None:
        """Add players until there are `count`. Raises NotConnected."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with turn:
                player = Player(self._url, self._path)
                try:
                    await player.connect()
                except BaseException:
                    player.socket.close()
                    raise
                self.players.append(player)

        await together([one() for _ in range(count - len(self.players))])

    async def begin(self) -> None:
        """Count from now on."""
        await self._read_all()
        for one in self.players:
            one.check.begin()

    async def counted(self) -> list[Heard]:
        """What each player received since `begin`."""
        await self._read_all()
        return [one.check.heard for one in self.players]

    @property
    def ended(self) -> int:
        """How many streams have ended."""
        return sum(one.ended for one in self.players)

    async def _read_all(self) -> None:
        for place, one in enumerate(list(self.players)):
            one.read()
            if place % BATCH == BATCH - 1:
                await asyncio.sleep(0)

    async def _visit(self) -> None:
        while True:
            began = time.monotonic()
            for place, one in enumerate(list(self.players)):
                one.read()
                if place % BATCH == BATCH - 1:
                    due = began + VISIT * place / len(self.players)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
            await asyncio.sleep(max(0.005, began + VISIT - time.monotonic()))


def _over() -> bytes:
    raise ConnectionResetError("it was closed")
