"""Live events of one Space to whoever watches: two views, one serialisation for all subscribers of a view."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any

from spacesctl.domain.clock import rfc3339
from spacesctl.domain.events import HIDDEN_FROM_AUDIENCE
from spacesctl.store.spaces import StoredEvent

QUEUE = 512
"""Messages a subscriber may be behind. A slower one is cut off; it comes back with `Last-Event-ID` and has lost nothing durable."""


class View(StrEnum):
    STAFF = "staff"
    AUDIENCE = "audience"


class Subscriber:
    """`account_id` lets the Space close what a removed account still holds open."""

    def __init__(self, view: View, account_id: str | None) -> None:
        self.view = view
        self.account_id = account_id
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.closed = False

    def push(self, message: bytes) -> None:
        if self.closed:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """End the stream; what was not yet read is dropped, the store still has it."""
        self.closed = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self, timeout: float) -> bytes | None:
        """The next message, b"" when none came within `timeout` seconds, None at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._queue.get()
        except TimeoutError:
            return b""


class Hub:
    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()

    def subscribe(self, view: View, account_id: str | None) -> Subscriber:
        subscriber = Subscriber(view, account_id)
        self.subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self.subscribers.discard(subscriber)

    def publish(self, stored: Iterable[StoredEvent]) -> None:
        for event in stored:
            for view in View:
                if (body := visible(event, view)) is not None:
                    self._push(view, sse(event.type, body, event.seq))

    def publish_ephemeral(self, kind: str, data: dict[str, Any], views: Iterable[View] = View) -> None:
        """Not stored, not replayed: levels, counts, partial captions."""
        message = sse(kind, {"type": kind, "data": data})
        for view in views:
            self._push(view, message)

    def close(self, account_id: str | None = None, views: Collection[View] = tuple(View)) -> None:
        """End the streams of one account, or (None) all."""
        for subscriber in self.subscribers:
            if subscriber.view in views and (account_id is None or subscriber.account_id == account_id):
                subscriber.close()

    def close_anonymous(self) -> None:
        """End the streams of whoever has no account."""
        for subscriber in self.subscribers:
            if subscriber.account_id is None:
                subscriber.close()

    def _push(self, view: View, message: bytes) -> None:
        for subscriber in self.subscribers:
            if subscriber.view is view:
                subscriber.push(message)


def visible(event: StoredEvent, view: View) -> dict[str, Any] | None:
    """The event as `view` shows it, or None when it does not."""
    data = event.body
    if view is View.AUDIENCE:
        hidden = HIDDEN_FROM_AUDIENCE.get(event.type)
        if hidden is None:
            return None
        data = {key: value for key, value in data.items() if key not in hidden}
    return {"type": event.type, "seq": event.seq, "at": rfc3339(event.at), "tick": event.tick, "data": data}


def sse(kind: str, body: dict[str, Any], seq: int | None = None) -> bytes:
    """One Server-Sent Event (WHATWG HTML, 9.2). JSON never holds a raw line break, so one data line is enough."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(body, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()
