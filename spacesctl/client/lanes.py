"""Sound over WebSocket: speak, listen, or (for the bundled bot) receive each lane separately.

async with Lanes(url, token, space_id, "listen") as lanes:
    async for message in lanes:       # bytes: `audio.framing` messages; others: events of `api.lanes`
        ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Literal
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response

from spacesctl.api.lanes import Hello, LaneEvent, Rejected, read_lane_event
from spacesctl.client.connecting import require_url
from spacesctl.client.problems import as_error, check, unreachable
from spacesctl.client.transport import expect, headers_of, no_server, path_on
from spacesctl.domain.errors import SpacesError

OPEN_TIMEOUT = 10.0
"""Seconds to connect, and for the server's first message."""
PING_EVERY = 2.0
"""Seconds between two pings."""
LOST_AFTER = 6.0
"""Seconds without an answer to one after which the connection counts as lost: the server hangs, or the network is gone."""
CLOSE_WITHIN = 1.0
"""Seconds that the server has to answer our close frame: one that hangs never does."""
NO_ANSWER = "application/x-no-answer"
"""A content type that no success has here."""
MAX_MESSAGE = 128 * 1024
"""Bytes of a message from the server at most."""


class _Connect(connect):
    """A connection that follows no redirection: the microphone would go to another server."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The refusal as it came."""
        return exc


class Lanes:
    """A connection, opened with `async with`. `hello` is the server's first message.

    Entering raises the error with which the server refuses, or Unavailable when it cannot be reached.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        space_id: str,
        role: Literal["speak", "listen", "all"],
        *,
        mic_open: bool = True,
        consent: bool = False,
    ) -> None:
        """`mic_open`: the microphone session begins unmuted. `consent`: the speaker agrees to be recorded. Raises Invalid."""
        from spacesctl.client.groups.spaces import place

        words = {"role": role} | ({} if mic_open else {"mic": "closed"}) | ({"consent": "recording"} if consent else {})
        query = urlencode(words)
        self._server = require_url(url)
        path = path_on(self._server, place(space_id, "lanes"))
        self._url = f"ws{self._server.removeprefix('http')}{path}?{query}"
        self._headers = headers_of(token)
        self._socket: ClientConnection | None = None
        self._hello: Hello | None = None

    async def __aenter__(self) -> Lanes:
        try:
            self._socket = await _Connect(
                self._url,
                additional_headers=self._headers,
                compression=None,
                open_timeout=OPEN_TIMEOUT,
                max_size=MAX_MESSAGE,
                ping_interval=PING_EVERY,
                ping_timeout=LOST_AFTER,
                close_timeout=CLOSE_WITHIN,
                proxy=None,
            )
            async with asyncio.timeout(OPEN_TIMEOUT):
                hello = read_lane_event(await self._socket.recv())
        except InvalidStatus as error:  # an answer, but not that of a WebSocket
            await self._close()
            raise self._refusal(error.response) from error
        except (OSError, TimeoutError, WebSocketException, ValueError, EOFError) as error:
            await self._close()
            raise unreachable(self._server, error) from error
        if isinstance(hello, Rejected):
            await self._close()
            raise as_error(hello.problem, hello.problem.status)
        if not isinstance(hello, Hello):
            await self._close()
            raise no_server(self._server)
        self._hello = hello
        return self

    def _refusal(self, said: Response) -> SpacesError:
        """The error of an answer in the place of a connection."""
        kept = {name: value for name, value in said.headers.raw_items() if name.lower() != "content-encoding"}
        found = httpx.Response(said.status_code, headers=kept, content=bytes(said.body or b""))
        try:
            check(expect(self._server, found, NO_ANSWER))
        except SpacesError as error:
            return error
        return no_server(self._server)

    @property
    def hello(self) -> Hello:
        """The server's first message."""
        if self._hello is None:
            raise RuntimeError("open the connection with `async with` first")
        return self._hello

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def __aiter__(self) -> AsyncIterator[bytes | LaneEvent]:
        """The messages until the server closes; its last event says why (`Ended`). Events that are not known are passed over."""
        if self._socket is None:
            raise RuntimeError("open the connection with `async with` first")
        try:
            async for message in self._socket:
                if isinstance(message, bytes):
                    yield message
                elif (event := read_lane_event(message)) is not None:
                    yield event
        except ConnectionClosed:
            return

    async def send(self, message: bytes) -> None:
        """Send one uplink message of `audio.framing`. Raises Unavailable when the connection is lost."""
        if self._socket is None:
            raise RuntimeError("open the connection with `async with` first")
        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise unreachable(self._server, error) from error

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
