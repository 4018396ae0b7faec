"""`bench ogg`: compares the CPU that a player of `listen.ogg` costs the server with that of a WebRTC listener, in one run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from spacesctl.audio.ogg import TICK_SAMPLES
from spacesctl.bench.fanout import SETTLE
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.target import Target, target
from spacesctl.client import addresses
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.machine import Machine
from spacesctl.probe.ogg_players import Players

PAUSE: Final = 2.0
"""Seconds to wait after a measurement, and after the players have joined."""


@dataclass(frozen=True)
class Cost:
    """The CPU that each of `listeners` costs, in milliseconds per second: in the engine, which sends WebRTC, in the control process, which
    sends HTTP, and in both together. `pieces` are the packets or pages that arrived, `lost` those that did not, `broken` those that cannot
    be decoded. `starved` are players that received over a second less of sound than the measurement took."""

    way: str
    listeners: int
    seconds: float
    engine_ms: float
    control_ms: float
    together_ms: float
    client_core_percent: float
    pieces: int
    lost: int
    broken: int
    starved: int


@dataclass(frozen=True)
class Costs:
    """The result: `costs` by the way of listening, and the `ratio` of a player's to a WebRTC listener's."""

    machine: Machine
    packet_ms: str
    costs: dict[str, Cost]
    ratio: float


async def measure(
    listeners: int, seconds: float, packet_ms: str, note: Callable[[str], None] = lambda _: None
) -> Costs:
    """Measure `listeners` over WebRTC for `seconds`, then as many players of the same Space. Raises Refused when this process may not open
    enough files."""
    machine.need_descriptors(listeners)  # the server inherits this process's limit
    async with target(packet_ms=packet_ms) as here:
        costs = []
        for measured in (_webrtc, _players):
            note(f"{listeners} listeners: {measured.__name__.strip('_')}")
            costs.append(await measured(here, listeners, seconds))
            await asyncio.sleep(PAUSE)
    ratio = costs[1].together_ms / costs[0].together_ms
    return Costs(machine.described(), packet_ms, {one.way: one for one in costs}, round(ratio, 3))


def report(result: Costs) -> Report:
    """A row for each kind of listener."""
    rows = [{name: str(value) for name, value in asdict(one).items()} for one in result.costs.values()]
    columns = {
        "way": "way", "listeners": "listeners", "engine ms": "engine_ms", "control ms": "control_ms",
        "together ms/listener-s": "together_ms", "lost": "lost", "broken": "broken", "starved": "starved",
    }  # fmt: skip
    packets = "automatic packet time" if result.packet_ms == "auto" else f"packets of {result.packet_ms} ms"
    title = f"Players over plain HTTP compared with WebRTC listeners with {packets}"
    told = f"a player costs {result.ratio:.2f} times as much as a WebRTC listener"
    return Report(title, columns, rows, [told, machine_line(result.machine)])


async def _webrtc(here: Target, listeners: int, seconds: float) -> Cost:
    async with ListenerPool(here.signal) as pool:
        await pool.grow(listeners)
        await asyncio.sleep(SETTLE)
        await pool.begin()
        spent = await _spent(here, seconds)
        counted = await pool.counted()
        # Leave by DELETE: after close_notify alone the engine would go on sending for a while, into the next measurement.
        await asyncio.gather(*(here.hang_up(one) for one in pool.listeners))
    return _cost("webrtc", listeners, spent, counted.packets, counted.lost, counted.undecoded, 0)


async def _players(here: Target, listeners: int, seconds: float) -> Cost:
    measured, rest = machine.cores()
    machine.pin(here.server.process.pid, measured)
    machine.pin(here.pid, rest)
    async with Players(here.server.url, addresses.listen_ogg(here.space)) as players:
        await players.grow(listeners)
        await asyncio.sleep(PAUSE)
        await players.begin()
        spent = await _spent(here, seconds)
        heard = await players.counted()
        lost = sum(one.lost for one in heard) + players.ended
    starved = sum(one.samples * TICK_SECONDS / TICK_SAMPLES < spent.seconds - 1 for one in heard)
    pages, broken = sum(one.pages for one in heard), sum(one.broken for one in heard)
    return _cost("ogg", listeners, spent, pages, lost, broken, starved)


@dataclass(frozen=True)
class _Spent:
    seconds: float
    engine: float
    control: float
    client: float


async def _spent(here: Target, seconds: float) -> _Spent:
    """The CPU seconds that the engine, the control process and this process take in `seconds`."""
    began = time.monotonic()
    engine, control = machine.cpu_seconds(here.pid), machine.cpu_seconds(here.server.process.pid)
    own = time.process_time()
    await asyncio.sleep(seconds)
    return _Spent(
        time.monotonic() - began,
        machine.cpu_seconds(here.pid) - engine,
        machine.cpu_seconds(here.server.process.pid) - control,
        time.process_time() - own,
    )


def _cost(way: str, listeners: int, spent: _Spent, pieces: int, lost: int, broken: int, starved: int) -> Cost:
    def each(cpu: float) -> float:
        return round(1000 * cpu / spent.seconds / listeners, 4)

    return Cost(
        way=way,
        listeners=listeners,
        seconds=round(spent.seconds, 2),
        engine_ms=each(spent.engine),
        control_ms=each(spent.control),
        together_ms=each(spent.engine + spent.control),
        client_core_percent=round(100 * spent.client / spent.seconds, 1),
        pieces=pieces,
        lost=lost,
        broken=broken,
        starved=starved,
    )
