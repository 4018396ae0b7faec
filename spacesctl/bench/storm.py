"""`bench join-storm`: a thousand connect in three seconds and leave again, while others listen. Nobody may miss a packet.

What storms here is the engine: the offers are answered before, at the pace of HTTP, whose cost for one is told apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from spacesctl.bench.fanout import COUNTERS, SETTLE, window
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import ListenerPool, together
from spacesctl.probe.pooled_listener import PooledListener

AFTERWARDS: Final = 1.0
"""Seconds in which what is still under way is counted, too."""


async def measure(
    listeners: int, joins: int, seconds: float, packet_ms: str, note: Callable[[str], None]
) -> dict[str, Any]:
    """`listeners` hear on while `joins` connect in `seconds`, stay for a while and leave in `seconds`."""
    machine.need_descriptors(listeners + joins)
    async with target(packet_ms=packet_ms) as here, ListenerPool(here.signal) as crowd:
        note(f"{listeners} listeners join")
        await crowd.grow(listeners)
        await asyncio.sleep(SETTLE)
        calm = await window(here, crowd, max(seconds, 3.0))
        note(f"{joins} offers are answered")
        control = machine.cpu_seconds(here.server.process.pid)
        coming = await crowd.signalled(joins)
        control = machine.cpu_seconds(here.server.process.pid) - control
        steady = list(crowd.listeners)
        await crowd.begin()
        note(f"{joins} connect in {seconds:g} s")
        came = await _phase(here, lambda: _come(crowd, coming, seconds))
        full = await _core(here, max(seconds, 3.0))
        note(f"{joins} leave in {seconds:g} s")
        went = await _phase(here, lambda: _go(here, crowd, coming, seconds))
        counted = await crowd.counted()
        left = len(crowd.listeners)
    # What sending cost meanwhile, to ever more of them, is no part of joining.
    sending = (calm.core_percent / 100 + full) / 2 * came["seconds"] + full * AFTERWARDS
    return {
        "machine": machine.described(),
        "packet_ms": packet_ms,
        "listeners": len(steady),
        "joins": joins,
        "calm": asdict(calm),
        "coming": came,
        "leaving": went,
        "join_ms_engine": round(1000 * (came["cpu_seconds"] - sending) / joins, 3),
        "join_ms_control": round(1000 * control / joins, 3),
        "lost_by_those_who_stayed": counted.lost,
        "listeners_with_loss": counted.listeners_with_loss,
        "stayed": left,
    }


async def _core(here: Target, seconds: float) -> float:
    """The share of a core that the engine needs now."""
    began, busy = time.monotonic(), machine.cpu_seconds(here.pid)
    await asyncio.sleep(seconds)
    return (machine.cpu_seconds(here.pid) - busy) / (time.monotonic() - began)


async def _phase(here: Target, run: Callable[[], Any]) -> dict[str, Any]:
    await here.watching.read()
    before, cpu, began = await here.metrics(), machine.cpu_seconds(here.pid), time.monotonic()
    await run()
    took = time.monotonic() - began
    await asyncio.sleep(AFTERWARDS)
    cpu, after = machine.cpu_seconds(here.pid) - cpu, await here.metrics()
    counters = {name: round(after[name] - before[name]) for name in COUNTERS}
    return {
        "seconds": round(took, 2),
        "cpu_seconds": round(cpu, 3),
        "late_ms_max": after["late_ms_max"],
        "machine_stood_still": await here.watching.read(),
        **counters,
    }


async def _come(crowd: ListenerPool, coming: list[Any], seconds: float) -> None:
    async def enter(listener: PooledListener, wait: float) -> None:
        await asyncio.sleep(wait)
        await crowd.enter(listener)

    await together([enter(one, seconds * number / len(coming)) for number, one in enumerate(coming)])


async def _go(here: Target, crowd: ListenerPool, leaving: list[Any], seconds: float) -> None:
    """They say goodbye by DTLS, as a closed tab does; the engine frees what they had in the same moment."""
    began = time.monotonic()
    for number, one in enumerate(leaving):
        await asyncio.sleep(max(0.0, began + seconds * number / len(leaving) - time.monotonic()))
        crowd.leave(one)
