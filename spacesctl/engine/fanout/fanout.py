"""Subscriptions that are sent the same packets, in batches by how their packets are encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spacesctl.engine.fanout.srtp_batch import KINDS, kind_for
from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport.datagrams import AT_ONCE, Sender

SMALLEST: Final = 4
"""Rows of the first batch: a speaker's own mix has only one listener. Each further batch is four times as large, up to `AT_ONCE`."""


class Fanout:
    """Sends each packet to all its subscriptions, which may be added and removed between ticks. All batches of a kind but the last are
    full."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._batches: dict[type[SubscriberBatch], list[SubscriberBatch]] = {kind: [] for kind in KINDS}

    def __len__(self) -> int:
        return sum(batch.count for batch in self._all())

    def __iter__(self) -> Iterator[Subscription]:
        for batch in self._all():
            yield from batch.subscriptions

    def add(self, subscription: Subscription) -> None:
        """Send to a subscription from the next packet on. Raises SealingError when OpenSSL cannot make a cipher for it."""
        kind = kind_for(subscription.outgoing)
        batches = self._batches[kind]
        if batches and not batches[-1].is_full:
            batches[-1].add(subscription)
            return
        rows = self._sender.rows(min(AT_ONCE, batches[-1].rows.size * 4) if batches else SMALLEST)
        batch = kind(rows)
        batch.add(subscription)
        batches.append(batch)

    def remove(self, subscription: Subscription) -> None:
        """Stop sending to a subscription. The last subscription moves to its row. Does nothing for one that is in no batch."""
        batch = subscription.batch
        if batch is None:
            return
        batches = self._batches[type(batch)]
        last = batches[-1].remove_last()
        if last is not subscription:
            batch.replace(subscription.row, last)
        if not batches[-1].count:
            batches.pop()

    def send(self, payload: bytes, timestamp: int, now: float) -> tuple[int, int]:
        """Send one packet to all, at `now` (monotonic seconds). Returns how many datagrams were sent, and how many were not taken."""
        wanted = taken = 0
        for batch in self._all():
            wanted += batch.count
            taken += batch.send(payload, timestamp, self._sender, now)
        return taken, wanted - taken

    def _all(self) -> Iterator[SubscriberBatch]:
        for batches in self._batches.values():
            yield from batches
