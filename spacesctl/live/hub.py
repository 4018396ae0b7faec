"""Live events of one Space for subscribers. There are two views, and each message is serialised once per view."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from spacesctl.api.wire import Answer
from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View, ephemeral, reported, visible
from spacesctl.live.masks import NOTHING_MASKED, Masks
from spacesctl.live.stream_writer import Channel, Framed, StreamWriter
from spacesctl.live.subscriber import Sink, Subscriber
from spacesctl.store.spaces import StoredEvent


class Hub:
    """The event subscribers of one Space. Those that have a sink are written by the `writer`, the others read their queues."""

    def __init__(self, writer: StreamWriter | None = None) -> None:
        self.subscribers: set[Subscriber] = set()
        self._writer = writer or StreamWriter()
        self._queued: set[Subscriber] = set()
        self._channels = {view: Channel(self._writer) for view in View}

    def subscribe(self, view: View, person: Person) -> Subscriber:
        """Open an event stream."""
        subscriber = Subscriber(view, person)
        self.subscribers.add(subscriber)
        self._queued.add(subscriber)
        return subscriber

    def attach(self, subscriber: Subscriber, sink: Sink, published: int) -> None:
        """Write the stream to `sink` from now on, first what it has queued; `published` is the number of the newest event."""
        self._queued.discard(subscriber)
        queued = subscriber.hand_over(sink)
        if subscriber.closed:
            if queued:
                framed = Framed((queued,))
                sink.write(framed.chunk if sink.chunked else framed.plain)
            return
        if published >= subscriber.seen:
            subscriber.seen = 0  # what comes now is newer
        self._channels[subscriber.view].join(subscriber, queued)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a stream that ended."""
        self.subscribers.discard(subscriber)
        self._queued.discard(subscriber)
        self._channels[subscriber.view].leave(subscriber)

    def publish(
        self, stored: Iterable[StoredEvent], staff: Collection[str], view: View, masks: Masks = NOTHING_MASKED
    ) -> None:
        """Send stored events to the subscribers of a view, if it shows them; `masks` are for the audience. A report about one of the
        `staff` is told to none of them: they share what is written, and the others find it in the list of reports.
        """
        for event in stored:
            if reported(event) in staff:
                continue
            if (message := visible(event, view, masks)) is not None:
                self._push(view, message, event.seq)

    def publish_ephemeral(self, data: Answer, views: Iterable[View] = View) -> None:
        """Send a message that is not stored or replayed: levels, counts, partial captions."""
        message = ephemeral(data)
        for view in views:
            self._push(view, message)

    def tell_own(self, account_id: str, data: Answer) -> None:
        """Send a message that is not stored to the streams that one account follows as audience, before all that waits for the audience."""
        message = ephemeral(data)
        for subscriber in list(self.subscribers):
            if (
                subscriber.person.account_id == account_id
                and subscriber.view is View.AUDIENCE
                and not subscriber.closed
            ):
                self._tell_one(subscriber, message)

    def _tell_one(self, subscriber: Subscriber, message: bytes) -> None:
        if subscriber.sink is not None:
            self._channels[subscriber.view].tell(subscriber, message)
        elif not subscriber.push(message):
            self._writer.too_slow += 1

    def finish(self, view: View) -> None:
        """End the streams of a view after what was published: the Space is over, and nothing more will come."""
        for subscriber in self._queued:
            if subscriber.view is view and not subscriber.closed:
                subscriber.finish()
        self._channels[view].finish()

    def close(self) -> None:
        """End all streams."""
        for subscriber in self.subscribers:
            subscriber.close()

    def _push(self, view: View, message: bytes, seq: int = 0) -> None:
        self._channels[view].publish(message, seq)
        for subscriber in self._queued:
            if subscriber.view is view and not subscriber.push(message, seq):
                self._writer.too_slow += 1
