"""Memory is given back when there is enough of it, and time."""

from __future__ import annotations

import ctypes
import sys
import time

import pytest

from spacesctl.engine import gc_pacing
from spacesctl.engine.gc_pacing import EVERY, MARGIN, HeapTrimmer


@pytest.fixture
def trims(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    done: list[int] = []

    def trim(pad: int) -> None:
        done.append(pad)
        time.sleep(0.003)

    monkeypatch.setattr(gc_pacing, "_trim", trim)
    return done


def test_memory_goes_back_after_many_handshakes_once(trims: list[int]) -> None:
    made = HeapTrimmer()
    for _ in range(EVERY - 1):
        made.freed()
    made.tidy(1.0)
    assert trims == []
    made.freed()
    made.tidy(1.0)
    made.tidy(1.0)
    assert trims == [0]


def test_it_waits_for_a_tick_that_leaves_the_time_it_took_last(trims: list[int]) -> None:
    made = HeapTrimmer()
    for _ in range(EVERY):
        made.freed()
    made.tidy(MARGIN)
    assert trims == []
    made.tidy(0.02)
    for _ in range(EVERY):
        made.freed()
    made.tidy(MARGIN + 0.005)
    assert len(trims) == 1
    made.tidy(1.0)
    assert len(trims) == 2


def test_a_system_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(gc_pacing._load()) == hasattr(ctypes.CDLL(None), "malloc_trim")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(gc_pacing, "_trim", gc_pacing._load())
    assert gc_pacing._trim is None
    made = HeapTrimmer()
    for _ in range(3 * EVERY):
        made.freed()
        made.tidy(1.0)  # raises nothing: there is nothing to call
    assert made._freed == 3 * EVERY, "nothing was trimmed, so nothing is counted anew"


def test_one_long_time_does_not_end_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter([0.012, 0.001])
    done: list[int] = []

    def trim(pad: int) -> None:
        done.append(pad)
        time.sleep(next(took))

    monkeypatch.setattr(gc_pacing, "_trim", trim)
    made = HeapTrimmer()
    for _ in range(EVERY):
        made.freed()
    made.tidy(0.018)
    for _ in range(EVERY):
        made.freed()
    made.tidy(0.018)
    assert len(done) == 1, "that would not fit"
    for _ in range(200):
        made.tidy(0.018)
    assert len(done) == 2
