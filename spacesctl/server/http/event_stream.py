"""The one writer of event streams: Server-Sent Events that no cache keeps, with a comment when nothing is said for a while."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from fastapi.responses import StreamingResponse

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment line is sent: it keeps proxies from closing the stream."""
_STILL_HERE: Final = b": still here\n\n"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event_stream(messages: AsyncGenerator[bytes | None]) -> StreamingResponse:
    """A stream of messages as `event_views.sse` makes them. None stands for `HEARTBEAT` seconds in which there was none."""
    return StreamingResponse(_written(messages), 200, _HEADERS, "text/event-stream")


def streamed(schema: str) -> dict[int | str, dict[str, object]]:
    """The declaration of a stream whose messages have this schema of the document."""
    content = {"text/event-stream": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {200: {"description": "Server-Sent Events; the schema is that of each one's data", "content": content}}


async def _written(messages: AsyncGenerator[bytes | None]) -> AsyncIterator[bytes]:
    async with aclosing(messages):  # at once, when the client leaves: who follows the events is present
        async for message in messages:
            yield _STILL_HERE if message is None else message
