"""`bench capacity`: how many listeners ours carries, and how many the floor in C, in turns on one core within a run.

A machine's speed may change by half within minutes. So each number of listeners is measured with ours and right after it, while the
Space is silent, with the floor.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from spacesctl.bench import floor, machine
from spacesctl.bench.crowd import Crowd
from spacesctl.bench.fanout import SETTLE, window
from spacesctl.bench.server import Target, target
from spacesctl.bench.voice import packets

OURS: Final = "spacesctl"
IN_TIME: Final = 0.999
"""Of the ticks must begin less than 10 ms late, and no packet be lost, for a number of listeners to be carried."""
TRIES: Final = 3
"""Windows with the same number until it is carried in one: a machine stands still for a moment now and then, whoever sends."""
HUSH: Final = 1.0
"""Seconds between sound and silence."""

Point = dict[str, Any]


async def measure(start: int, step: int, most: int, seconds: float, note: Callable[[str], None]) -> dict[str, Any]:
    """Ever more listeners, from `start` in steps of `step`, until nobody carries them. Raises Refused, naming what is missing."""
    machine.need_linux()
    machine.need_descriptors(2 * most)
    with tempfile.TemporaryDirectory(prefix="spacesctl-floor-") as folder:
        programs = {way: await asyncio.to_thread(floor.compiled, way, Path(folder)) for way in floor.WAYS}
        found: dict[str, list[Point]] = {OURS: [], **{f"floor {way}": [] for way in programs}}
        async with target(packet_ms="20") as here, Crowd(here.signal) as crowd:
            turns = _Turns(here, crowd, programs, seconds)
            for count in range(start, most + 1, step):
                going_on = [name for name, points in found.items() if all(one["carried"] for one in points)]
                if not going_on:
                    break
                note(f"{count} listeners: {', '.join(going_on)}")
                for name in going_on:
                    found[name].append(await turns.take(name, count))
    return {"machine": machine.described(), "seconds": seconds, "points": found, **compared(found)}


class _Turns:
    """Who is measured, with how many."""

    def __init__(self, here: Target, crowd: Crowd, programs: dict[str, Path], seconds: float) -> None:
        self._here = here
        self._crowd = crowd
        self._programs = programs
        self._seconds = seconds
        self._size = round(sum(map(len, packets())) / len(packets()))

    async def take(self, name: str, count: int) -> Point:
        if name == OURS:
            await self._crowd.grow(count)
            await asyncio.sleep(SETTLE)
            return await _settled(self._ours)
        way = name.removeprefix("floor ")
        self._here.talk(False)
        try:
            await asyncio.sleep(HUSH)
            return await _settled(lambda: self._floor(way, count))
        finally:
            self._here.talk(True)
            await asyncio.sleep(HUSH)

    async def _ours(self) -> Point:
        seen = await window(self._here, self._crowd, self._seconds)
        counters = seen.counters
        late = counters["ticks_late"] + counters["ticks_skipped"]
        return _point(seen.listeners, seen.core_percent, counters["ticks"], late, seen.lost, seen.machine_stood_still)

    async def _floor(self, way: str, count: int) -> Point:
        await self._here.watching.read()
        seen = await floor.run(self._programs[way], way, count, self._seconds, self._size)
        still = await self._here.watching.read()
        return _point(count, seen["core_percent"], seen["ticks"], seen["ticks_late"], seen["lost"], still)


async def _settled(measuring: Callable[[], Awaitable[Point]]) -> Point:
    for _ in range(TRIES):
        point = await measuring()
        if point["carried"]:
            break
    return point


def _point(count: int, core: float, ticks: int, late: int, lost: int, still: dict[str, Any]) -> Point:
    return {
        "listeners": count,
        "core_percent": core,
        "ticks": ticks,
        "ticks_late": late,
        "lost": lost,
        "machine_stood_still": still,
        "carried": not lost and late <= (1 - IN_TIME) * ticks,
    }


def compared(found: dict[str, list[Point]]) -> dict[str, Any]:
    """The largest number that each carried, what a further listener cost where all carried them, and ours in relation."""
    largest = {
        name: max((one["listeners"] for one in points if one["carried"]), default=0) for name, points in found.items()
    }
    shared = set.intersection(*({one["listeners"] for one in points} for points in found.values()))
    slopes = {name: _slope([one for one in points if one["listeners"] in shared]) for name, points in found.items()}
    return {
        "largest": largest,
        "of_the_floor": {
            name: round(largest[OURS] / most, 2) for name, most in largest.items() if most and name != OURS
        },
        "ms_per_listener_second": slopes,
        "times_the_floor": {
            name: round(slopes[OURS] / slope, 2) for name, slope in slopes.items() if slope and name != OURS
        },
    }


def _slope(points: list[Point]) -> float:
    """Milliseconds a second by the line that fits best; 0 for less than two points."""
    if len(points) < 2:
        return 0.0
    line = np.polyfit([one["listeners"] for one in points], [one["core_percent"] * 10 for one in points], 1)
    return round(float(line[0]), 4)
