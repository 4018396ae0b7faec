"""What a soak makes of its samples, and that it ends with what goes wrong among those who come and go."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from types import SimpleNamespace

import pytest

from spacesctl.bench import soak
from spacesctl.bench.soak import Calm, calm, span, summary
from spacesctl.probe.description import NotConnected
from spacesctl.probe.jitter_probe import Jitter, altogether


def test_a_soak_tells_late_ticks_apart_by_whether_the_machine_stood_still() -> None:
    def figures(ticks: int, late: int, skipped: int = 0) -> dict[str, float]:
        return {"ticks": ticks, "ticks_late": late, "ticks_skipped": skipped, "late_ms_max": 1.0}

    looks = [figures(100, 1), figures(600, 1), figures(1090, 8, 2), figures(1590, 10, 3)]
    still = [Jitter(500, late, worst) for late, worst in ((0, 3.0), (2, 44.0), (0, 5.0))]
    assert altogether(still) == Jitter(ticks=1500, late=2, late_ms_max=44.0)
    assert altogether([]) == Jitter(0, 0, 0.0)
    spans = [span(*pair, one) for pair, one in zip(pairwise(looks), still, strict=True)]
    assert calm(spans) == Calm(spans=2, of=3, ticks=1000, late=2, skipped=1)
    assert calm([]) == Calm(spans=0, of=0, ticks=0, late=0, skipped=0)


def test_a_soak_tells_what_grows_and_forgets_what_came_first() -> None:
    steady = [(second * 10.0, 100.0 - 50 * (second < 25), 12) for second in range(100)]
    assert summary(steady).memory_mib_per_hour == pytest.approx(0, abs=0.01)
    growing = [(second * 10.0, 100 + second / 36, 12 + second // 10) for second in range(100)]
    found = summary(growing)
    assert found.memory_mib_per_hour == pytest.approx(10, rel=0.01)
    assert found.files_per_hour > 30


def test_one_sample_has_no_slope() -> None:
    found = summary([(0.0, 80.0, 12)])
    assert (found.memory_mib, found.memory_mib_per_hour, found.files_per_hour) == ([80.0], 0.0, 0.0)


class Here:
    """A server whose engine ticks 50 times between two looks."""

    pid = os.getpid()

    def __init__(self) -> None:
        self.server = SimpleNamespace(process=SimpleNamespace(pid=os.getpid()))
        self.watching = self
        self.ticks = 0
        self.deleted: list[str] = []

    async def metrics(self) -> dict[str, float]:
        self.ticks += 50
        return {"ticks": self.ticks, "ticks_late": 1, "ticks_skipped": 0, "late_ms_max": 11.0}

    async def read(self) -> Jitter:
        return Jitter(50, 0, 0.5)

    async def hang_up(self, listener: str) -> None:
        self.deleted.append(listener)


@pytest.mark.usefixtures("short_bench")
def test_a_listener_that_cannot_come_ends_the_soak_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "SAMPLE", 0.02)
    notes: list[str] = []

    async def main() -> None:
        async def fail() -> None:
            await asyncio.sleep(0.05)
            raise NotConnected("l7 is not connected after 20 s")

        here, before = Here(), {"ticks": 0.0, "ticks_late": 0.0, "ticks_skipped": 0.0}
        coming = asyncio.create_task(fail())
        with pytest.raises(NotConnected, match="l7"):
            await soak._watched(here, 60.0, before, coming, notes.append)  # type: ignore[arg-type]  # it has what is used

    asyncio.run(main())
    assert notes[0].startswith("0.0 min: engine ")
    assert ", server " in notes[0]


class FakePool:
    """Its listeners are names; who leaves is replaced."""

    def __init__(self) -> None:
        self.listeners = ["a", "b", "c", "d"]
        self.left: list[str] = []
        self.count = 0

    def leave(self, listener: str) -> None:
        self.listeners.remove(listener)
        self.left.append(listener)

    async def grow(self, count: int) -> None:
        while len(self.listeners) < count:
            self.count += 1
            self.listeners.append(f"new {self.count}")


def test_listeners_are_replaced_one_by_one_and_half_of_them_hang_up_first(monkeypatch: pytest.MonkeyPatch) -> None:
    here, pool, now = Here(), FakePool(), [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(soak, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: now[0]))
    asyncio.run(soak._come_and_go(here, pool, 4, 2.0, 100.0))  # type: ignore[arg-type]  # as above
    assert len(pool.listeners) == 4
    assert len(pool.left) == pool.count == 200, "each stays 2 s, and there are four"
    assert set(here.deleted) <= set(pool.left)
    assert 0.35 < len(here.deleted) / len(pool.left) < 0.65
