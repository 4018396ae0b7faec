"""One listener's subscription to an output: its keys, address and packet counts, and the packets that it may request again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from spacesctl.engine.fanout.loss_watch import LossWatch
from spacesctl.engine.transport.addresses import TransportAddress, is_tcp
from spacesctl.rtc.rtp import HEADER, VERSION
from spacesctl.rtc.srtp import Outgoing

if TYPE_CHECKING:
    from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch

KEPT: Final = 64
"""Packets kept for retransmission at most: over a second."""
KEPT_SAMPLES: Final = KEPT * 960
"""Samples of sound that are kept at most, where packets are long."""
MAX_RESENDS: Final = 3
"""How often one packet is sent again at most."""
MAX_PER_NACK: Final = 17
"""Packets sent again for one NACK at most: as many as its first entry can name."""

_SEQUENCE: Final = slice(2, 4)


class Subscription:
    """Keys, RTP header and address of one listener. `losses` follows what it reports; with `nack` it may request packets again; `red` is
    the payload type of packets with copies (RFC 2198), 0 if it cannot take them.

    While it is in a batch, the batch counts its packets. `outgoing.index` is updated when it is removed.
    """

    __slots__ = (
        "_again",
        "_octets",
        "_since",
        "_since_packet",
        "address",
        "batch",
        "has_copies",
        "header",
        "losses",
        "nack",
        "outgoing",
        "payload_type",
        "red",
        "row",
        "sent_at",
        "ssrc",
        "timestamp",
    )

    def __init__(
        self,
        outgoing: Outgoing,
        payload_type: int,
        ssrc: int,
        address: TransportAddress,
        nack: bool = False,
        *,
        red: int = 0,
        now: float = 0.0,
    ) -> None:
        self.outgoing = outgoing
        self.payload_type = payload_type
        self.ssrc = ssrc
        self.address = address
        self.losses = LossWatch(now)
        self.nack = nack
        self.red = red
        self.choose()
        self.batch: SubscriberBatch | None = None
        self.row = 0
        self.timestamp = 0
        self.sent_at = 0.0
        self._octets = self._since = self._since_packet = 0
        self._again: dict[int, int] | None = None

    @property
    def packets(self) -> int:
        """Packets sent to it."""
        following = self.outgoing.index if self.batch is None else self.batch.index_of(self.row)
        return following - self.outgoing.first

    @property
    def octets(self) -> int:
        """Payload bytes sent to it."""
        return self._octets + (self.batch.octets - self._since if self.batch else 0)

    @property
    def last(self) -> tuple[int, float]:
        """The RTP timestamp of the newest packet, and when it was sent (monotonic seconds)."""
        if self.batch is not None and self.batch.octets > self._since:
            return self.batch.timestamp, self.batch.sent_at
        return self.timestamp, self.sent_at

    def again(self, sequences: Iterable[int]) -> list[bytes]:
        """The datagrams to send again for a NACK of these u16 sequence numbers. They are the same encrypted bytes as before: encrypting
        again with the same nonce would reveal the key. Packets from before it joined this batch are not kept.
        """
        batch, found = self.batch, list[bytes]()
        if batch is None or not self.nack:
            return found
        given = self._again = self._again or {}
        following, here = batch.index_of(self.row), batch.packets - self._since_packet
        for sequence in sequences:
            ago = (following - 1 - sequence) & 0xFFFF
            if ago >= min(here, batch.kept) or len(found) == MAX_PER_NACK:
                continue
            index, datagram = following - 1 - ago, batch.past(ago, self.row)
            # It may be another one after a tick that failed halfway.
            is_it = bool(datagram) and int.from_bytes(datagram[_SEQUENCE], "big") == sequence
            if is_it and given.get(index, 0) < MAX_RESENDS:
                given[index] = given.get(index, 0) + 1
                found.append(datagram)
        if len(given) > KEPT:
            self._again = {index: times for index, times in given.items() if index >= following - KEPT}
        return found

    def choose(self) -> None:
        """While it is in no batch: decide by its losses whether it gets copies (`has_copies`)."""
        self.has_copies = bool(self.red) and self.losses.is_lossy
        self.header = HEADER.pack(VERSION, self.red if self.has_copies else self.payload_type, 0, 0, self.ssrc)

    def go_to(self, address: TransportAddress) -> None:
        """Send to another address from now on. When it changes between UDP and TCP, the caller must also move it to the other sink."""
        same_way = is_tcp(address) == is_tcp(self.address)
        self.address = address
        if self.batch is not None and same_way:
            self.batch.rows.set_address(self.row, address)

    def added_to(self, batch: SubscriberBatch, row: int) -> None:
        """Called by the batch that it was added to."""
        self.batch, self.row, self._since, self._since_packet = batch, row, batch.octets, batch.packets
        batch.nack_count += self.nack

    def removed_from(self, following: int) -> None:
        """Called by the batch that it was removed from: take over the packet counts; `following` is the next packet index."""
        self.timestamp, self.sent_at = self.last
        if self.batch is not None:
            self.batch.nack_count -= self.nack
        self._octets, self.batch = self.octets, None
        self.outgoing.index = following
