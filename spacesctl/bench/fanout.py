"""`bench fanout`: the CPU that the engine needs for N listeners, the packets that they lost, and how late ticks began."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final

from spacesctl.api.wire import Wire
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import Jitter
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.machine import Machine

SETTLE: Final = 12.0
"""Seconds from the last join to the measurement: the engine frees handshakes after 10 s."""
COUNTERS: Final = ("ticks", "ticks_skipped", "ticks_late", "packets_out", "packets_out_dropped", "packets_dropped")
"""The engine's counters that are reported."""
TIMINGS: Final = ("late_ms", "work_ms", "cpu_ms", "lanes_ms", "encode_ms", "send_ms")
"""The engine's timings that are reported."""


@dataclass(frozen=True)
class Window:
    """A measurement of `seconds` with `listeners`. `counters` are the engine's in this window; `timings` are the engine's over the last
    minute, in milliseconds; `machine_stood_still` is the report of the jitter probe, an idle process on the same core."""

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
    machine_stood_still: Jitter


class Slope(Wire, frozen=True, kw_only=True, rename={"few": "from", "many": "to"}):
    """The CPU that one more listener costs, in milliseconds per second, between `few` and `many` (in JSON `from` and `to`)."""

    few: int
    many: int
    ms_per_listener_second: float


@dataclass(frozen=True)
class Fanout:
    """The result: a window for each number of listeners, and the slopes between them."""

    machine: Machine
    packet_ms: str
    speakers: int
    windows: list[Window]
    slopes: list[Slope]


async def measure(
    counts: Sequence[int], seconds: float, packet_ms: str, speakers: int, note: Callable[[str], None]
) -> Fanout:
    """Measure a window of `seconds` with each number of listeners in `counts`, and the cost of one more listener between them. Raises
    Refused when this process may not open enough files."""
    machine.need_descriptors(max(counts))
    async with target(speakers=speakers, packet_ms=packet_ms) as here, ListenerPool(here.signal) as pool:
        windows = []
        for count in sorted(counts):
            note(f"{count} listeners join")
            joined = await pool.grow(count)
            await asyncio.sleep(SETTLE)
            windows.append(await window(here, pool, seconds, joined))
    return Fanout(
        machine=machine.described(),
        packet_ms=packet_ms,
        speakers=speakers,
        windows=windows,
        slopes=slopes([(one.listeners, one.core_percent) for one in windows]),
    )


async def window(here: Target, pool: ListenerPool, seconds: float, joined: float = 0.0) -> Window:
    """Measure for `seconds` with the present listeners; `joined` is how long they took to join, in seconds."""
    before = await here.metrics()
    await pool.begin()
    await here.watching.read()
    began, engine, own = time.monotonic(), machine.cpu_seconds(here.pid), time.process_time()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    engine, own = machine.cpu_seconds(here.pid) - engine, time.process_time() - own
    stood_still = await here.watching.read()
    counted, after = await pool.counted(), await here.metrics()
    listeners = len(pool.listeners)
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


def slopes(points: Sequence[tuple[int, float]]) -> list[Slope]:
    """The CPU that one more listener costs, in milliseconds per second, between neighbouring `points`: (listeners, percent of a core)."""
    return [
        Slope(few=few, many=many, ms_per_listener_second=round((high - low) * 10 / (many - few), 4))
        for (few, low), (many, high) in pairwise(points)
    ]
