"""What ours is compared with does what it is compared for: its listeners hear the voice, all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from spacesctl.bench.janus import AudioBridge, Streaming, talking
from spacesctl.bench.peers import aiortc
from spacesctl.probe import machine
from spacesctl.probe.aiortc_peer import own_address
from spacesctl.probe.listener_pool import Counted, ListenerPool
from tests.typed import sure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
OTHERS: dict[str, Callable[[], AbstractAsyncContextManager[Any]]] = {
    "Streaming": lambda: talking(Streaming),
    "AudioBridge": lambda: talking(AudioBridge),
    "aiortc": aiortc,
}


@pytest.mark.parametrize("other", OTHERS)
def test_its_listeners_lose_nothing_and_decode_all(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    monkeypatch.setattr(machine, "pin", lambda _pid, _cores: None)  # which would hold for the tests that follow
    address = sure(own_address())

    async def heard() -> Counted:
        async with OTHERS[other]() as here, ListenerPool(here.signal, address) as crowd:
            await crowd.grow(2)
            await asyncio.sleep(1.0)
            await crowd.begin()
            await asyncio.sleep(2.0)
            return await crowd.counted()

    counted = asyncio.run(heard())
    assert counted.packets > 2 * 80, "of a hundred that are due to each"
    assert (counted.lost, counted.undecoded, counted.whole) == (0, 0, 2)
