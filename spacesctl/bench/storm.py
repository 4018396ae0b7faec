"""`bench join-storm`: many listeners connect within a few seconds and leave again, while others listen and must not miss a packet.

Only connecting to the engine happens at this rate. Offers are answered before that, as fast as HTTP goes; their cost is reported
separately.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from spacesctl.bench.fanout import COUNTERS, SETTLE, Window, window
from spacesctl.bench.target import Target, target
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import Jitter
from spacesctl.probe.listener_pool import ListenerPool, together
from spacesctl.probe.machine import Machine
from spacesctl.probe.pooled_listener import PooledListener

AFTERWARDS: Final = 1.0
"""Seconds after the last join or leave in which the work that follows is still counted."""


@dataclass(frozen=True)
class Half:
    """Joining, or leaving: how long it took, what it cost, the engine's counters meanwhile."""

    seconds: float
    cpu_seconds: float
    late_ms_max: float
    machine_stood_still: Jitter
    ticks: int
    ticks_skipped: int
    ticks_late: int
    packets_out: int
    packets_out_dropped: int
    packets_dropped: int


@dataclass(frozen=True)
class Storm:
    """The result. `calm` is before the storm, and `stayed` is how many listen after it."""

    machine: Machine
    packet_ms: str
    listeners: int
    joins: int
    calm: Window
    coming: Half
    leaving: Half
    join_ms_engine: float
    join_ms_control: float
    lost_by_those_who_stayed: int
    listeners_with_loss: int
    stayed: int


async def measure(listeners: int, joins: int, seconds: float, packet_ms: str, note: Callable[[str], None]) -> Storm:
    """While `listeners` listen, `joins` others connect within `seconds`, stay for a while and leave within `seconds`. Raises Refused when
    this process may not open enough files."""
    machine.need_descriptors(listeners + joins)
    async with target(packet_ms=packet_ms) as here, ListenerPool(here.signal) as pool:
        note(f"{listeners} listeners join")
        await pool.grow(listeners)
        await asyncio.sleep(SETTLE)
        calm = await window(here, pool, max(seconds, 3.0))
        note(f"{joins} offers are answered")
        control = machine.cpu_seconds(here.server.process.pid)
        coming = await pool.signalled(joins)
        control = machine.cpu_seconds(here.server.process.pid) - control
        steady = list(pool.listeners)
        await pool.begin()
        note(f"{joins} connect in {seconds:g} s")
        came = await _half(here, lambda: _come(pool, coming, seconds))
        full = await _core(here, max(seconds, 3.0))
        note(f"{joins} leave in {seconds:g} s")
        went = await _half(here, lambda: _go(here, pool, coming, seconds))
        counted = await pool.counted()
        left = len(pool.listeners)
    # Sending to the growing number of listeners in the meantime is not part of the cost of joining.
    sending = (calm.core_percent / 100 + full) / 2 * came.seconds + full * AFTERWARDS
    return Storm(
        machine=machine.described(),
        packet_ms=packet_ms,
        listeners=len(steady),
        joins=joins,
        calm=calm,
        coming=came,
        leaving=went,
        join_ms_engine=round(1000 * (came.cpu_seconds - sending) / joins, 3),
        join_ms_control=round(1000 * control / joins, 3),
        lost_by_those_who_stayed=counted.lost,
        listeners_with_loss=counted.listeners_with_loss,
        stayed=left,
    )


async def _core(here: Target, seconds: float) -> float:
    """The share of a core that the engine needs at present, measured over `seconds`."""
    began, busy = time.monotonic(), machine.cpu_seconds(here.pid)
    await asyncio.sleep(seconds)
    return (machine.cpu_seconds(here.pid) - busy) / (time.monotonic() - began)


async def _half(here: Target, run: Callable[[], Awaitable[None]]) -> Half:
    await here.watching.read()
    before, cpu, began = await here.metrics(), machine.cpu_seconds(here.pid), time.monotonic()
    await run()
    took = time.monotonic() - began
    await asyncio.sleep(AFTERWARDS)
    cpu, after = machine.cpu_seconds(here.pid) - cpu, await here.metrics()
    counters = {name: round(after[name] - before[name]) for name in COUNTERS}
    return Half(
        seconds=round(took, 2),
        cpu_seconds=round(cpu, 3),
        late_ms_max=after["late_ms_max"],
        machine_stood_still=await here.watching.read(),
        **counters,
    )


async def _come(pool: ListenerPool, coming: Sequence[PooledListener], seconds: float) -> None:
    async def enter(listener: PooledListener, wait: float) -> None:
        await asyncio.sleep(wait)
        await pool.enter(listener)

    await together([enter(one, seconds * number / len(coming)) for number, one in enumerate(coming)])


async def _go(here: Target, pool: ListenerPool, leaving: Sequence[PooledListener], seconds: float) -> None:
    """Leave with a DTLS close_notify, as a closed browser tab does; the engine frees a peer as soon as it arrives."""
    began = time.monotonic()
    for number, one in enumerate(leaving):
        await asyncio.sleep(max(0.0, began + seconds * number / len(leaving) - time.monotonic()))
        pool.leave(one)
