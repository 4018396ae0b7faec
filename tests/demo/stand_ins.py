"""A show in which people, listeners and the server are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bots import casts
from spacesctl.demo import show
from spacesctl.demo.script import Turn, turns
from spacesctl.demo.show import Performance, Show
from spacesctl.demo.stage import LISTENERS, Stage
from spacesctl.demo.state import Seat, State
from spacesctl.domain.errors import NotAllowed, SpacesError, Unavailable
from tests.demo.events import event

CAST = casts.load("cast_a")
TROUBLE = CAST.troublemaker.handle
WHOLE = turns(CAST, None)
METRICS = "# TYPE spacesctl_engine_late_ms_max gauge\nspacesctl_engine_late_ms_max 2.5\n"


class Seated:
    """Somebody who is connected until cancelled. `fails` is raised by those of this class, by handle (or kind)."""

    fails: dict[str, Exception]
    way = ""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said = 40
        self.began: float | None = None
        self.joined = asyncio.Event()
        self.clock = (100, asyncio.get_running_loop().time())

    async def run(self, start_at: float = 0.0) -> None:
        if self.name in self.fails:
            raise self.fails[self.name]
        self.began = asyncio.get_running_loop().time()
        self.joined.set()
        await asyncio.Event().wait()


class World:
    """What the show finds: `failing` people by way, the host's events, and what the host calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing: dict[str, dict[str, Exception]] = {"WebRTC": {}, "lanes": {}, "whep": {}, "listen": {}}
        self.streams: list[list[dict[str, Any]]] = []
        self.asked_from: list[str] = []
        self.called: list[tuple[str, str]] = []
        self.refusal: SpacesError | None = NotAllowed("you were removed", reason="barred")
        self.address: str | None = "192.0.2.7"
        self.alive = True
        self.metrics: Callable[[], httpx.Response] = lambda: httpx.Response(200, text=METRICS)
        self.said: list[str] = []
        self.ended = asyncio.Event()
        monkeypatch.setattr(show, "own_address", lambda: self.address)
        monkeypatch.setattr(show, "WebRtcSpeaker", self.seats("WebRTC", lambda _stage, turn: turn.script.person.handle))
        monkeypatch.setattr(show, "LanesSpeaker", self.seats("lanes", lambda _stage, turn: turn.script.person.handle))
        monkeypatch.setattr(show, "WebRtcListener", self.seats("whep", lambda _stage, token, *_: token))
        monkeypatch.setattr(show, "LanesListener", self.seats("listen", lambda _stage, token, _listener: token or ""))
        monkeypatch.setattr(show, "Lanes", self.lanes)
        monkeypatch.setattr(show, "httpx", SimpleNamespace(AsyncClient=self.http, TransportError=httpx.TransportError))
        for name in ("KICK_AFTER", "SETTLE", "LATENESS_EVERY"):
            monkeypatch.setattr(show, name, 0.05)

    def seats(self, way_: str, name_of: Callable[..., str]) -> Callable[..., Seated]:
        class Here(Seated):
            way = way_
            fails = self.failing[way_]

            def __init__(self, *given: Any) -> None:
                super().__init__(name_of(*given))

        return Here

    def http(self, base_url: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: self.metrics()), base_url=base_url)

    @asynccontextmanager
    async def lanes(self, *_: Any) -> AsyncIterator[None]:
        if self.refusal is not None:
            raise self.refusal
        yield

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        self.called.append((method, path))
        if path.endswith("/end"):
            self.ended.set()
        return {"data": []}

    async def events(self, path: str, last_event_id: str, view: str) -> AsyncIterator[dict[str, Any]]:
        self.asked_from.append(last_event_id)
        for one in self.streams.pop(0) if self.streams else []:
            yield one
        if not self.streams:
            await self.ended.wait()
            yield event("space.ended", 99)

    def gone(self, what: str) -> Unavailable:
        return Unavailable(f"the server {what}")


def played(
    world: World,
    seconds: float | None = 0.15,
    parts: list[Turn] | None = None,
    until: Callable[[Performance], bool] | None = None,
) -> tuple[Performance, State]:
    async def main() -> tuple[Performance, State]:
        world.ended = asyncio.Event()
        ids = {one.handle: f"id-{one.handle}" for one in CAST.people}
        tokens = {handle: handle for handle in (*ids, *LISTENERS)}
        stage = Stage("http://x", "s", "T", "http://x/s/s", CAST.host.handle, ids, tokens, {"ready": True})
        seats = {ids[one.handle]: Seat(one.handle, one.name, one.role) for one in CAST.people}
        state = State("T", stage.link, stage.host, "", seats, say=world.said.append, seconds=seconds)
        made = Show(world, stage, WHOLE if parts is None else parts, state)  # type: ignore[arg-type]
        made._client = world  # type: ignore[assignment]  # it has what is used of the client
        stop = asyncio.Event()

        async def stop_in_time(enough: Callable[[Performance], bool]) -> None:
            while not enough(made._done):
                await asyncio.sleep(0.01)
            stop.set()

        stopping = asyncio.create_task(stop_in_time(until)) if until is not None else None
        try:
            async with asyncio.timeout(8):
                return await made.run(stop), state
        finally:
            if stopping is not None:
                stopping.cancel()

    return asyncio.run(main())
