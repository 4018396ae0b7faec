"""`bench peers`: compares the CPU cost of one more listener on our server, Janus and aiortc, with the same listeners and the same clip.

The servers take turns within one run, because the speed of a machine changes over time; the result is the ratio of their costs.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from spacesctl.bench import floor
from spacesctl.bench.fanout import slopes
from spacesctl.bench.floor import FloorWindow
from spacesctl.bench.janus import AudioBridge, Streaming, talking
from spacesctl.bench.programs import free_port, running
from spacesctl.bench.target import target
from spacesctl.domain.errors import Refused
from spacesctl.probe import machine
from spacesctl.probe.aiortc_peer import own_address
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.machine import Machine
from spacesctl.probe.pooled_listener import PooledListener

T = TypeVar("T")
OURS: Final = "spacesctl 20 ms"
"""The contender that the others are compared with."""
SETTLE: Final = 12.0
"""Seconds from the last join to the measurement, when all servers have finished the work of joining (ours after 10 s)."""


class Sending(Protocol):
    """A running server that sends to listeners. `pid` is the process that sends."""

    pid: int

    async def signal(self, listener: PooledListener) -> None:
        """Exchange offer and answer, so that a listener can connect."""


@dataclass(frozen=True)
class Contender:
    """A server to compare. Its slope is measured between `few` and `many` listeners, which it can carry. `start` starts it."""

    name: str
    few: int
    many: int
    start: Callable[[], AbstractAsyncContextManager[Sending]]


@dataclass(frozen=True)
class PeerWindow:
    """A measurement with `listeners`. `packets` are those that arrived, `packets_due` those that should have."""

    listeners: int
    core_percent: float
    packets: int
    packets_due: int
    lost: int
    undecoded: int


@dataclass(frozen=True)
class Round:
    """One server in one round: its windows, and the CPU of one more listener in milliseconds per second."""

    windows: list[PeerWindow]
    slope: float


@dataclass(frozen=True)
class Peers:
    """The result, all by the names of the servers: `missing` tells why one could not be measured."""

    machine: Machine
    rounds: int
    seconds: float
    results: dict[str, list[Round]]
    missing: dict[str, str]
    ms_per_listener_second: dict[str, float]
    ratios: dict[str, float]
    ratios_of_rounds: dict[str, list[float]]


class Aiortc:
    """A running `spacesctl.bench.aiortc_relay`, with its process id and TCP port."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self._port = port

    async def signal(self, listener: PooledListener) -> None:
        """Exchange offer and answer, so that a listener can connect."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        offer = listener.offer().encode()
        writer.write(b"%d\n%s" % (len(offer), offer))
        await writer.drain()
        answer = (await asyncio.wait_for(reader.read(), 20)).decode()
        writer.close()
        listener.answer(answer)


@asynccontextmanager
async def aiortc() -> AsyncIterator[Aiortc]:
    """Start the aiortc relay."""
    port = free_port(socket.SOCK_STREAM)
    async with running([sys.executable, "-m", "spacesctl.bench.aiortc_relay", str(port)], port) as pid:
        yield Aiortc(pid, port)


def contenders() -> list[Contender]:
    """All servers that are compared."""
    return [
        Contender(OURS, 500, 1500, lambda: target(packet_ms="20")),
        Contender("spacesctl 40 ms", 500, 1500, lambda: target(packet_ms="40")),
        Contender("spacesctl 60 ms", 500, 1500, lambda: target(packet_ms="60")),
        Contender("Janus Streaming", 200, 600, lambda: talking(Streaming)),
        Contender("Janus AudioBridge", 20, 80, lambda: talking(AudioBridge)),
        Contender("aiortc MediaRelay", 4, 12, aiortc),
    ]


async def measure(rounds: int, seconds: float, note: Callable[[str], None]) -> Peers:
    """Measure all servers in each of `rounds`, in windows of `seconds`. Returns the medians of their slopes, and their ratios to ours. A
    server that is not installed is left out, and named in `missing`. Raises Refused when this machine has only a loopback address."""
    machine.need_linux()
    address = await asyncio.to_thread(own_address)
    if address is None:
        raise Refused("no_address", "this machine has only a loopback address, and Janus and aiortc do not offer that")
    found: dict[str, list[Round]] = {}
    missing: dict[str, str] = {}
    for number in range(rounds):
        for way in floor.WAYS:
            await _try(f"floor {way}", found, missing, partial(_floor, way, seconds))
        for one in contenders():
            note(f"round {number + 1} of {rounds}: {one.name}")
            await _try(one.name, found, missing, partial(_round, one, address, seconds))
    medians = {name: statistics.median(one.slope for one in each) for name, each in found.items()}
    return Peers(
        machine=machine.described(),
        rounds=rounds,
        seconds=seconds,
        results=found,
        missing=missing,
        ms_per_listener_second=medians,
        ratios={name: round(value / medians[OURS], 2) for name, value in medians.items()},
        ratios_of_rounds={name: in_relation(each, found[OURS]) for name, each in found.items()},
    )


def in_relation(theirs: Sequence[Round], ours: Sequence[Round]) -> list[float]:
    """The ratio of each round's slope to ours in the same round. Their spread shows how far the ratio of the medians can be trusted."""
    return [round(one.slope / other.slope, 2) for one, other in zip(theirs, ours, strict=True)]


async def _try(name: str, found: dict[str, list[T]], missing: dict[str, str], run: Callable[[], Awaitable[T]]) -> None:
    if name in missing:
        return
    try:
        found.setdefault(name, []).append(await run())
    except Refused as error:
        found.pop(name)
        missing[name] = f"{error.message}: {error.hint}" if error.hint else error.message


async def _floor(way: str, seconds: float) -> Round:
    measured = await floor.measure((500, 1500), seconds, [way], lambda _: None)
    found = measured.ways[way]
    return Round([_as_a_server(one) for one in found.windows], found.slopes[0].ms_per_listener_second)


def _as_a_server(one: FloorWindow) -> PeerWindow:
    """The floor's window as those of the servers: it sends bytes that nobody decodes."""
    return PeerWindow(one.listeners, one.core_percent, one.packets, one.packets + one.lost, one.lost, 0)


async def _round(one: Contender, address: str, seconds: float) -> Round:
    machine.need_descriptors(one.many)
    async with one.start() as here, ListenerPool(here.signal, address) as pool:
        windows = [await _window(here, pool, count, seconds) for count in (one.few, one.many)]
    (slope,) = slopes([(window.listeners, window.core_percent) for window in windows])
    return Round(windows, slope.ms_per_listener_second)


async def _window(here: Sending, pool: ListenerPool, count: int, seconds: float) -> PeerWindow:
    await pool.grow(count, 12)
    await asyncio.sleep(SETTLE)
    await pool.begin()
    began, busy = time.monotonic(), machine.cpu_seconds(here.pid)
    await asyncio.sleep(seconds)
    busy, took = machine.cpu_seconds(here.pid) - busy, time.monotonic() - began
    counted = await pool.counted()
    return PeerWindow(
        listeners=count,
        core_percent=round(100 * busy / took, 2),
        packets=counted.packets,
        packets_due=round(count * took * 50),
        lost=counted.lost,
        undecoded=counted.undecoded,
    )
