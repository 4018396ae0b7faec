"""`bench soak`: a Space is live for a long time while listeners come and go. Memory and files must not grow, and no tick may be late."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spacesctl.bench.fanout import COUNTERS
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import Jitter, altogether
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.machine import Machine

SAMPLE: Final = 10.0
"""Seconds between two samples of the processes."""
WARM_UP: Final = 240.0
"""Seconds before the measurement, in which listeners stay for `HASTE` only. Heap fragmentation becomes steady only after some thousand
listeners have come and gone; with `STAY` that would take longer than the measurement."""
HASTE: Final = 15.0
"""Seconds that a listener stays on average during the warm-up."""
STAY: Final = 120.0
"""Seconds that a listener stays on average."""
FIRST: Final = 0.25
"""The share of samples at the beginning that is left out of the slopes, while memory of the warm-up is freed."""

Sample = tuple[float, float, int]
"""A sample of a process: seconds since the beginning, MiB of memory, open files."""


@dataclass(frozen=True)
class Span:
    """The engine's ticks between two samples, and what the jitter probe saw."""

    ticks: int
    late: int
    skipped: int
    late_ms_max: float
    machine_stood_still: Jitter


@dataclass(frozen=True)
class Calm:
    """The ticks in those `spans`, `of` all, in which the machine did not stand still."""

    spans: int
    of: int
    ticks: int
    late: int
    skipped: int


@dataclass(frozen=True)
class Growth:
    """The samples of a process, and their slopes."""

    memory_mib: list[float]
    files: list[int]
    memory_mib_per_hour: float
    files_per_hour: float


@dataclass(frozen=True)
class Soak:
    """The result. `counters` are the engine's, `processes` by name."""

    machine: Machine
    warm_up_seconds: float
    minutes: float
    listeners: int
    speakers: int
    counters: dict[str, int]
    late_ms_max: float
    machine_stood_still: Jitter
    calm: Calm
    spans: list[Span]
    lost: int
    processes: dict[str, Growth]


async def measure(
    minutes: float, listeners: int, speakers: int, note: Callable[[str], None], warm_up: float = WARM_UP
) -> Soak:
    """Sample the engine and the server for `minutes` after a warm-up of `warm_up` seconds, while about `listeners` listen and `speakers`
    talk. Returns the samples with their slopes, and how late ticks were. Raises Refused when this process may not open enough files."""
    machine.need_descriptors(2 * listeners)
    async with target(speakers=speakers, packet_ms="auto") as here, ListenerPool(here.signal) as pool:
        await pool.grow(listeners)
        note(f"warm-up for {warm_up:g} s: {listeners} listeners who come and go quickly")
        await _come_and_go(here, pool, listeners, HASTE, warm_up)
        await pool.begin()
        await here.watching.read()
        before = await here.metrics()
        coming = asyncio.create_task(_come_and_go(here, pool, listeners, STAY, math.inf))
        try:
            samples, spans = await _watched(here, minutes * 60, before, coming, note)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        lost, after = (await pool.counted()).lost, await here.metrics()
    return Soak(
        machine=machine.described(),
        warm_up_seconds=warm_up,
        minutes=minutes,
        listeners=listeners,
        speakers=speakers,
        counters={name: round(after[name] - before[name]) for name in COUNTERS},
        late_ms_max=max(one.late_ms_max for one in spans),
        machine_stood_still=altogether([one.machine_stood_still for one in spans]),
        calm=calm(spans),
        spans=spans,
        lost=lost,
        processes={name: summary(each) for name, each in samples.items()},
    )


async def _watched(
    here: Target, seconds: float, before: dict[str, float], coming: asyncio.Task[None], note: Callable[[str], None]
) -> tuple[dict[str, list[Sample]], list[Span]]:
    """Sample each process, and the ticks since the previous sample, every `SAMPLE` seconds. Raises what the task `coming` raised."""
    processes = {"engine": here.pid, "server": here.server.process.pid}
    samples: dict[str, list[Sample]] = {name: [] for name in processes}
    began, spans = time.monotonic(), list[Span]()
    while (now := time.monotonic() - began) < seconds:
        for name, pid in processes.items():
            samples[name].append((now, machine.memory_bytes(pid) / 2**20, machine.descriptors(pid)))
        figures, still = await asyncio.gather(here.metrics(), here.watching.read())
        spans.append(span(before, figures, still))
        before = figures
        note(f"{now / 60:.1f} min: " + ", ".join(f"{name} {each[-1][1]:.1f} MiB" for name, each in samples.items()))
        await asyncio.sleep(SAMPLE)
        if coming.done():
            coming.result()
    return samples, spans


def span(before: dict[str, float], after: dict[str, float], still: Jitter) -> Span:
    """The engine's ticks between two samples of its metrics, how many were late and how many skipped, and what the jitter probe saw.

    A tick is skipped when the one before it begins so late that the next is due. So without skipped ticks, none was 20 ms late.
    """
    ticks, late, skipped = (round(after[name] - before[name]) for name in ("ticks", "ticks_late", "ticks_skipped"))
    return Span(ticks, late, skipped, after["late_ms_max"], still)


def calm(spans: Sequence[Span]) -> Calm:
    """How many ticks were late or skipped in the spans in which the machine did not stand still."""
    kept = [one for one in spans if not one.machine_stood_still.late]
    return Calm(
        spans=len(kept),
        of=len(spans),
        ticks=sum(one.ticks for one in kept),
        late=sum(one.late for one in kept),
        skipped=sum(one.skipped for one in kept),
    )


def summary(samples: Sequence[Sample]) -> Growth:
    """The samples of a process, and their slopes per hour by least squares, without the first ones (`FIRST`)."""
    kept = samples[int(len(samples) * FIRST) :]
    hours = np.array([seconds / 3600 for seconds, _, _ in kept])
    memory, files = (np.array([one[place] for one in kept], float) for place in (1, 2))
    many = len(kept) > 1
    return Growth(
        memory_mib=[round(mib, 2) for _, mib, _ in samples],
        files=[count for _, _, count in samples],
        memory_mib_per_hour=round(float(np.polyfit(hours, memory, 1)[0]), 3) if many else 0.0,
        files_per_hour=round(float(np.polyfit(hours, files, 1)[0]), 3) if many else 0.0,
    )


async def _come_and_go(here: Target, pool: ListenerPool, listeners: int, stay: float, seconds: float) -> None:
    """Replace listeners one by one for `seconds`, so that each stays `stay` seconds on average. Half of them leave without HTTP DELETE."""
    chance, end = random.Random(1), time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(stay / listeners)
        leaving = chance.choice(pool.listeners)
        if chance.random() < 0.5:
            await here.hang_up(leaving)
        pool.leave(leaving)
        await pool.grow(listeners)
