"""`bench fanout`: what the engine needs for N listeners, whether one of them lost a packet, and how late its ticks began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import ListenerPool

SETTLE: Final = 12.0
"""Seconds from the last join to the measurement: handshakes are forgotten after ten."""
COUNTERS: Final = ("ticks", "ticks_skipped", "ticks_late", "packets_out", "packets_out_dropped", "packets_dropped")
TIMINGS: Final = ("late_ms", "work_ms", "cpu_ms", "lanes_ms", "encode_ms", "send_ms")


@dataclass(frozen=True)
class Window:
    """A window of `seconds` with so many listeners. `counters` are the engine's, of this window; `timings` its milliseconds over the
    last minute; `machine_stood_still` is what a process saw that only waits for ticks of its own on the same core."""

    listeners: int
    seconds: float
    join_seconds: float
    core_percent: float
    cpu_ms_per_listener_second: float
    client_core_percent: float
    memory_mib: float
    packets: int
    lost: int
    reordered: int
    listeners_with_loss: int
    whole: int
    undecoded: int
    counters: dict[str, int]
    timings: dict[str, float]
    machine_stood_still: dict[str, Any]


async def measure(
    counts: Sequence[int], seconds: float, packet_ms: str, speakers: int, note: Callable[[str], None]
) -> dict[str, Any]:
    """Windows with ever more listeners, and the cost of a further one between each and the next."""
    machine.need_descriptors(max(counts))
    async with target(speakers=speakers, packet_ms=packet_ms) as here, ListenerPool(here.signal) as crowd:
        windows = []
        for count in sorted(counts):
            note(f"{count} listeners join")
            joined = await crowd.grow(count)
            await asyncio.sleep(SETTLE)
            windows.append(await window(here, crowd, seconds, joined))
    return {
        "machine": machine.described(),
        "packet_ms": packet_ms,
        "speakers": speakers,
        "windows": [asdict(one) for one in windows],
        "slopes": slopes([(one.listeners, one.core_percent) for one in windows]),
    }


async def window(here: Target, crowd: ListenerPool, seconds: float, joined: float = 0.0) -> Window:
    """Measure what goes on for a while."""
    before = await here.metrics()
    await crowd.begin()
    await here.watching.read()
    began, engine, own = time.monotonic(), machine.cpu_seconds(here.pid), time.process_time()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    engine, own = machine.cpu_seconds(here.pid) - engine, time.process_time() - own
    stood_still = await here.watching.read()
    counted, after = await crowd.counted(), await here.metrics()
    listeners = len(crowd.listeners)
    return Window(
        listeners=listeners,
        seconds=round(took, 2),
        join_seconds=round(joined, 2),
        core_percent=round(100 * engine / took, 2),
        cpu_ms_per_listener_second=round(1000 * engine / took / max(1, listeners), 4),
        client_core_percent=round(100 * own / took, 1),
        memory_mib=round(machine.memory_bytes(here.pid) / 2**20, 1),
        **asdict(counted),
        counters={name: round(after[name] - before[name]) for name in COUNTERS},
        timings={f"{name}_{part}": after[f"{name}_{part}"] for name in TIMINGS for part in ("p50", "p99", "max")},
        machine_stood_still=stood_still,
    )


def slopes(points: Sequence[tuple[int, float]]) -> list[dict[str, float]]:
    """Milliseconds of CPU that one more listener costs a second, between neighbouring (listeners, percent of a core)."""
    return [
        {"from": few, "to": many, "ms_per_listener_second": round((high - low) * 10 / (many - few), 4)}
        for (few, low), (many, high) in pairwise(points)
    ]
