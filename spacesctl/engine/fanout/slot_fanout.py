"""The listeners of one send slot: most get plain packets, and those that lose many get each packet with a copy of the one before.

A copy (RED, RFC 2198) costs bytes only: the payload with it is made once for all of them, not once for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport.datagrams import Sender
from spacesctl.rtc.red import RedWriter


class SlotFanout:
    """Sends each packet of its slot to all its subscriptions, which may be added and removed between ticks."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._plain = Fanout(sender)
        self._with_copies: dict[int, Fanout] = {}  # by the payload type of Opus, which stands in the payload itself
        self._writer = RedWriter()

    def __len__(self) -> int:
        return len(self._plain) + sum(map(len, self._with_copies.values()))

    def __iter__(self) -> Iterator[Subscription]:
        return chain(self._plain, *self._with_copies.values())

    def add(self, subscription: Subscription) -> None:
        """Send to a subscription from the next packet on, with copies if it loses much now. Raises SealingError when OpenSSL cannot make a
        cipher for it."""
        subscription.choose()
        if not subscription.has_copies:
            self._plain.add(subscription)
            return
        kind = subscription.payload_type
        if kind not in self._with_copies:
            self._with_copies[kind] = Fanout(self._sender)
        self._with_copies[kind].add(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Stop sending to a subscription."""
        if not subscription.has_copies:
            self._plain.remove(subscription)
            return
        fanout = self._with_copies[subscription.payload_type]
        fanout.remove(subscription)
        if not len(fanout):
            del self._with_copies[subscription.payload_type]

    def send(self, payload: bytes, timestamp: int, now: float) -> tuple[int, int]:
        """Send one packet to all, at `now` (monotonic seconds). Returns how many datagrams were sent, and how many were not taken."""
        taken, refused = self._plain.send(payload, timestamp, now)
        for kind, fanout in self._with_copies.items():
            more, fewer = fanout.send(self._writer.made(payload, timestamp, kind), timestamp, now)
            taken, refused = taken + more, refused + fewer
        self._writer.add(payload, timestamp)
        return taken, refused
