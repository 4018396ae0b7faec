"""`bench peers` without its servers: the turns, the slopes, and who is left out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from spacesctl.bench import floor, peers
from spacesctl.bench.fanout import Slope
from spacesctl.bench.floor import Floor, FloorOf
from spacesctl.bench.peers import OURS, Contender, PeerWindow, Round, contenders
from spacesctl.domain.errors import Refused
from spacesctl.probe import machine
from spacesctl.probe.listener_pool import Counted
from spacesctl.probe.pooled_listener import PooledListener
from tests.bench.results import MACHINE

pytestmark = pytest.mark.usefixtures("short_bench")


class Sends:
    """A server that needs this much of a core for each listener."""

    pid = os.getpid()

    def __init__(self, each: float) -> None:
        self.each = each

    async def signal(self, listener: PooledListener) -> None:
        raise AssertionError("nobody joins for real")


class FakePool:
    """Its listeners join at once and lose `number of listeners - 2` packets."""

    def __init__(self, signal: Any, host: str) -> None:
        self.server: Sends = signal.__self__
        self.count = 0
        assert host == "192.0.2.7"

    async def __aenter__(self) -> FakePool:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def grow(self, count: int, at_once: int) -> float:
        self.count = count
        return 0.0

    async def begin(self) -> None:
        Clock.rate = self.count * self.server.each

    async def counted(self) -> Counted:
        return Counted(self.count * 10, self.count - 2, 0, 0, 1, 0)


class Clock:
    """Time that goes by in sleep alone, and the CPU time that is spent in it."""

    rate = 0.0

    def __init__(self) -> None:
        self.now = 0.0
        self.busy = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.busy += seconds * Clock.rate


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(peers, "asyncio", SimpleNamespace(sleep=made.sleep, to_thread=asyncio.to_thread))
    monkeypatch.setattr(peers, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(machine, "cpu_seconds", lambda _pid: made.busy)
    monkeypatch.setattr(peers, "ListenerPool", FakePool)
    monkeypatch.setattr(peers, "own_address", lambda: "192.0.2.7")
    return made


def contender(name: str, each: float) -> Contender:
    @asynccontextmanager
    async def start() -> AsyncIterator[Sends]:
        yield Sends(each)

    return Contender(name, 2, 4, start)


@asynccontextmanager
async def refused() -> AsyncIterator[Sends]:
    raise Refused("no_janus", "Janus is not installed", hint="apt-get install janus")
    yield Sends(0)  # type: ignore[unreachable]  # which makes it a generator


def test_servers_take_turns_and_are_compared_with_ours(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    floors: list[str] = []

    async def measured(way: str, seconds: float) -> Round:
        floors.append(way)
        return Round([], 0.5)

    notes: list[str] = []
    monkeypatch.setattr(peers, "_floor", measured)
    theirs = [contender(OURS, 0.001), contender("slow", 0.005), Contender("absent", 2, 4, refused)]
    monkeypatch.setattr(peers, "contenders", lambda: theirs)
    result = asyncio.run(peers.measure(2, 10.0, notes.append))
    assert notes == [f"round {turn} of 2: {name}" for turn in (1, 2) for name in (OURS, "slow", "absent")]
    assert floors == ["srtp", "evp"] * 2
    assert result.missing == {"absent": "Janus is not installed: apt-get install janus"}
    assert result.ms_per_listener_second == {"floor srtp": 0.5, "floor evp": 0.5, OURS: 1.0, "slow": 5.0}
    assert result.ratios == {"floor srtp": 0.5, "floor evp": 0.5, OURS: 1.0, "slow": 5.0}
    assert result.ratios_of_rounds["slow"] == [5.0, 5.0]
    few, many = result.results["slow"][0].windows
    assert few == PeerWindow(listeners=2, core_percent=1.0, packets=20, packets_due=1000, lost=0, undecoded=0)
    assert (many.listeners, many.core_percent, many.lost) == (4, 2.0, 2)


def test_the_floor_is_measured_with_as_many_listeners_as_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(counts: tuple[int, ...], seconds: float, ways: list[str], _note: object) -> Floor:
        ours = next(one for one in contenders() if one.name == OURS)
        assert (counts, seconds, ways) == ((ours.few, ours.many), 3.0, ["evp"])
        return Floor(MACHINE, 80, {"evp": FloorOf([], [Slope(few=500, many=1500, ms_per_listener_second=0.07)])})

    monkeypatch.setattr(floor, "measure", measure)
    assert asyncio.run(peers._floor("evp", 3.0)) == Round([], 0.07)


def test_a_machine_without_an_address_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "own_address", lambda: None)
    monkeypatch.setattr(peers, "contenders", lambda: pytest.fail("it went on"))
    with pytest.raises(Refused, match="only a loopback address"):
        asyncio.run(peers.measure(1, 1.0, lambda _: None))
