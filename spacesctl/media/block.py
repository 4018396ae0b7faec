"""A block of listeners who are sent the same sound: one row each, sealed with its own keys, sent all at once.

Per listener and packet there is one call from here, the cipher's. Everything else is a handful of numpy operations on columns, or
in the kernel. A row is filled when somebody sits down, and not before.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from itertools import repeat
from operator import call
from typing import Final

import numpy as np
import numpy.typing as npt

from spacesctl.media.datagrams import HEAD, Address, Rows, Sender
from spacesctl.media.resending import AT_ONCE, KEPT, RESENT
from spacesctl.rtc.rtp import HEADER, VERSION
from spacesctl.rtc.srtp import GCM_TAG, Outgoing

_SEQUENCE: Final = slice(2, 4)
_TIMESTAMP: Final = slice(4, 8)
_TWELVE: Final = np.dtype(f"V{HEAD}")  # a header; a nonce is as long
_NOTHING: Final[npt.NDArray[np.uint8]] = np.zeros((0, 0), np.uint8)


class Seat:
    """What one listener brings to a block: keys, header, address. `loss` is what it reports, in percent; with `asks` it may want
    packets again.

    While it sits, the block counts its packets; `outgoing.index` is right again when it has stood up.
    """

    __slots__ = (
        "_again",
        "_octets",
        "_since",
        "_since_packet",
        "address",
        "asks",
        "block",
        "header",
        "loss",
        "outgoing",
        "row",
        "sent_at",
        "timestamp",
    )

    def __init__(self, outgoing: Outgoing, payload_type: int, ssrc: int, address: Address, asks: bool = False) -> None:
        self.outgoing = outgoing
        self.header = HEADER.pack(VERSION, payload_type, 0, 0, ssrc)
        self.address = address
        self.loss = 0
        self.asks = asks
        self.block: Block | None = None
        self.row = 0
        self.timestamp = 0
        self.sent_at = 0.0
        self._octets = self._since = self._since_packet = 0
        self._again: dict[int, int] | None = None

    @property
    def packets(self) -> int:
        """How many were sent to it."""
        following = self.outgoing.index if self.block is None else self.block.index_of(self.row)
        return following - self.outgoing.first

    @property
    def octets(self) -> int:
        """Bytes of payload that were sent to it."""
        return self._octets + (self.block.octets - self._since if self.block else 0)

    @property
    def last(self) -> tuple[int, float]:
        """The RTP timestamp of the newest packet, and when it was sent (monotonic seconds)."""
        if self.block is not None and self.block.octets > self._since:
            return self.block.timestamp, self.block.sent_at
        return self.timestamp, self.sent_at

    def again(self, sequences: Iterable[int]) -> list[bytes]:
        """Of the packets that it asks for, those to send again, as they were: sealed anew they would give the key away.

        Those from before it sat down here are gone.
        """
        block, found = self.block, list[bytes]()
        if block is None or not self.asks:
            return found
        given = self._again = self._again or {}
        following, here = block.index_of(self.row), block.packets - self._since_packet
        for sequence in sequences:
            ago = (following - 1 - sequence) & 0xFFFF
            if ago >= min(here, KEPT) or len(found) == AT_ONCE:
                continue
            index, datagram = following - 1 - ago, block.past(ago, self.row)
            is_it = int.from_bytes(datagram[_SEQUENCE], "big") == sequence  # not so after a tick that failed halfway
            if is_it and given.get(index, 0) < RESENT:
                given[index] = given.get(index, 0) + 1
                found.append(datagram)
        if len(given) > KEPT:
            self._again = {index: times for index, times in given.items() if index >= following - KEPT}
        return found

    def go_to(self, address: Address) -> None:
        """Be sent everything to another address from now on."""
        self.address = address
        if self.block is not None:
            self.block.rows.set_address(self.row, address)

    def sat_down(self, block: Block, row: int) -> None:
        self.block, self.row, self._since, self._since_packet = block, row, block.octets, block.packets
        block.asking += self.asks

    def stood_up(self, following: int) -> None:
        """Take back the count of its packets."""
        self.timestamp, self.sent_at = self.last
        if self.block is not None:
            self.block.asking -= self.asks
        self._octets, self.block = self.octets, None
        self.outgoing.index = following


class Block(ABC):
    """`size` rows, the first `count` of them taken. How a packet is sealed is the subclasses' part."""

    TAG: int

    def __init__(self, size: int) -> None:
        self.rows = Rows(size)
        self.seats: list[Seat] = []
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
        return len(self.seats)

    @property
    def is_full(self) -> bool:
        return len(self.seats) == self.rows.size

    def index_of(self, row: int) -> int:
        return int(self._index[row])

    def sit(self, seat: Seat) -> None:
        """Take the next row; it must be standing."""
        assert seat.block is None, "two blocks would use the same indices"
        self._fill(self.count, seat)
        self.seats.append(seat)

    def stand(self) -> Seat:
        """Whoever has the last row stands up."""
        seat = self.seats.pop()
        seat.stood_up(self.index_of(seat.row))
        return seat

    def replace(self, row: int, seat: Seat) -> Seat:
        """A standing seat takes the row of another, which stands up."""
        assert seat.block is None, "two blocks would use the same indices"
        gone, self.seats[row] = self.seats[row], seat
        gone.stood_up(self.index_of(row))
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
        datagrams[:, :HEAD] = heads
        datagrams[:, HEAD:] = np.frombuffer(self._sealed(count, payload), np.uint8).reshape(count, -1)
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

    def _fill(self, row: int, seat: Seat) -> None:
        self.rows.heads[row] = np.frombuffer(seat.header, np.uint8)
        self.rows.set_address(row, seat.address)
        self._index[row] = seat.outgoing.index
        seat.sat_down(self, row)

    @abstractmethod
    def _sealed(self, count: int, payload: bytes) -> bytes:
        """What follows the headers of all datagrams of a tick, one behind the other."""


class GcmBlock(Block):
    """AEAD_AES_128_GCM: all nonces of a tick come from one exclusive or of two columns (RFC 7714, 8.1).

    The loop over the listeners runs in C, and touches nothing of a listener but its cipher: with thousands of them it is not
    instructions that take the time, but memory that is in no cache.
    """

    TAG = GCM_TAG

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._masks: npt.NDArray[np.uint8] = np.zeros((size, 6), np.uint8)
        self._nonces: npt.NDArray[np.uint8] = np.zeros((size, HEAD), np.uint8)
        self._encrypts: list[Callable[[bytes, bytes, bytes], bytes]] = []

    def stand(self) -> Seat:
        self._encrypts.pop()
        return super().stand()

    def _fill(self, row: int, seat: Seat) -> None:
        super()._fill(row, seat)
        assert seat.outgoing.encrypt is not None
        mask = np.frombuffer(seat.outgoing.mask, np.uint8)
        self._nonces[row, :6] = mask[:6]
        self._masks[row] = mask[6:]
        self._encrypts[row : row + 1] = [seat.outgoing.encrypt]

    def _sealed(self, count: int, payload: bytes) -> bytes:
        np.bitwise_xor(self._wire_bytes[:count, 2:], self._masks[:count], out=self._nonces[:count, 6:])
        nonces, heads = _each(self._nonces[:count]), _each(self.rows.heads[:count])
        return b"".join(map(call, self._encrypts, nonces, repeat(payload), heads))


class CmBlock(Block):
    """AES_CM_128_HMAC_SHA1_80, by libsrtp, which counts the rollovers itself."""

    TAG = 10

    def _sealed(self, count: int, payload: bytes) -> bytes:
        heads = _each(self.rows.heads[:count])
        packets = zip(self.seats, heads, strict=True)
        return b"".join(seat.outgoing.protect(head + payload)[HEAD:] for seat, head in packets)


def _each(rows: npt.NDArray[np.uint8]) -> list[bytes]:
    """Rows of twelve bytes as objects."""
    found: list[bytes] = rows.view(_TWELVE).ravel().tolist()
    return found
