"""What listeners who came and went leave in an engine's memory: `python tests/bench/churn.py --rounds 40 --listeners 150`. Prints JSON.

All in this process and without a network: each round they check, shake hands, hear some ticks and leave. Resident memory every five rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import os
import secrets
import time
from typing import Final

from aioice import stun

from spacesctl.api.wire import plain
from spacesctl.engine.clock import SpaceClock
from spacesctl.engine.messages import AddPeer, OpenSpace
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.peers.registry import PeerRegistry
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import Rows
from spacesctl.engine.transport.ports import Ports
from spacesctl.probe import machine
from spacesctl.rtc.dtls import Dtls, Identity, State

SPACE: Final = "space"
TICKS: Final = 60
"""That are heard in each round."""
EVERY: Final = 5
"""Rounds between two looks at the memory."""


class Nowhere:
    """Where packets of sound go."""

    def rows(self, size: int) -> Rows:
        return Rows(size)

    def send_rows(self, _rows: object, count: int) -> int:
        return count


class Churn:
    """An engine's room and peers, whose handshakes are taken when they come."""

    def __init__(self) -> None:
        self.engine, self.client = Identity(), Identity()
        self._sent: list[bytes] = []
        self._rooms = {SPACE: Room(OpenSpace(SPACE, 0.0, 0, 7), SpaceClock(0), Metrics(), Ports(Nowhere(), self._send))}
        self._peers = PeerRegistry(
            self.engine, self._rooms, Metrics(), self._send, lambda _told: None, lambda: time.monotonic() + 60
        )
        self._tick = 0

    async def round(self, listeners: int) -> None:
        names = [f"p{number}" for number in range(listeners)]
        for number, name in enumerate(names):
            await self._join(name, ("192.0.2.1", 20_000 + number))
        for _ in range(TICKS):
            self._rooms[SPACE].run(self._tick, time.monotonic())
            self._peers.tick(self._tick, time.time(), time.monotonic())
            self._tick += 1
        for name in names:
            assert self._peers.remove(name), "it had joined"
        self._sent.clear()

    async def _join(self, name: str, source: TransportAddress) -> None:
        ufrag, password, remote = secrets.token_hex(4), secrets.token_hex(16), secrets.token_hex(4)
        fingerprints = [("sha-256", self.client.fingerprint)]
        added = AddPeer(
            peer=name, space=SPACE, kind="down", local_ufrag=ufrag, local_pwd=password, remote_ufrag=remote,
            remote_pwd="x" * 24, remote_fingerprints=fingerprints, dtls="server", payload_type=111,
        )  # fmt: skip
        assert self._peers.add(added)
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        check.attributes["USERNAME"] = f"{ufrag}:{remote}"
        check.attributes["USE-CANDIDATE"] = None
        check.add_message_integrity(password.encode())
        self._peers.receive(bytes(check), source)
        self._sent.clear()
        dtls = Dtls(self.client, "client", [("sha-256", self.engine.fingerprint)])
        dtls.start()
        while dtls.state is State.HANDSHAKE:
            for datagram in dtls.outgoing():
                self._peers.receive(datagram, source)
            await asyncio.sleep(0)  # the engine's turn
            for datagram in self._sent:
                dtls.feed(datagram)
            self._sent.clear()
        assert dtls.state is State.CONNECTED, dtls.why

    def _send(self, data: bytes, _target: TransportAddress) -> bool:
        self._sent.append(data)
        return True


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--listeners", type=int, default=150)
    words = parser.parse_args()
    churn, kib = Churn(), list[int]()
    gc.disable()  # as in a busy engine
    for number in range(words.rounds):
        await churn.round(words.listeners)
        if number % EVERY == EVERY - 1:
            ctypes.CDLL(None).malloc_trim(0)
            kib.append(machine.memory_bytes(os.getpid()) // 1024)
    print(
        json.dumps(
            {"machine": plain(machine.described()), "listeners": words.rounds * words.listeners, "memory_kib": kib}
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
