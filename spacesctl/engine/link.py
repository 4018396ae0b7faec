"""The link between control and engine: the messages of `support.messages` over an inherited socket pair.

When one side reads too slowly, the other side's send queue grows. Beyond `QUEUE` bytes, `Frames` and `Levels` are dropped and counted;
all other messages are never dropped.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, Final, Generic, TypeVar

from spacesctl.engine.messages import Frames, FromEngine, Levels, ToEngine
from spacesctl.support.messages import ProtocolError, Unpacker, pack

QUEUE: Final = 4 * 1024 * 1024
"""Bytes that may wait for a slow reader before frames are dropped: about half a minute of ten lanes."""
READ: Final = 64 * 1024
"""Bytes read at a time."""

In = TypeVar("In")
Out = TypeVar("Out")


class LinkError(ConnectionError):
    """The other side sent something that is not a valid message."""


class Link(Generic[Out, In]):
    """One end of the link: `post` or `send` messages, and iterate over incoming ones until the other side closes.

    `dropped` counts the messages dropped because the other side read too slowly. Use `connect_control` or `connect_engine` to make one.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any) -> None:
        self.dropped = 0
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker[In](incoming)
        self._posted = bytearray()

    def post(self, message: Out) -> bool:
        """Queue a message without waiting. All messages posted in one iteration of the event loop are written together. Returns False when
        the message was dropped because the queue is full or the other side is gone."""
        transport = self._writer.transport
        if transport.is_closing():
            return False
        if isinstance(message, Frames | Levels) and transport.get_write_buffer_size() + len(self._posted) > QUEUE:
            self.dropped += 1
            return False
        if not self._posted:
            asyncio.get_running_loop().call_soon(self._go)
        self._posted += pack(message)
        return True

    def _go(self) -> None:
        posted, self._posted = self._posted, bytearray()
        if posted and not self._writer.transport.is_closing():
            self._writer.write(posted)

    async def send(self, message: Out) -> None:
        """Send a message, waiting while the other side is slow. Raises ConnectionError when the other side is gone."""
        if not self.post(message):
            raise ConnectionResetError("the other end of the media link is closed")
        self._go()
        await self._writer.drain()

    async def __aiter__(self) -> AsyncIterator[In]:
        """Incoming messages, until the other side closes. Raises LinkError on an invalid message."""
        while True:
            try:
                data = await self._reader.read(READ)
            except (ConnectionResetError, BrokenPipeError):
                return
            if not data:
                return
            try:
                for message in self._unpacker.feed(data):
                    yield message
            except ProtocolError as error:
                raise LinkError(str(error)) from error

    def close(self) -> None:
        """Close this end; the other side's iteration ends."""
        self._go()
        self._writer.close()

    async def wait_closed(self) -> None:
        """Wait until this end is closed. A link that is already broken counts as closed."""
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


async def connect_control(end: socket.socket) -> Link[ToEngine, FromEngine]:
    """Make control's end of the link from its socket `end`."""
    reader, writer = await asyncio.open_unix_connection(sock=end)
    return Link(reader, writer, FromEngine)


async def connect_engine(end: socket.socket) -> Link[FromEngine, ToEngine]:
    """Make the engine's end of the link from its socket `end`."""
    reader, writer = await asyncio.open_unix_connection(sock=end)
    return Link(reader, writer, ToEngine)
