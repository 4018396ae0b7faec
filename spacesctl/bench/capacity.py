"""`bench capacity`: how many listeners ours carries and how many the floor in C, and what a further one costs both at the same time.

A machine's speed may change by half within minutes. So for the cost both run side by side on the one core, as often as each other
and with as much of its caches; CPU time is counted by process. How many each carries, it is asked alone, in parts of a window of which only
those count in which a process with nothing to do was in time: nobody is, while the machine stands still.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from spacesctl.bench import floor
from spacesctl.bench.fanout import SETTLE, slopes, window
from spacesctl.bench.target import Target, target
from spacesctl.bench.voice import packets
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import jitter_probe
from spacesctl.probe.listener_pool import ListenerPool

OURS: Final = "spacesctl"
IN_TIME: Final = 0.999
"""Of the ticks must begin less than 10 ms late, and no packet be lost, for a number of listeners to be carried."""
TRIES: Final = 3
"""Windows with the same number until it is carried in one."""
PARTS: Final = 4
"""Of a window. One in which the machine stood still is measured again..."""
MOST_PARTS: Final = 3 * PARTS
"""... but no more than so many in all."""
BESIDE: Final = (500, 1500)
"""Listeners that both have at once."""

Point = dict[str, Any]
Measuring = Callable[[int], Awaitable[Point]]
Note = Callable[[str], None]


async def measure(start: int, step: int, most: int, seconds: float, note: Note) -> dict[str, Any]:
    """Ever more listeners, from `start` in steps of `step`, until they are too many. Raises Refused, naming what is missing."""
    machine.need_linux()
    machine.need_descriptors(max(most, 2 * max(BESIDE)))
    with tempfile.TemporaryDirectory(prefix="spacesctl-floor-") as folder:
        programs = {way: await asyncio.to_thread(floor.compiled, way, Path(folder)) for way in floor.WAYS}
        asked = [*range(start, most + 1, step)]
        found = {}
        for way, program in programs.items():
            note(f"floor {way}, alone")
            found[f"floor {way}"] = await _largest(asked, partial(calm, partial(_floor, program, way, seconds / PARTS)))
        async with target(packet_ms="20") as here, ListenerPool(here.signal) as crowd:
            note("side by side")
            beside = [await _side_by_side(here, crowd, programs, count, seconds) for count in BESIDE]
            note("ours, alone")
            found[OURS] = await _largest(asked, partial(calm, partial(_ours, here, crowd, seconds / PARTS)))
    largest = {
        name: max((one["listeners"] for one in points if one["carried"]), default=0) for name, points in found.items()
    }
    return {
        "machine": machine.described(),
        "seconds": seconds,
        "points": found,
        "largest": largest,
        "beside": beside,
        "cost": costs(beside),
    }


def costs(beside: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """By floor: what a further listener costs ours and the floor, in milliseconds a second, and their ratio."""
    found = {}
    for name in beside[0]["core_percent"]:
        points = [[(one["listeners"], one["core_percent"][name][who]) for one in beside] for who in (0, 1)]
        ours, least = (slopes(each)[0]["ms_per_listener_second"] for each in points)
        found[name] = {"ours": ours, "floor": least, "ratio": round(ours / least, 2) if least > 0 else 0.0}
    return found


async def _largest(asked: list[int], measuring: Measuring) -> list[Point]:
    """The points up to the first number that is not carried."""
    points = list[Point]()
    for count in asked:
        for _ in range(TRIES):
            point = await measuring(count)
            if point["carried"]:
                break
        points.append(point)
        if not point["carried"]:
            break
    return points


async def calm(measuring: Measuring, count: int) -> Point:
    """A window from its parts, of those in which the machine did not stand still; of all, if it did in every one."""
    still, stood = list[Point](), list[Point]()
    while len(still) < PARTS and len(still) + len(stood) < MOST_PARTS:
        part = await measuring(count)
        (stood if part["machine_stood_still"]["late"] else still).append(part)
    parts = still or stood
    ticks, late, lost = (sum(part[name] for part in parts) for name in ("ticks", "ticks_late", "lost"))
    machine_stood_still = {
        "ticks": sum(part["machine_stood_still"]["ticks"] for part in parts),
        "late": sum(part["machine_stood_still"]["late"] for part in parts),
        "late_ms_max": max(part["machine_stood_still"]["late_ms_max"] for part in parts),
    }
    core = round(sum(part["core_percent"] for part in parts) / len(parts), 2)
    return _point(count, core, ticks, late, lost, machine_stood_still) | {
        "parts": len(parts),
        "left_out": len(stood) if still else 0,
    }


async def _ours(here: Target, crowd: ListenerPool, seconds: float, count: int) -> Point:
    if len(crowd.listeners) < count:
        await crowd.grow(count)
        await asyncio.sleep(SETTLE)
    seen = await window(here, crowd, seconds)
    late = seen.counters["ticks_late"] + seen.counters["ticks_skipped"]
    return _point(seen.listeners, seen.core_percent, seen.counters["ticks"], late, seen.lost, seen.machine_stood_still)


async def _floor(program: Path, way: str, seconds: float, count: int) -> Point:
    async with jitter_probe(machine.cores()[0]) as watching:
        seen = await floor.run(program, way, count, seconds, _size())
        still = await watching.read()
    return _point(count, seen["core_percent"], seen["ticks"], seen["ticks_late"], seen["lost"], still)


async def _side_by_side(
    here: Target, crowd: ListenerPool, programs: dict[str, Path], count: int, seconds: float
) -> dict[str, Any]:
    """Percent of a core of ours and of each floor, in the same seconds."""
    await crowd.grow(count)
    await asyncio.sleep(SETTLE)
    found = {}
    for way, program in programs.items():
        seen, least = await asyncio.gather(
            window(here, crowd, seconds), floor.run(program, way, count, seconds, _size())
        )
        found[f"floor {way}"] = (seen.core_percent, least["core_percent"])
    return {"listeners": count, "core_percent": found}


def _size() -> int:
    """Bytes of the voice's packets, on average."""
    return round(sum(map(len, packets())) / len(packets()))


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
