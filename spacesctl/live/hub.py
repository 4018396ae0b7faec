"""Live events of one Space for subscribers. There are two views, and each message is serialised once per view."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from spacesctl.api.wire import Answer
from spacesctl.domain.admission import Access
from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View, ephemeral, visible
from spacesctl.store.spaces import StoredEvent

QUEUE = 512
"""Messages that a subscriber may be behind. A slower one is disconnected; it can reconnect with `Last-Event-ID` and
misses no durable event.
"""


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

    def finish(self) -> None:
        """End the stream after what is queued."""
        self.closed = True
        if self._queue.full():
            self._queue.get_nowait()  # too slow to see the end: it is in the store
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
                if (message := visible(event, view)) is not None:
                    self._push(view, message)

    def publish_ephemeral(self, data: Answer, views: Iterable[View] = View) -> None:
        """Send a message that is not stored or replayed: levels, counts, partial captions."""
        message = ephemeral(data)
        for view in views:
            self._push(view, message)

    def finish(self) -> None:
        """End all streams after what was published: the Space is over, and nothing more will come."""
        for subscriber in self.subscribers:
            if not subscriber.closed:
                subscriber.finish()

    def close(self) -> None:
        """End all streams."""
        for subscriber in self.subscribers:
            subscriber.close()

    def _push(self, view: View, message: bytes) -> None:
        for subscriber in self.subscribers:
            if subscriber.view is view:
                subscriber.push(message)
