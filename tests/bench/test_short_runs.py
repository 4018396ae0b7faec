"""Each bench of our own server in its shortest form, with a real server and a few real listeners: its counts must add up."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from spacesctl.bench import capacity, fanout, floor, report, soak, storm
from spacesctl.bench.fanout import COUNTERS, TIMINGS, Window

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60), pytest.mark.usefixtures("short_bench")]
needs_openssl = pytest.mark.skipif(
    shutil.which("cc") is None or not Path("/usr/include/openssl/evp.h").exists(), reason="needs gcc and libssl-dev"
)


class Notes(list[str]):
    """What a bench tells of its progress."""

    def __call__(self, line: str) -> None:
        self.append(line)


def is_true_window(window: Window, listeners: int, hearing: int, seconds: float) -> None:
    """`hearing` of the listeners hear a voice: who speaks alone hears nobody."""
    assert window.listeners == listeners
    assert (window.lost, window.undecoded, window.listeners_with_loss) == (0, 0, 0)
    assert window.packets >= hearing * seconds * 50 * 0.4, "the voice never pauses; a busy machine skips ticks"
    assert set(window.counters) == set(COUNTERS)
    assert window.counters["packets_out"] >= window.packets * 0.4
    assert len(window.timings) == 3 * len(TIMINGS)
    assert window.core_percent > 0
    assert window.memory_mib > 10
    assert window.cpu_ms_per_listener_second == pytest.approx(10 * window.core_percent / listeners, rel=0.01)


def test_fanout_hears_everything_with_each_number_of_listeners() -> None:
    note = Notes()
    result = asyncio.run(fanout.measure([4, 2], 1.0, "20", 2, note))
    assert note == ["2 listeners join", "4 listeners join"]
    for window, listeners in zip(result.windows, (2, 4), strict=True):
        is_true_window(window, listeners, listeners, 1.0)
    (slope,) = result.slopes
    low, high = (window.core_percent for window in result.windows)
    assert slope.ms_per_listener_second == pytest.approx((high - low) * 10 / 2, abs=0.001)
    shown = report.fanout(result)
    assert [row["listeners"] for row in shown.rows] == ["2", "4"]
    assert shown.title == "Fan-out: packets of 20 ms, speakers: 2"


def test_those_who_listen_in_a_storm_lose_nothing_and_all_who_came_leave_again() -> None:
    note = Notes()
    result = asyncio.run(storm.measure(3, 6, 0.5, "20", note))
    assert note[1:] == ["6 offers are answered", "6 connect in 0.5 s", "6 leave in 0.5 s"]
    is_true_window(result.calm, 3, 2, 3.0)
    assert (result.listeners, result.joins, result.stayed) == (3, 6, 3)
    assert (result.lost_by_those_who_stayed, result.listeners_with_loss) == (0, 0)
    for half in (result.coming, result.leaving):
        assert half.seconds >= 0.4
        assert half.ticks > 5
        assert half.packets_dropped == 0
    assert result.join_ms_control > 0
    shown = report.storm(result)
    assert [row["what"] for row in shown.rows] == ["coming", "leaving"]
    assert shown.notes[0] == "packets lost by those who stayed: 0, at 0 listeners"


def test_a_soak_counts_its_samples_while_listeners_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "HASTE", 1.0)
    monkeypatch.setattr(soak, "STAY", 1.0)
    note = Notes()
    result = asyncio.run(soak.measure(2.0 / 60, 4, 1, note, warm_up=1.0))
    assert note[0] == "warm-up for 1 s: 4 listeners who come and go quickly"
    samples = len(result.spans)
    assert 2 <= samples == len(note) - 1
    assert result.lost == 0
    for process in ("engine", "server"):
        seen = result.processes[process]
        assert len(seen.memory_mib) == len(seen.files) == samples
        assert min(seen.memory_mib) > 10
        assert min(seen.files) > 3
    assert result.calm.of == samples
    assert sum(span.ticks for span in result.spans) <= result.counters["ticks"]
    assert result.late_ms_max == max(span.late_ms_max for span in result.spans)
    assert [row["process"] for row in report.soak(result).rows] == ["engine", "server"]


@needs_openssl
def test_the_floor_in_c_sends_every_packet_of_every_tick() -> None:
    note = Notes()
    result = asyncio.run(floor.measure([3, 2], 1.0, ["evp"], note))
    assert note == ["floor with OpenSSL"]
    windows = result.ways["evp"].windows
    for window, listeners in zip(windows, (2, 3), strict=True):
        assert window.listeners == listeners
        assert window.lost == 0
        assert window.packets == listeners * window.ticks
        assert 5 < window.ticks <= 51
    assert len(result.ways["evp"].slopes) == 1
    assert [row["listeners"] for row in report.floor(result).rows] == ["2", "3"]


@needs_openssl
def test_capacity_carries_a_few_listeners_beside_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor, "WAYS", {"evp": floor.WAYS["evp"]})
    monkeypatch.setattr(capacity, "BESIDE", (2, 4))
    monkeypatch.setattr(capacity, "TRIES", 1)
    monkeypatch.setattr(capacity, "PARTS", 1)
    monkeypatch.setattr(capacity, "MOST_PARTS", 2)
    note = Notes()
    result = asyncio.run(capacity.measure(3, 2, 5, 1.0, note))
    assert note == ["floor evp, alone", "spacesctl and floor at the same time", "spacesctl, alone"]
    assert set(result.points) == set(result.largest) == {"spacesctl", "floor evp"}
    for name, points in result.points.items():
        assert points[0].listeners in (3, 4), "ours has those who joined before"
        assert all(point.lost == 0 for point in points)
        carried = [point.listeners for point in points if point.carried]
        assert result.largest[name] == max(carried, default=0)
    assert [one.listeners for one in result.beside] == [2, 4]
    assert set(result.cost) == {"floor evp"}
    assert report.capacity(result).notes[0].startswith("the largest number of listeners that floor evp carried")
