"""A batch of subscriptions to the same sound: one row each, encrypted with its own keys, and all sent together.

Each packet costs one cipher call per listener. Everything else is a few numpy operations on whole columns, or happens in the kernel.
A row is filled when a subscription is added, not on the tick.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.engine.fanout.subscription import KEPT, KEPT_SAMPLES, Subscription
from spacesctl.engine.transport.datagrams import HEAD, Rows, Sender

LEAST_KEPT: Final = 8
"""Packets kept for retransmission at least, after a pause or where packets are long."""
_SEQUENCE: Final = slice(2, 4)
_TIMESTAMP: Final = slice(4, 8)
_NOTHING: Final[npt.NDArray[np.uint8]] = np.zeros((0, 0), np.uint8)


class SubscriberBatch(ABC):
    """A batch in `rows`, of which the first `count` are in use. How a packet is encrypted is up to the subclasses."""

    TAG: int

    def __init__(self, rows: Rows) -> None:
        size = rows.size
        self.rows = rows
        self.subscriptions: list[Subscription] = []
        self.nack_count = 0
        """Subscriptions with NACK: as long as there is one, the last `KEPT` packets of all rows are kept."""
        self.kept = KEPT
        """Packets, up to the newest, that are kept at most: fewer when they are long."""
        self.packets = 0
        """Packets that the batch has sent to each row."""
        self._past: list[npt.NDArray[np.uint8]] = []
        self.octets = self.timestamp = 0
        self.sent_at = 0.0
        self._index: npt.NDArray[np.uint64] = np.zeros(size, np.uint64)
        self._wire = np.zeros(size, ">u8")  # packet indices of this tick in big-endian, for headers and nonces
        self._wire_bytes = self._wire.view(np.uint8).reshape(size, 8)

    @property
    def count(self) -> int:
        """Rows in use."""
        return len(self.subscriptions)

    @property
    def is_full(self) -> bool:
        """Whether all rows are in use."""
        return len(self.subscriptions) == self.rows.size

    def index_of(self, row: int) -> int:
        """The SRTP packet index (48 bits) of a row's next packet."""
        return int(self._index[row])

    def add(self, subscription: Subscription) -> None:
        """Give a subscription the next row. It must not be in another batch. Raises SealingError when OpenSSL cannot make a cipher."""
        assert subscription.batch is None, "two batches would use the same indices"
        self._fill(self.count, subscription)
        self.subscriptions.append(subscription)

    def remove_last(self) -> Subscription:
        """Remove the subscription in the last row."""
        subscription = self.subscriptions.pop()
        subscription.removed_from(self.index_of(subscription.row))
        return subscription

    def replace(self, row: int, subscription: Subscription) -> Subscription:
        """Put a subscription that is in no batch into the row of another one, which is removed and returned."""
        assert subscription.batch is None, "two batches would use the same indices"
        gone, self.subscriptions[row] = self.subscriptions[row], subscription
        gone.removed_from(self.index_of(row))
        self._fill(row, subscription)
        return gone

    def send(self, payload: bytes, timestamp: int, sender: Sender, now: float) -> int:
        """Encrypt and send one packet to each row, at `now` (monotonic seconds); `timestamp` is the RTP timestamp. Returns how many
        datagrams were taken."""
        count = self.count
        self._wire[:count] = self._index[:count]
        self._index[:count] += np.uint64(1)  # before encrypting, so that no index is used twice even after a failure
        heads = self.rows.heads[:count]
        heads[:, _SEQUENCE] = self._wire_bytes[:count, 6:]
        heads[:, _TIMESTAMP] = np.frombuffer(timestamp.to_bytes(4, "big"), np.uint8)
        datagrams = self.rows.lay_out(count, HEAD + len(payload) + self.TAG)
        self._seal(heads, payload, datagrams)
        self._keep(datagrams, timestamp)
        self.packets += 1
        self.octets += len(payload)
        self.timestamp, self.sent_at = timestamp, now
        return sender.send_rows(self.rows, count)

    def past(self, ago: int, row: int) -> bytes:
        """The datagram that was sent to a row `ago` packets before the newest; empty when it is not kept. Raises IndexError when none is
        kept at all."""
        then = self._past[(self.packets - 1 - ago) % KEPT]
        return bytes(then[row].tobytes()) if row < len(then) else b""

    def _keep(self, datagrams: npt.NDArray[np.uint8], timestamp: int) -> None:
        if not self.nack_count:
            self._past.clear()
            return
        while len(self._past) < KEPT:
            self._past.append(_NOTHING)
        self._past[self.packets % KEPT] = datagrams.copy()
        between = timestamp - self.timestamp & 0xFFFFFFFF
        self.kept = max(LEAST_KEPT, min(KEPT, KEPT_SAMPLES // max(1, between)))
        if self.kept < KEPT:
            self._past[(self.packets - self.kept) % KEPT] = _NOTHING

    def _fill(self, row: int, subscription: Subscription) -> None:
        self.rows.heads[row] = np.frombuffer(subscription.header, np.uint8)
        self.rows.set_address(row, subscription.address)
        self._index[row] = subscription.outgoing.index
        subscription.added_to(self, row)

    @abstractmethod
    def _seal(self, heads: npt.NDArray[np.uint8], payload: bytes, datagrams: npt.NDArray[np.uint8]) -> None:
        """Encrypt the packets of a tick: from the RTP headers `heads` (`uint8[n, HEAD]`) and the payload, fill `datagrams`
        (`uint8[n, HEAD + payload + TAG]`)."""
