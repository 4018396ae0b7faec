"""A show in which people, listeners and the server are stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bots import casts
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.events import Event
from spacesctl.api.people import NewMeasure
from spacesctl.api.space_events import SpaceEnded
from spacesctl.api.wire import Time
from spacesctl.demo import show
from spacesctl.demo.script import Turn, turns
from spacesctl.demo.show import Performance, Show
from spacesctl.demo.stage import LISTENERS, Stage
from spacesctl.demo.state import Seat, State
from spacesctl.domain.errors import NotAllowed, SpacesError, Unavailable
from tests.demo.events import event, person, room

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
        self.streams: list[list[Event]] = []
        self.asked_from: list[str] = []
        self.called: list[str] = []
        self.refusal: SpacesError | None = NotAllowed("you were removed", reason="barred")
        self.address: str | None = "192.0.2.7"
        self.alive = True
        self.page: Callable[[], str] = lambda: METRICS
        self.said: list[str] = []
        self.ended = asyncio.Event()
        self.spaces = self.people = self.moderation = self.server = self  # as the client has them
        monkeypatch.setattr(show, "own_address", lambda: self.address)
        monkeypatch.setattr(show, "WebRtcSpeaker", self.seats("WebRTC", lambda _stage, turn: turn.script.person.handle))
        monkeypatch.setattr(show, "LanesSpeaker", self.seats("lanes", lambda _stage, turn: turn.script.person.handle))
        monkeypatch.setattr(show, "WebRtcListener", self.seats("whep", lambda _stage, token, *_: token))
        monkeypatch.setattr(show, "LanesListener", self.seats("listen", lambda _stage, token, _listener: token or ""))
        monkeypatch.setattr(show, "Lanes", self.lanes)
        for name in ("KICK_AFTER", "SETTLE", "LATENESS_EVERY"):
            monkeypatch.setattr(show, name, 0.05)

    def seats(self, way_: str, name_of: Callable[..., str]) -> Callable[..., Seated]:
        class Here(Seated):
            way = way_
            fails = self.failing[way_]

            def __init__(self, *given: Any) -> None:
                super().__init__(name_of(*given))

        return Here

    @asynccontextmanager
    async def lanes(self, *_: Any) -> AsyncIterator[None]:
        if self.refusal is not None:
            raise self.refusal
        yield

    async def __aenter__(self) -> World:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def metrics(self) -> str:
        return self.page()

    async def kick(self, space_id: str, who: str, measure: NewMeasure) -> None:
        self.called.append(f"kick {who} from {space_id}: {measure.reason}")

    async def reports(self) -> AsyncIterator[None]:
        self.called.append("reports")
        for one in list[None]():
            yield one

    async def end(self, space_id: str) -> None:
        self.called.append(f"end {space_id}")
        self.ended.set()

    async def events(self, space_id: str, view: str, *, last_event_id: str) -> AsyncIterator[Event]:
        assert (space_id, view) == ("s", "staff")
        self.asked_from.append(last_event_id)
        for one in self.streams.pop(0) if self.streams else []:
            yield one
        if not self.streams:
            await self.ended.wait()
            yield event(SpaceEnded(at=Time.read("2026-01-01T00:00:00Z")), 99)

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
        people = [person(ids[one.handle], one.handle) for one in CAST.people]
        status = CaptionsStatus(ready=True)
        stage = Stage("http://x", room(*people), "http://x/s/s", CAST.host.handle, ids, tokens, status)
        seats = {one.id: Seat(one) for one in people}
        state = State(stage.room, stage.link, stage.host, "", seats, say=world.said.append, seconds=seconds)
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
