"""A UDP relay that drops, delays and reorders packets like a bad network. The same seed treats the same packets in the same way.

Only media packets (RTP) are affected, and only after `begin`, because connecting is not measured. Random numbers are drawn for each
media packet in the order of sending, so time, reports and connectivity checks do not change which packets are lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spacesctl.rtc import demux
from spacesctl.rtc.demux import Kind

OVERHEAD: Final = 28
"""Bytes of IP and UDP headers, which count towards `rate`."""
WAITING: Final = 200
"""Packets that may be delayed at a time, over both directions. Further packets are lost, as in a router whose queue is full."""


@dataclass(frozen=True)
class Impairment:
    """The properties of a network. `loss` is a share, 0 to 1. Losses come while the network is bad (Gilbert-Elliott), for `burst` packets
    on average (1: they are independent); the share `in_bad` of the packets is lost then. Each packet takes `delay` seconds and up to
    `jitter` more. The share `reorder` of the packets takes the duration of 3 packets longer. `rate` is in bits/s, 0 for unlimited."""

    loss: float = 0.0
    burst: float = 1.0
    in_bad: float = 1.0
    delay: float = 0.0
    jitter: float = 0.0
    reorder: float = 0.0
    rate: float = 0.0

    def __post_init__(self) -> None:
        if not (
            0 <= self.loss < self.in_bad <= 1
            and self.burst >= 1
            and min(self.delay, self.jitter, self.reorder, self.rate) >= 0
        ):
            raise ValueError(f"no network is like this: {self}")


CLEAN: Final = Impairment()
LATER: Final = 0.06
"""Seconds that a reordered packet takes longer."""


class Fates:
    """Decides for each packet whether it is lost and when it arrives, from one seed."""

    def __init__(self, network: Impairment, seed: int) -> None:
        self.network = network
        self._random = random.Random(seed)
        self._is_bad = False
        self._free = 0.0  # when the link has sent all packets so far

    def next(self, now: float, size: int) -> float | None:
        """When the next packet, sent at `now`, arrives. None if it is lost."""
        network, draw = self.network, self._random.random
        lost, jitter, reordered = self._loses(draw()), draw() * network.jitter, draw() < network.reorder
        if network.rate:
            self._free = max(now, self._free) + (size + OVERHEAD) * 8 / network.rate
            now = self._free
        if lost:
            return None
        return now + network.delay + jitter + (LATER if reordered else 0.0)

    def _loses(self, drawn: float) -> bool:
        """Gilbert-Elliott: in the good state no packet is lost."""
        network = self.network
        if network.burst == 1:
            return drawn < network.loss
        recovers = 1 / network.burst
        bad = network.loss / network.in_bad
        fails = recovers * bad / (1 - bad)
        self._is_bad = drawn >= recovers if self._is_bad else drawn < fails
        return self._is_bad and (network.in_bad == 1 or self._random.random() < network.in_bad)


class Relay:
    """`async with Relay(server, up, down) as relay`: packets sent to `relay.address` go to `server`, and its answers go back.

    `up` applies to packets to the server, `down` to packets from it. Answers go to one client only: the last one that sent.
    """

    def __init__(
        self, server: tuple[str, int], up: Impairment = CLEAN, down: Impairment = CLEAN, seed: int = 1
    ) -> None:
        self.lost = 0
        self.passed = 0
        self._server = server
        self._networks = (up, down)
        self._seed = seed
        self._fates: tuple[Fates, Fates] | None = None
        self._client: tuple[str, int] | None = None
        self._waiting = 0

    async def __aenter__(self) -> Relay:
        loop, host = asyncio.get_running_loop(), self._server[0]
        local = "127.0.0.1" if host.startswith("127.") else "0.0.0.0"  # noqa: S104
        self._inner, _ = await loop.create_datagram_endpoint(lambda: _Side(self._from_client), local_addr=(local, 0))
        self._outer, _ = await loop.create_datagram_endpoint(lambda: _Side(self._from_server), remote_addr=self._server)
        port: int = self._inner.get_extra_info("sockname")[1]
        self.address = (host if local == "0.0.0.0" else local, port)  # noqa: S104
        return self

    async def __aexit__(self, *_: object) -> None:
        self._inner.close()
        self._outer.close()

    def begin(self) -> None:
        """Apply the networks to media packets from now on, and reset the counts."""
        up, down = self._networks
        self._fates = Fates(up, self._seed), Fates(down, self._seed + 1)
        self.lost = self.passed = 0

    def _from_client(self, data: bytes, address: tuple[str, int]) -> None:
        self._client = address
        self._pass(0, data, self._outer.sendto)

    def _from_server(self, data: bytes, _address: tuple[str, int]) -> None:
        client = self._client
        if client is not None:
            self._pass(1, data, lambda datagram: self._inner.sendto(datagram, client))

    def _pass(self, way: int, data: bytes, send: Callable[[bytes], None]) -> None:
        if self._fates is None or demux.kind(data) is not Kind.RTP:
            send(data)
            return
        loop = asyncio.get_running_loop()
        due = self._fates[way].next(loop.time(), len(data))
        if due is None or self._waiting >= WAITING:
            self.lost += 1
            return
        self.passed += 1
        if due <= loop.time():
            send(data)
        else:
            self._waiting += 1
            loop.call_at(due, self._arrive, data, send)

    def _arrive(self, data: bytes, send: Callable[[bytes], None]) -> None:
        self._waiting -= 1
        if not self._inner.is_closing():
            send(data)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, addr)
