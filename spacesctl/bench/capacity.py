"""`bench capacity`: how many listeners our engine and the floor (a minimal sender in C) carry, and what one more listener costs each.

A machine's speed may change by half within minutes. So the cost is measured with both running at the same time on the same core, with the
same share of its time and caches; CPU time is counted by process. The largest number of listeners is measured for each alone, in windows
of several parts. A part counts only if an idle process on the same core (the jitter probe) had no late tick in it: otherwise the machine
itself stood still.
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
"""The name of our engine in the result."""
IN_TIME: Final = 0.999
"""A number of listeners is carried if this share of ticks begins less than 10 ms late and no packet is lost."""
TRIES: Final = 3
"""Windows that are tried with the same number of listeners until it is carried in one of them."""
PARTS: Final = 4
"""Parts of a window. A part in which the machine stood still is measured again."""
MOST_PARTS: Final = 3 * PARTS
"""Parts that are measured for a window at most, with those measured again."""
BESIDE: Final = (500, 1500)
"""The numbers of listeners with which the cost of one more is measured."""

Point = dict[str, Any]
"""The measurement of one number of listeners."""
Measuring = Callable[[int], Awaitable[Point]]
"""Measures a number of listeners."""
Note = Callable[[str], None]
"""Takes a line of progress."""


async def measure(start: int, step: int, most: int, seconds: float, note: Note) -> dict[str, Any]:
    """Measure rising numbers of listeners, from `start` in steps of `step` up to `most`, until one is not carried, in windows of `seconds`.
    Raises Refused, which names what is missing on this machine."""
    machine.need_linux()
    machine.need_descriptors(max(most, 2 * max(BESIDE)))
    with tempfile.TemporaryDirectory(prefix="spacesctl-floor-") as folder:
        programs = {way: await asyncio.to_thread(floor.compiled, way, Path(folder)) for way in floor.WAYS}
        asked = [*range(start, most + 1, step)]
        found = {}
        for way, program in programs.items():
            note(f"floor {way}, alone")
            found[f"floor {way}"] = await _largest(asked, partial(calm, partial(_floor, program, way, seconds / PARTS)))
        async with target(packet_ms="20") as here, ListenerPool(here.signal) as pool:
            note("spacesctl and floor at the same time")
            beside = [await _side_by_side(here, pool, programs, count, seconds) for count in BESIDE]
            note("spacesctl, alone")
            found[OURS] = await _largest(asked, partial(calm, partial(_ours, here, pool, seconds / PARTS)))
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
    """For each floor: the CPU that one more listener costs our engine and the floor, in milliseconds per second, and their ratio."""
    found = {}
    for name in beside[0]["core_percent"]:
        points = [[(one["listeners"], one["core_percent"][name][who]) for one in beside] for who in (0, 1)]
        ours, least = (slopes(each)[0]["ms_per_listener_second"] for each in points)
        found[name] = {"ours": ours, "floor": least, "ratio": round(ours / least, 2) if least > 0 else 0.0}
    return found


async def _largest(asked: list[int], measuring: Measuring) -> list[Point]:
    """Measure the numbers `asked` up to the first one that is not carried."""
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
    """Measure a window with `count` listeners. It is made of those parts in which the machine did not stand still, or of all parts if it
    did in every one."""
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


async def _ours(here: Target, pool: ListenerPool, seconds: float, count: int) -> Point:
    if len(pool.listeners) < count:
        await pool.grow(count)
        await asyncio.sleep(SETTLE)
    seen = await window(here, pool, seconds)
    late = seen.counters["ticks_late"] + seen.counters["ticks_skipped"]
    return _point(seen.listeners, seen.core_percent, seen.counters["ticks"], late, seen.lost, seen.machine_stood_still)


async def _floor(program: Path, way: str, seconds: float, count: int) -> Point:
    async with jitter_probe(machine.cores()[0]) as watching:
        seen = await floor.run(program, way, count, seconds, _size())
        still = await watching.read()
    return _point(count, seen["core_percent"], seen["ticks"], seen["ticks_late"], seen["lost"], still)


async def _side_by_side(
    here: Target, pool: ListenerPool, programs: dict[str, Path], count: int, seconds: float
) -> dict[str, Any]:
    """The percent of a core that our engine and each floor need, measured at the same time."""
    await pool.grow(count)
    await asyncio.sleep(SETTLE)
    found = {}
    for way, program in programs.items():
        seen, least = await asyncio.gather(
            window(here, pool, seconds), floor.run(program, way, count, seconds, _size())
        )
        found[f"floor {way}"] = (seen.core_percent, least["core_percent"])
    return {"listeners": count, "core_percent": found}


def _size() -> int:
    """The average size of the test voice's packets, in bytes."""
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
