"""`bench soak`: a Space lives for long while listeners come and go; nothing may grow, and no tick may be late."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from spacesctl.bench.fanout import COUNTERS
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import ListenerPool

SAMPLE: Final = 10.0
"""Seconds between two looks at the processes."""
WARM_UP: Final = 240.0
"""Seconds at first in which listeners stay for `HASTE` only, before anything is measured. Some thousands must have come and gone until what
stays and what is free in between lie in memory as they will from then on: at the pace of `STAY` that takes longer than the measurement."""
HASTE: Final = 15.0
STAY: Final = 120.0
"""Seconds that a listener stays on average."""
FIRST: Final = 0.25
"""Of the whole time is left out of the slopes: what the haste left behind goes."""


Span = dict[str, Any]
Sample = tuple[float, float, int]
"""Seconds since the first one, MiB, open files."""


async def measure(
    minutes: float, listeners: int, speakers: int, note: Callable[[str], None], warm_up: float = WARM_UP
) -> dict[str, Any]:
    """Samples of each process after the warm-up, and their slopes."""
    machine.need_descriptors(2 * listeners)
    async with target(speakers=speakers, packet_ms="auto") as here, ListenerPool(here.signal) as crowd:
        await crowd.grow(listeners)
        note(f"{listeners} listeners come and go in haste for {warm_up:g} s")
        await _come_and_go(here, crowd, listeners, HASTE, warm_up)
        await crowd.begin()
        await here.watching.read()
        before = await here.metrics()
        coming = asyncio.create_task(_come_and_go(here, crowd, listeners, STAY, math.inf))
        try:
            samples, spans = await _watched(here, minutes * 60, before, coming, note)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        lost, after = (await crowd.counted()).lost, await here.metrics()
    return {
        "machine": machine.described(),
        "warm_up_seconds": warm_up,
        "minutes": minutes,
        "listeners": listeners,
        "speakers": speakers,
        "counters": {name: round(after[name] - before[name]) for name in COUNTERS},
        "late_ms_max": max(one["late_ms_max"] for one in spans),
        **lateness(spans),
        "spans": spans,
        "lost": lost,
        "processes": {name: summary(each) for name, each in samples.items()},
    }


async def _watched(
    here: Target, seconds: float, before: dict[str, float], coming: asyncio.Task[None], note: Callable[[str], None]
) -> tuple[dict[str, list[Sample]], list[Span]]:
    """A look at each process, and at the ticks since the look before, every `SAMPLE` seconds as long as listeners keep `coming`."""
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


def span(before: dict[str, float], after: dict[str, float], still: dict[str, Any]) -> Span:
    """Between two looks: the engine's ticks, how many were late and how many skipped, and the same of a process with nothing to do.

    A tick is skipped when it comes so late that the next one is due: where none was, none was 20 ms late.
    """
    ticks, late, skipped = (round(after[name] - before[name]) for name in ("ticks", "ticks_late", "ticks_skipped"))
    worst = after["late_ms_max"]
    return {"ticks": ticks, "late": late, "skipped": skipped, "late_ms_max": worst, "machine_stood_still": still}


def lateness(spans: Sequence[Span]) -> dict[str, Any]:
    """Of all spans how often the machine stood still, and of those in which it did not how many ticks were late, or skipped."""
    still = [one["machine_stood_still"] for one in spans]
    calm = [one for one in spans if not one["machine_stood_still"]["late"]]
    return {
        "machine_stood_still": {
            "ticks": sum(one["ticks"] for one in still),
            "late": sum(one["late"] for one in still),
            "late_ms_max": max((one["late_ms_max"] for one in still), default=0.0),
        },
        "calm": {
            "spans": len(calm),
            "of": len(spans),
            "ticks": sum(one["ticks"] for one in calm),
            "late": sum(one["late"] for one in calm),
            "skipped": sum(one["skipped"] for one in calm),
        },
    }


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """What a process had at each, and the slopes per hour of the later ones, by least squares."""
    kept = samples[int(len(samples) * FIRST) :]
    hours = np.array([seconds / 3600 for seconds, _, _ in kept])
    memory, files = (np.array([one[place] for one in kept], float) for place in (1, 2))
    many = len(kept) > 1
    return {
        "memory_mib": [round(mib, 2) for _, mib, _ in samples],
        "files": [count for _, _, count in samples],
        "memory_mib_per_hour": round(float(np.polyfit(hours, memory, 1)[0]), 3) if many else 0.0,
        "files_per_hour": round(float(np.polyfit(hours, files, 1)[0]), 3) if many else 0.0,
    }


async def _come_and_go(here: Target, crowd: ListenerPool, listeners: int, stay: float, seconds: float) -> None:
    """Somebody else for somebody, as often as people leave who stay so long on average; half of them without a word."""
    chance, end = random.Random(1), time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(stay / listeners)
        leaving = chance.choice(crowd.listeners)
        if chance.random() < 0.5:
            await here.hang_up(leaving)
        crowd.leave(leaving)
        await crowd.grow(listeners)
