"""Everybody who hears one group of a Space, in blocks by how their packets are sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spacesctl.engine.fanout.srtp_batch import KINDS, kind_for
from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport.datagrams import AT_ONCE, Sender

SMALLEST: Final = 4
"""Rows of the first block: a speaker's own mix has one listener. Each further one is four times as large, up to `AT_ONCE`."""


class Fanout:
    """Seats come and go at any time between ticks. The blocks but the last are always full."""

    def __init__(self, port: Sender) -> None:
        self._port = port
        self._blocks: dict[type[SubscriberBatch], list[SubscriberBatch]] = {kind: [] for kind in KINDS}

    def __len__(self) -> int:
        return sum(block.count for block in self._all())

    def __iter__(self) -> Iterator[Subscription]:
        for block in self._all():
            yield from block.subscriptions

    def add(self, seat: Subscription) -> None:
        """It is sent everything from the next packet on. Raises SealingError when there is no cipher for it."""
        kind = kind_for(seat.outgoing)
        blocks = self._blocks[kind]
        if blocks and not blocks[-1].is_full:
            blocks[-1].sit(seat)
            return
        block = kind(min(AT_ONCE, blocks[-1].rows.size * 4) if blocks else SMALLEST)
        block.sit(seat)
        blocks.append(block)

    def remove(self, seat: Subscription) -> None:
        """It is sent nothing more; the last one takes its row. Does nothing for one that sits nowhere."""
        block = seat.block
        if block is None:
            return
        blocks = self._blocks[type(block)]
        last = blocks[-1].stand()
        if last is not seat:
            block.replace(seat.row, last)
        if not blocks[-1].count:
            blocks.pop()

    def send(self, payload: bytes, timestamp: int) -> tuple[int, int]:
        """One packet to everybody: how many datagrams were sent, and how many the kernel did not take."""
        wanted = taken = 0
        for block in self._all():
            wanted += block.count
            taken += block.send(payload, timestamp, self._port)
        return taken, wanted - taken

    def _all(self) -> Iterator[SubscriberBatch]:
        for blocks in self._blocks.values():
            yield from blocks
