"""One listener's place among those who are sent the same: what only it has, and what it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from spacesctl.engine.peers.nack import AT_ONCE, KEPT, RESENT
from spacesctl.engine.transport.datagrams import Address
from spacesctl.rtc.rtp import HEADER, VERSION
from spacesctl.rtc.srtp import Outgoing

if TYPE_CHECKING:
    from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch

_SEQUENCE: Final = slice(2, 4)


class Subscription:
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
        self.block: SubscriberBatch | None = None
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

    def added_to(self, block: SubscriberBatch, row: int) -> None:
        self.block, self.row, self._since, self._since_packet = block, row, block.octets, block.packets
        block.asking += self.asks

    def removed_from(self, following: int) -> None:
        """Take back the count of its packets."""
        self.timestamp, self.sent_at = self.last
        if self.block is not None:
            self.block.asking -= self.asks
        self._octets, self.block = self.octets, None
        self.outgoing.index = following
