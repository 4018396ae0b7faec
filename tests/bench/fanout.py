"""How much of one core the engine needs for N WebRTC listeners, how late its ticks are, and whether a packet is lost.

python tests/bench/fanout.py --listeners 200 --speakers 3 --seconds 20 [--json]

A real server; listeners of bare sockets that join by WHEP, do ICE and DTLS, and then look at the RTP header alone; speakers
that talk all the time over lanes. Loss is counted where it matters: gaps in the sequence numbers of each listener. Everything
runs on this machine, so the listeners take a good part of another core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil

from spacesctl.rtc import demux
from tests.e2e.peers import LaneSpeaker, LightPeer, packets_of
from tests.e2e.scene import TICK, Scene, scene
from tests.listening import voice

JOINING = 8
"""Listeners that join at once."""
CHECK_EVERY = 5.0
"""Seconds between a listener's connectivity checks; without any for 30 s it would be dropped (RFC 7675)."""
SETTLE = 2.0
TIMINGS = [
    f"{what}_ms_{part}" for what in ("late", "work", "lanes", "encode", "send") for part in ("p50", "p99", "max")
]
COUNTERS = [
    "ticks",
    "ticks_skipped",
    "packets_out",
    "packets_out_dropped",
    "packets_dropped",
    "frames_lost",
    "frames_late",
]


class Listener(LightPeer):
    """Counts packets and gaps. It decrypts nothing: that would measure this process."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.expected = 0
        self.lost = 0
        self.reordered = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        if demux.kind(data) is not demux.Kind.RTP:
            super().datagram_received(data, addr)
            return
        sequence = data[2] << 8 | data[3]
        ahead = sequence - self.expected & 0xFFFF if self.count else 0
        self.count += 1
        if ahead < 0x8000:
            self.lost += ahead
            self.expected = sequence + 1 & 0xFFFF
        else:
            self.reordered += 1

    def begin(self) -> None:
        self.count = self.lost = self.reordered = 0


@dataclass(frozen=True)
class Measured:
    """A window of `seconds`; `timings` (milliseconds) are the engine's own over its last minute, joins included."""

    listeners: int
    speakers: int
    seconds: float
    join_seconds: float
    core_percent: float
    cpu_ms_per_listener_second: float
    packets: int
    packets_expected: int
    lost: int
    reordered: int
    listeners_with_loss: int
    counters: dict[str, int]
    timings: dict[str, float]

    def text(self) -> str:
        pace = f"{self.core_percent:.1f} % of one core, {self.cpu_ms_per_listener_second:.2f} ms per listener-second"
        lines = [
            f"{self.listeners} listeners, {self.speakers} speakers, {self.seconds:.1f} s; joined in {self.join_seconds:.1f} s",
            f"engine          {pace}",
            f"packets         {self.packets} of about {self.packets_expected}",
            f"lost            {self.lost} by sequence, at {self.listeners_with_loss} listeners; {self.reordered} out of order",
            "counters        " + ", ".join(f"{name} {count}" for name, count in self.counters.items()),
        ]
        for what in ("late", "work", "lanes", "encode", "send"):
            p50, p99, most = (self.timings[f"{what}_ms_{part}"] for part in ("p50", "p99", "max"))
            lines.append(f"{what:<8} ms     p50 {p50:.2f}   p99 {p99:.2f}   max {most:.2f}")
        return "\n".join(lines)


async def measure(listeners: int, speakers: int, seconds: float) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        async with scene(Path(folder), *(f"s{number}" for number in range(speakers))) as room:
            for number in range(speakers):
                said = packets_of(voice(number, 10.0))
                await room.stack.enter_async_context(LaneSpeaker(room, f"s{number}", said))
            crowd = [Listener(f"l{number}") for number in range(listeners)]
            began = time.monotonic()
            await join(room, crowd)
            joined = time.monotonic() - began
            checking = asyncio.create_task(keep_checking(crowd))
            try:
                await asyncio.sleep(SETTLE)
                return await watch(room, crowd, speakers, seconds, joined)
            finally:
                checking.cancel()
                await asyncio.gather(checking, return_exceptions=True)
                for one in crowd:
                    one.transport.close()


async def join(room: Scene, crowd: list[Listener]) -> None:
    turn = asyncio.Semaphore(JOINING)

    async def one(listener: Listener) -> None:
        async with turn:
            await listener.join(room.server.url, room.place, None)

    await asyncio.gather(*(one(listener) for listener in crowd))


async def keep_checking(crowd: list[Listener]) -> None:
    while True:
        for listener in crowd:
            listener.check()
            await asyncio.sleep(CHECK_EVERY / len(crowd))


async def watch(room: Scene, crowd: list[Listener], speakers: int, seconds: float, joined: float) -> Measured:
    children = psutil.Process(room.server.process.pid).children()
    engine = next(one for one in children if "spacesctl.media" in one.cmdline())
    counted = {name: await room.metric(f"spacesctl_engine_{name}_total") for name in COUNTERS}
    for one in crowd:
        one.begin()
    began, before = time.monotonic(), engine.cpu_times()
    await asyncio.sleep(seconds)
    after, took = engine.cpu_times(), time.monotonic() - began
    packets, lost, reordered = (sum(getattr(one, name) for one in crowd) for name in ("count", "lost", "reordered"))
    with_loss = sum(one.lost > 0 for one in crowd)
    busy = after.user + after.system - before.user - before.system
    return Measured(
        listeners=len(crowd),
        speakers=speakers,
        seconds=round(took, 3),
        join_seconds=round(joined, 3),
        core_percent=round(100 * busy / took, 2),
        cpu_ms_per_listener_second=round(1000 * busy / took / max(1, len(crowd)), 3),
        packets=packets,
        packets_expected=round(len(crowd) * took / TICK),
        lost=lost,
        reordered=reordered,
        listeners_with_loss=with_loss,
        counters={
            name: round(await room.metric(f"spacesctl_engine_{name}_total") - counted[name]) for name in COUNTERS
        },
        timings={name: await room.metric(f"spacesctl_engine_{name}") for name in TIMINGS},
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--speakers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    measured = asyncio.run(measure(options.listeners, options.speakers, options.seconds))
    print(json.dumps(vars(measured)) if options.json else measured.text())
    return 0 if measured.lost == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
