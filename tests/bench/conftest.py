"""A bench inside a test: as short as it goes, and on any core."""

from __future__ import annotations

import pytest
from blockbuster import BlockBuster

from spacesctl.bench import capacity, fanout, ogg, peers, soak, storm
from spacesctl.probe import machine


@pytest.fixture
def may_block(blocked_loop_detection: BlockBuster) -> None:
    """A bench, and each server that it compares, has a process to itself. It may block its loop before and after it works, and what it
    reads of /proc in between is there at once."""
    blocked_loop_detection.deactivate()


@pytest.fixture
def short_bench(monkeypatch: pytest.MonkeyPatch, may_block: None) -> None:
    """Without the waits for a settled server, and without pinning, which would hold for the tests that follow."""
    monkeypatch.setattr(machine, "pin", lambda _pid, _cores: None)
    for module in (capacity, fanout, ogg, peers, storm):
        monkeypatch.setattr(module, "SETTLE", 0.2)
    monkeypatch.setattr(ogg, "PAUSE", 0.2)
    monkeypatch.setattr(storm, "AFTERWARDS", 0.1)
    monkeypatch.setattr(soak, "SAMPLE", 0.5)
