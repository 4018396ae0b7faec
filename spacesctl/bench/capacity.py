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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from spacesctl.bench import floor
from spacesctl.bench.fanout import SETTLE, slopes, window
from spacesctl.bench.target import Target, target
from spacesctl.bench.voice import packets
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import Jitter, altogether, jitter_probe
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.machine import Machine

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


@dataclass(frozen=True)
class Point:
    """The measurement of one number of listeners. `parts` are those that it is made of; as many as `left_out` are not in it, because the
    machine stood still."""

    listeners: int
    core_percent: float
    ticks: int
    ticks_late: int
    lost: int
    machine_stood_still: Jitter
    carried: bool
    parts: int = 1
    left_out: int = 0


@dataclass(frozen=True)
class Beside:
    """The percent of a core that our engine and each floor needed at the same time, by the floor's name."""

    listeners: int
    core_percent: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class CapacityCost:
    """The CPU that one more listener costs our engine and the floor, in milliseconds per second, and their ratio."""

    ours: float
    floor: float
    ratio: float


@dataclass(frozen=True)
class Capacity:
    """The result. `points` and `largest` are by the name of who was measured, `cost` by that of the floor."""

    machine: Machine
    seconds: float
    points: dict[str, list[Point]]
    largest: dict[str, int]
    beside: list[Beside]
    cost: dict[str, CapacityCost]


Measuring = Callable[[int], Awaitable[Point]]
"""Measures a number of listeners."""
Note = Callable[[str], None]
"""Takes a line of progress."""


async def measure(start: int, step: int, most: int, seconds: float, note: Note) -> Capacity:
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
    return Capacity(
        machine=machine.described(),
        seconds=seconds,
        points=found,
        largest={name: max((one.listeners for one in each if one.carried), default=0) for name, each in found.items()},
        beside=beside,
        cost=costs(beside),
    )


def costs(beside: list[Beside]) -> dict[str, CapacityCost]:
    """What one more listener costs, for each floor."""
    found = {}
    for name in beside[0].core_percent:
        points = [[(one.listeners, one.core_percent[name][who]) for one in beside] for who in (0, 1)]
        ours, least = (slopes(each)[0].ms_per_listener_second for each in points)
        found[name] = CapacityCost(ours, least, round(ours / least, 2) if least > 0 else 0.0)
    return found


async def _largest(asked: list[int], measuring: Measuring) -> list[Point]:
    """Measure the numbers `asked` up to the first one that is not carried."""
    points = list[Point]()
    for count in asked:
        for _ in range(TRIES):
            point = await measuring(count)
            if point.carried:
                break
        points.append(point)
        if not point.carried:
            break
    return points


async def calm(measuring: Measuring, count: int) -> Point:
    """Measure a window with `count` listeners. It is made of those parts in which the machine did not stand still, or of all parts if it
    did in every one."""
    still, stood = list[Point](), list[Point]()
    while len(still) < PARTS and len(still) + len(stood) < MOST_PARTS:
        part = await measuring(count)
        (stood if part.machine_stood_still.late else still).append(part)
    parts = still or stood
    ticks, late = sum(part.ticks for part in parts), sum(part.ticks_late for part in parts)
    core = round(sum(part.core_percent for part in parts) / len(parts), 2)
    seen = altogether([part.machine_stood_still for part in parts])
    point = _point(count, core, ticks, late, sum(part.lost for part in parts), seen)
    return replace(point, parts=len(parts), left_out=len(stood) if still else 0)


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
    return _point(count, seen.core_percent, seen.ticks, seen.ticks_late, seen.lost, still)


async def _side_by_side(
    here: Target, pool: ListenerPool, programs: dict[str, Path], count: int, seconds: float
) -> Beside:
    """Measure our engine and each floor at the same time."""
    await pool.grow(count)
    await asyncio.sleep(SETTLE)
    found = {}
    for way, program in programs.items():
        seen, least = await asyncio.gather(
            window(here, pool, seconds), floor.run(program, way, count, seconds, _size())
        )
        found[f"floor {way}"] = (seen.core_percent, least.core_percent)
    return Beside(count, found)


def _size() -> int:
    """The average size of the test voice's packets, in bytes."""
    return round(sum(map(len, packets())) / len(packets()))


def _point(count: int, core: float, ticks: int, late: int, lost: int, still: Jitter) -> Point:
    carried = not lost and late <= (1 - IN_TIME) * ticks
    return Point(count, core, ticks, late, lost, still, carried)
