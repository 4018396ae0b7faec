"""A child that is silent is lost, and one whose beats this process could not read is not."""

from __future__ import annotations

import asyncio
import time

import pytest

from spacesctl.support import pulse as module
from spacesctl.support.pulse import Pulse

pytestmark = pytest.mark.anyio


async def beaten(pulse: Pulse, seconds: float) -> bool:
    """Whether it is lost within so many seconds of beats."""
    losing = asyncio.create_task(pulse.lost())
    until = asyncio.get_running_loop().time() + seconds
    while not losing.done() and asyncio.get_running_loop().time() < until:
        pulse.beat()
        await asyncio.sleep(0.01)
    lost = losing.done()
    losing.cancel()
    await asyncio.gather(losing, return_exceptions=True)
    return lost


async def test_a_child_that_beats_is_kept_and_one_that_stops_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET", 0.05)
    pulse = Pulse(dead=0.2)
    assert not await beaten(pulse, 0.4)
    quiet = [pulse.is_quiet]
    await asyncio.sleep(0.1)
    assert [*quiet, pulse.is_quiet] == [False, True]
    async with asyncio.timeout(2):
        await pulse.lost()


async def test_the_first_beat_may_take_longer() -> None:
    pulse = Pulse(5.0, dead=0.05)
    losing = asyncio.create_task(pulse.lost())
    await asyncio.sleep(0.2)
    assert not losing.done()
    pulse.beat()
    async with asyncio.timeout(2):
        await losing


async def test_time_in_which_this_process_stood_still_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSED", 0.1)
    pulse = Pulse(dead=0.3)
    losing = asyncio.create_task(pulse.lost())
    await asyncio.sleep(0.05)
    time.sleep(0.5)  # blocks the loop on purpose, as SIGSTOP would
    await asyncio.sleep(0.05)
    assert not losing.done(), "its beats of that time may still be read"
    pulse.beat()
    await asyncio.sleep(0.05)
    losing.cancel()
    await asyncio.gather(losing, return_exceptions=True)
