"""`bench ogg`: what a player of `listen.ogg` costs the server, and what a WebRTC listener does, in one run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from spacesctl.audio.ogg import TICK_SAMPLES
from spacesctl.bench.fanout import SETTLE
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.target import Target, target
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.ogg_players import Players

PAUSE: Final = 2.0
"""Seconds after the listeners of one kind have left, and after the others have come."""


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU that each of `listeners` took a second: of the engine, which sends WebRTC, and of the control process, which
    sends HTTP. `pieces` are the packets or pages that came, `lost` those that did not, `broken` those that cannot be decoded; `starved` are
    players that were sent over a second less than what was said."""

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


async def measure(
    listeners: int, seconds: float, packet_ms: str, note: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """First so many WebRTC listeners, then as many players of the same Space."""
    machine.need_descriptors(listeners)  # and the server's, which inherits what this process may have
    async with target(packet_ms=packet_ms) as here:
        costs = []
        for measured in (_webrtc, _players):
            note(f"{listeners} listeners: {measured.__name__.strip('_')}")
            costs.append(await measured(here, listeners, seconds))
            await asyncio.sleep(PAUSE)
    found = {one.way: asdict(one) for one in costs}
    ratio = costs[1].together_ms / costs[0].together_ms
    return {"machine": machine.described(), "packet_ms": packet_ms, "costs": found, "ratio": round(ratio, 3)}


def report(result: dict[str, Any]) -> Report:
    """A row for each kind of listener."""
    rows = [{name: str(value) for name, value in one.items()} for one in result["costs"].values()]
    columns = {
        "way": "way", "listeners": "listeners", "engine ms": "engine_ms", "control ms": "control_ms",
        "together ms/listener-s": "together_ms", "lost": "lost", "broken": "broken", "starved": "starved",
    }  # fmt: skip
    packets = (
        "packets as long as fits the crowd" if result["packet_ms"] == "auto" else f"{result['packet_ms']} ms packets"
    )
    title = f"Players over plain HTTP beside WebRTC listeners with {packets}"
    told = f"a player costs {result['ratio']:.2f} of what a WebRTC listener costs"
    return Report(title, columns, rows, [told, machine_line(result)])


async def _webrtc(here: Target, listeners: int, seconds: float) -> Cost:
    async with ListenerPool(here.signal) as crowd:
        await crowd.grow(listeners)
        await asyncio.sleep(SETTLE)
        await crowd.begin()
        spent = await _spent(here, seconds)
        counted = await crowd.counted()
        # By DELETE: after a goodbye alone the engine would send on for a while, into the other measurement.
        await asyncio.gather(*(here.hang_up(one) for one in crowd.listeners))
    return _cost("webrtc", listeners, spent, counted.packets, counted.lost, counted.undecoded, 0)


async def _players(here: Target, listeners: int, seconds: float) -> Cost:
    measured, rest = machine.cores()
    machine.pin(here.server.process.pid, measured)
    machine.pin(here.pid, rest)
    async with Players(here.server.url, here.space) as players:
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
    """Seconds of CPU of both processes and of this one in a while."""
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
