"""How control and engine talk: the messages of `support.messages` over an inherited socket pair.

A side that does not read makes the other's queue grow: beyond `QUEUE` bytes what is only sound
(`Frames`, `Levels`) is dropped and counted; what changes something is never dropped.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, Final, Generic, TypeVar

from spacesctl.engine.messages import Frames, FromEngine, Levels, ToEngine
from spacesctl.support.messages import ProtocolError, Unpacker, pack

QUEUE: Final = 4 * 1024 * 1024
"""Bytes waiting for a slow reader before sound is dropped: about half a minute of ten lanes."""
READ: Final = 64 * 1024
"""Bytes read at a time."""

In = TypeVar("In")
Out = TypeVar("Out")


class LinkError(ConnectionError):
    """The other side sent what is not a message."""


class Link(Generic[Out, In]):
    """One end of the pipe: `post` or `send` what goes out, iterate over what comes in until the other side is gone.

    `dropped` counts the messages that a slow reader lost. Use `connect_control` or `connect_engine` to make one.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any) -> None:
        self.dropped = 0
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker[In](incoming)
        self._posted = bytearray()

    def post(self, message: Out) -> bool:
        """Queue a message without waiting: all that is posted in one turn of the loop goes together. False when it was dropped: the queue
        is full, or the other side is gone."""
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
        """Send a message, waiting while the other side is slow. Raises ConnectionError when it is gone."""
        if not self.post(message):
            raise ConnectionResetError("the other end of the media link is gone")
        self._go()
        await self._writer.drain()

    async def __aiter__(self) -> AsyncIterator[In]:
        """Everything that comes, until the other side is gone. Raises LinkError for bytes that are not a message."""
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
        """Until the closing is done; a pipe that is already broken counts as closed."""
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


async def connect_control(end: socket.socket) -> Link[ToEngine, FromEngine]:
    """Control's end of the pair."""
    reader, writer = await asyncio.open_unix_connection(sock=end)
    return Link(reader, writer, FromEngine)


async def connect_engine(end: socket.socket) -> Link[FromEngine, ToEngine]:
    """The engine's end of the pair."""
    reader, writer = await asyncio.open_unix_connection(sock=end)
    return Link(reader, writer, ToEngine)
