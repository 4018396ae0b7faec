"""Live events of one Space for subscribers. There are two views, and each message is serialised once per view."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from spacesctl.domain.admission import Access
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.events import HIDDEN_FROM_AUDIENCE
from spacesctl.domain.principals import Person
from spacesctl.store.spaces import StoredEvent

QUEUE = 512
"""Messages that a subscriber may be behind. A slower one is disconnected; it can reconnect with `Last-Event-ID` and
misses no durable event.
"""


class View(StrEnum):
    """Who a subscriber is: staff see all events, the audience a part of them."""

    STAFF = "staff"
    AUDIENCE = "audience"


class Subscriber:
    """One event stream. `person` is who follows it: it is closed when they may no longer."""

    def __init__(self, view: View, person: Person) -> None:
        self.view = view
        self.person = person
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.closed = False

    @property
    def access(self) -> Access:
        """What its person must be admitted to, for as long as it lasts."""
        return Access.STAFF if self.view is View.STAFF else Access.LISTEN

    def push(self, message: bytes) -> None:
        """Queue a message; a subscriber whose queue is full is closed."""
        if self.closed:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """End the stream. Unread messages are dropped; durable events are in the store."""
        self.closed = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def next(self, timeout: float) -> bytes | None:
        """The next message; b"" when none arrived within `timeout` seconds, None at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._queue.get()
        except TimeoutError:
            return b""


class Hub:
    """The event subscribers of one Space."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()

    def subscribe(self, view: View, person: Person) -> Subscriber:
        """Open an event stream."""
        subscriber = Subscriber(view, person)
        self.subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a stream that ended."""
        self.subscribers.discard(subscriber)

    def publish(self, stored: Iterable[StoredEvent]) -> None:
        """Send stored events to the subscribers whose view shows them."""
        for event in stored:
            for view in View:
                if (body := visible(event, view)) is not None:
                    self._push(view, sse(event.type, body, event.seq))

    def publish_ephemeral(self, kind: str, data: dict[str, Any], views: Iterable[View] = View) -> None:
        """Send a message that is not stored or replayed: levels, counts, partial captions."""
        message = sse(kind, {"type": kind, "data": data})
        for view in views:
            self._push(view, message)

    def close(self) -> None:
        """End all streams."""
        for subscriber in self.subscribers:
            subscriber.close()

    def _push(self, view: View, message: bytes) -> None:
        for subscriber in self.subscribers:
            if subscriber.view is view:
                subscriber.push(message)


def visible(event: StoredEvent, view: View) -> dict[str, Any] | None:
    """The event as `view` shows it, or None if it does not."""
    data = event.body
    if view is View.AUDIENCE:
        hidden = HIDDEN_FROM_AUDIENCE.get(event.type)
        if hidden is None:
            return None
        data = {key: value for key, value in data.items() if key not in hidden}
    return {"type": event.type, "seq": event.seq, "at": rfc3339(event.at), "tick": event.tick, "data": data}


def sse(kind: str, body: dict[str, Any], seq: int | None = None) -> bytes:
    """One Server-Sent Event (WHATWG HTML, 9.2). JSON contains no raw line breaks, so one data line is enough."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {kind}\ndata: {json.dumps(body, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()
