"""Answers that are Server-Sent Events, which no cache keeps, with a comment when nothing is said for a while.

The events of a Space go through the one writer (`live.stream_writer`): the request sends the head, a greeting and what its client
missed, hands the connection over, and waits for the end. Where there is no connection to hand over it sends everything itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from spacesctl.live.event_views import STILL_HERE
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.stream_writer import HEARTBEAT
from spacesctl.live.subscriber import Subscriber
from spacesctl.server.http.front.direct import Direct, direct_of

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """The answer of messages as `event_views.sse` makes them. None stands for `HEARTBEAT` seconds in which there was none."""

    def __init__(self, messages: AsyncGenerator[bytes | None]) -> None:
        super().__init__(_written(messages), 200, _HEADERS, "text/event-stream")


class SpaceEvents(EventStream):
    """The answer with the events of a Space: `first`, and then what `subscriber` gets. Whenever the client leaves, it is forgotten."""

    def __init__(self, handle: SpaceHandle, subscriber: Subscriber, first: AsyncGenerator[bytes]) -> None:
        super().__init__(_followed(first, subscriber))
        self._handle, self._subscriber, self._first = handle, subscriber, first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = direct_of(scope)
        try:
            if direct is None:
                await super().__call__(scope, receive, send)
            else:
                await self._hand_over(direct, receive, send)
        finally:
            self._handle.unsubscribe(self._subscriber)

    async def _hand_over(self, direct: Direct, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._first) as first:
            async for message in first:
                await send(_body(message))
        await send(_body(b""))  # waits until the client has read enough
        self._handle.attach(self._subscriber, direct)
        while not self._subscriber.closed and (await receive())["type"] != "http.disconnect":
            pass
        self._handle.unsubscribe(self._subscriber)  # before the end can be seen
        await send(_body(b"", more=False))


def only_headers() -> Response:
    """The answer to HEAD."""
    answer = Response(headers=_HEADERS, media_type="text/event-stream")
    del answer.headers["content-length"]
    return answer


def streamed(schema: str) -> dict[int | str, dict[str, object]]:
    """The declaration of a stream whose messages have this schema of the document."""
    content = {"text/event-stream": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {200: {"description": "Server-Sent Events; the schema is that of each one's data", "content": content}}


def _body(data: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _followed(first: AsyncGenerator[bytes], subscriber: Subscriber) -> AsyncGenerator[bytes | None]:
    async with aclosing(first):
        async for message in first:
            yield message
    while (said := await subscriber.next(HEARTBEAT)) is not None:
        yield said or None


async def _written(messages: AsyncGenerator[bytes | None]) -> AsyncIterator[bytes]:
    async with aclosing(messages):  # at once, when the client leaves
        async for message in messages:
            yield STILL_HERE if message is None else message
