"""The engine's wiring, without a process: what fails in one Space stays in it, and the engine beats."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator

import pytest

from spacesctl.engine.engine import Engine
from spacesctl.engine.messages import Beat, FromEngine, OpenLane, OpenSpace, Output, SubscribeOutputs
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.transport.udp_port import UdpPort
from spacesctl.rtc.dtls import Identity

pytestmark = pytest.mark.anyio


class Link:
    """What the engine sends."""

    dropped = 0

    def __init__(self) -> None:
        self.posted: list[FromEngine] = []

    def post(self, message: FromEngine) -> bool:
        self.posted.append(message)
        return True


@pytest.fixture
async def engine() -> AsyncIterator[tuple[Engine, Link]]:
    link = Link()
    made = Engine(link, UdpPort("127.0.0.1", 0), Identity())  # type: ignore[arg-type]  # the part of a link that it uses
    yield made, link
    made.peers.close()
    made._udp._socket.close()


def opened(engine: Engine, *names: str) -> list[Room]:
    for number, name in enumerate(names):
        engine.handle(OpenSpace(name, time.time(), 0, number + 1))
        engine.handle(OpenLane(name, 1, True))
        engine.handle(SubscribeOutputs(name, [Output.AUDIENCE]))
    return [engine.rooms[name] for name in names]


async def test_a_space_whose_tick_fails_silences_no_other_and_is_told_once_a_second(
    engine: tuple[Engine, Link], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, _ = engine
    bad, good = opened(made, "bad", "good")
    ran: list[int] = []
    monkeypatch.setattr(Room, "is_idle", property(lambda self: False))
    monkeypatch.setattr(Room, "run", lambda self, number, now: ran.append(number) if self is good else 1 / 0)
    with caplog.at_level(logging.ERROR):
        for number in range(60):
            made.tick(number, 100.0 + number * 0.02)
    assert ran == list(range(60))
    assert made.metrics.counters["space_ticks_failed"] == 60
    assert caplog.text.count("a tick of a Space failed") == 2
    assert bad in made.rooms.values()


async def test_it_beats_once_a_second_also_when_only_every_25th_tick_runs(engine: tuple[Engine, Link]) -> None:
    made, link = engine
    for number in range(0, 251, 25):
        made.tick(number, 100.0 + number * 0.02)
    assert sum(isinstance(one, Beat) for one in link.posted) == 6
