"""The one writer of event streams: Server-Sent Events that no cache keeps, with a comment when nothing is said for a while."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment line is sent: it keeps proxies from closing the stream."""
_STILL_HERE: Final = b": still here\n\n"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """The answer. `end` is called when it ends, also when the client has left before it began."""

    def __init__(self, messages: AsyncGenerator[bytes | None], end: Callable[[], None]) -> None:
        super().__init__(_written(messages), 200, _HEADERS, "text/event-stream")
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


def event_stream(messages: AsyncGenerator[bytes | None], end: Callable[[], None] = lambda: None) -> StreamingResponse:
    """A stream of messages as `event_views.sse` makes them. None stands for `HEARTBEAT` seconds in which there was none."""
    return EventStream(messages, end)


def only_headers() -> Response:
    """The answer to HEAD."""
    answer = Response(headers=_HEADERS, media_type="text/event-stream")
    del answer.headers["content-length"]
    return answer


def streamed(schema: str) -> dict[int | str, dict[str, object]]:
    """The declaration of a stream whose messages have this schema of the document."""
    content = {"text/event-stream": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {200: {"description": "Server-Sent Events; the schema is that of each one's data", "content": content}}


async def _written(messages: AsyncGenerator[bytes | None]) -> AsyncIterator[bytes]:
    async with aclosing(messages):  # at once, when the client leaves: who follows the events is present
        async for message in messages:
            yield _STILL_HERE if message is None else message
