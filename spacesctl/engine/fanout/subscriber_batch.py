"""A block of listeners who are sent the same sound: one row each, sealed with its own keys, sent all at once.

Per listener and packet there is one call of its cipher. Everything else is a handful of numpy operations on columns, or
in the kernel. A row is filled when somebody sits down, and not before.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.peers.nack import KEPT
from spacesctl.engine.transport.datagrams import HEAD, Rows, Sender

_SEQUENCE: Final = slice(2, 4)
_TIMESTAMP: Final = slice(4, 8)
_NOTHING: Final[npt.NDArray[np.uint8]] = np.zeros((0, 0), np.uint8)


class SubscriberBatch(ABC):
    """`size` rows, the first `count` of them taken. How a packet is sealed is the subclasses' part."""

    TAG: int

    def __init__(self, size: int) -> None:
        self.rows = Rows(size)
        self.subscriptions: list[Subscription] = []
        self.asking = 0
        """Seats that may want packets again: as long as there is one, the last `KEPT` ticks of all rows are kept."""
        self.packets = 0
        self._past: list[npt.NDArray[np.uint8]] = []
        self.octets = self.timestamp = 0
        self.sent_at = 0.0
        self._index: npt.NDArray[np.uint64] = np.zeros(size, np.uint64)
        self._wire = np.zeros(size, ">u8")  # the indices of this tick, as they stand in headers and nonces
        self._wire_bytes = self._wire.view(np.uint8).reshape(size, 8)

    @property
    def count(self) -> int:
        return len(self.subscriptions)

    @property
    def is_full(self) -> bool:
        return len(self.subscriptions) == self.rows.size

    def index_of(self, row: int) -> int:
        return int(self._index[row])

    def sit(self, seat: Subscription) -> None:
        """Take the next row; it must be standing."""
        assert seat.block is None, "two blocks would use the same indices"
        self._fill(self.count, seat)
        self.subscriptions.append(seat)

    def stand(self) -> Subscription:
        """Whoever has the last row stands up."""
        seat = self.subscriptions.pop()
        seat.removed_from(self.index_of(seat.row))
        return seat

    def replace(self, row: int, seat: Subscription) -> Subscription:
        """A standing seat takes the row of another, which stands up."""
        assert seat.block is None, "two blocks would use the same indices"
        gone, self.subscriptions[row] = self.subscriptions[row], seat
        gone.removed_from(self.index_of(row))
        self._fill(row, seat)
        return gone

    def send(self, payload: bytes, timestamp: int, port: Sender) -> int:
        """Send one packet to each. How many the kernel took."""
        count = self.count
        self._wire[:count] = self._index[:count]
        self._index[:count] += np.uint64(1)  # before the first is sealed: whatever fails, no index comes again
        heads = self.rows.heads[:count]
        heads[:, _SEQUENCE] = self._wire_bytes[:count, 6:]
        heads[:, _TIMESTAMP] = np.frombuffer(timestamp.to_bytes(4, "big"), np.uint8)
        datagrams = self.rows.lay_out(count, HEAD + len(payload) + self.TAG)
        self._seal(heads, payload, datagrams)
        self._keep(datagrams)
        self.packets += 1
        self.octets += len(payload)
        self.timestamp, self.sent_at = timestamp, time.monotonic()
        return port.send_rows(self.rows, count)

    def past(self, ago: int, row: int) -> bytes:
        """What a row was sent `ago` packets before the newest. Raises IndexError for what is not kept any more."""
        row_then: npt.NDArray[np.uint8] = self._past[(self.packets - 1 - ago) % KEPT][row]
        return row_then.tobytes()

    def _keep(self, datagrams: npt.NDArray[np.uint8]) -> None:
        if not self.asking:
            self._past.clear()
            return
        while len(self._past) < KEPT:
            self._past.append(_NOTHING)
        self._past[self.packets % KEPT] = datagrams.copy()

    def _fill(self, row: int, seat: Subscription) -> None:
        self.rows.heads[row] = np.frombuffer(seat.header, np.uint8)
        self.rows.set_address(row, seat.address)
        self._index[row] = seat.outgoing.index
        seat.added_to(self, row)

    @abstractmethod
    def _seal(self, heads: npt.NDArray[np.uint8], payload: bytes, datagrams: npt.NDArray[np.uint8]) -> None:
        """Make the packets of a tick: `heads` `uint8[n, HEAD]` are there, `datagrams` `uint8[n, HEAD + payload + TAG]` are to be filled."""
