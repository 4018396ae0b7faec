"""The server under test and its speakers: more Spaces than one host may have, a metrics page without an engine, a server that ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from spacesctl.api.lanes import LaneEvent, Muted
from spacesctl.api.spaces import Space
from spacesctl.audio import framing
from spacesctl.bench import voice
from spacesctl.bench.target import SPACES_EACH, Target, target
from spacesctl.bench.voice import Talker, packets
from spacesctl.client.http import Client
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.domain.words import State
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import JitterProbe
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.server_process import Server


def targeted(folder: Path, metrics: str) -> Target:
    """A target whose server answers every GET with this page."""
    answers = httpx.MockTransport(lambda _: httpx.Response(200, text=metrics))
    http = httpx.AsyncClient(transport=answers, base_url="http://x")
    return Target(Server(None, folder), http, "s", 1, JitterProbe(None))  # type: ignore[arg-type]  # no process is asked for


def test_the_engines_figures_are_read_by_name_and_their_absence_is_told(tmp_path: Path) -> None:
    page = '# TYPE a gauge\nspacesctl_engine_ticks_total 50\nspacesctl_engine_late_ms_max 1.5e-3\nother{x="y"} 9\n'
    assert asyncio.run(targeted(tmp_path, page).metrics()) == {"ticks": 50.0, "late_ms_max": 0.0015}
    with pytest.raises(Unavailable, match="the engine does not answer"):
        asyncio.run(targeted(tmp_path, "spacesctl_http_requests_total 7\n").metrics())


class FakeLanes:
    """A connection that closes after it was sent `most` messages."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.sent: list[bytes] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> FakeLanes:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed.set()

    async def send(self, data: bytes) -> None:
        if len(self.sent) == self.most:
            raise Unavailable("closed")
        self.sent.append(data)

    async def __aiter__(self) -> AsyncIterator[LaneEvent]:
        yield Muted()
        await self.closed.wait()


def test_a_speaker_says_its_packets_in_a_loop_until_the_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "TICK_SECONDS", 0.001)

    async def body() -> FakeLanes:
        lanes = FakeLanes(5)
        talker = Talker("http://127.0.0.1:1", "token", "s", [b"a", b"b"])
        talker._lanes = lanes  # type: ignore[assignment]  # it has what is used of the lanes
        async with asyncio.timeout(5), talker:
            await talker._tasks[0]
        assert lanes.closed.is_set()
        return lanes

    said = [framing.unpack(message) for message in asyncio.run(body()).sent]
    assert [(one.tick, one.frames[0].payload) for one in said] == [
        (0, b"a"),
        (1, b"b"),
        (2, b"a"),
        (3, b"b"),
        (4, b"a"),
    ]


def test_each_person_has_another_voice() -> None:
    assert packets(0) != packets(1)
    assert packets(4) == packets(0), "there are four"


def test_elsewhere_than_on_linux_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "need_linux", lambda: (_ for _ in ()).throw(Refused("not_linux", "Linux only")))

    async def body() -> None:
        async with target():
            raise AssertionError("it started")

    with pytest.raises(Refused, match="Linux only"):
        asyncio.run(body())


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.usefixtures("short_bench")
def test_more_spaces_than_one_host_may_have_are_live_and_who_hangs_up_is_gone() -> None:
    count = SPACES_EACH + 1

    async def body() -> None:
        async with target(speakers=2, spaces=count, pin=False) as here, ListenerPool(here.signal) as pool:

            def live() -> list[Space]:
                with Client(here.server.url, here.server.owner_token) as owner:
                    return list(owner.spaces.list([State.LIVE]))

            rows = await asyncio.to_thread(live)
            assert len(rows) == count
            assert here.space in {row.id for row in rows}
            assert len({row.host.id for row in rows}) == 2
            await pool.grow(2)
            assert (await here.metrics())["ticks"] > 0
            assert all(one.location for one in pool.listeners)
            for one in pool.listeners:
                await here.hang_up(one)
            answers = [await here._http.delete(one.location) for one in pool.listeners]
            assert {answer.status_code for answer in answers} == {404}, "they were gone already"

    asyncio.run(body())
