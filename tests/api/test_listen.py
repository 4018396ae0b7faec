"""`listen.ogg` at the HTTP side: who may, what it counts as, what it asks of the engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacesctl.engine.messages import Output, SubscribeOutputs
from tests.api.harness import Api, As
from tests.api.test_recording import sound
from tests.live.test_broadcast import ticks_of

pytestmark = pytest.mark.anyio


async def listening(api: Api, who: As, space: str) -> asyncio.Task[Any]:
    task = asyncio.create_task(who.http.get(f"{space}/listen.ogg"))
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    before = len(actor.connections.sessions)
    async with asyncio.timeout(5):
        while len(actor.connections.sessions) == before and not task.done():
            await asyncio.sleep(0.005)
    return task


async def test_a_player_hears_what_the_audience_hears_until_the_end(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    task = await listening(api, api.nobody, space)
    assert api.engine.of(SubscribeOutputs)[-1].groups == [Output.AUDIENCE]
    assert (await host.ok("GET", space))["participant_count"] == 1
    assert (await host.ok("GET", f"{space}/people"))["anonymous"] == 1
    sound(api, space, 1.2)
    await host.ok("POST", f"{space}/end")
    answer = await task
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/ogg")
    assert answer.headers["cache-control"] == "no-store"
    assert len(ticks_of(answer.content)) == 60
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    assert not actor.connections.sessions


async def test_players_that_do_not_read_are_counted(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for reason in ("too_slow", "ended"):
        task = await listening(api, api.nobody, space)
        [session] = api.app.registry.actors[space.rsplit("/", 1)[-1]].connections.sessions.values()
        assert session.pages is not None
        session.pages.close(reason)
        await task
    assert "spacesctl_players_too_slow_total 1.0\n" in (await api.nobody.call("GET", "/metrics")).text


async def test_whoever_is_removed_stops_hearing(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    task = await listening(api, ann, space)
    await host.ok("POST", f"{space}/people/@ann/kick", {"reason": "x"})
    async with asyncio.timeout(5):
        await task
    assert api.engine.of(SubscribeOutputs)[-1].groups == []
    assert (await ann.call("GET", f"{space}/listen.ogg")).status_code == 403


async def test_head_looks_without_listening(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    answer = await api.nobody.http.head(f"{space}/listen.ogg")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "audio/ogg", b"")
    assert (await host.ok("GET", space))["participant_count"] == 0


async def test_what_is_not_live_or_not_public_is_refused(api: Api) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "Later"})
    assert (await api.nobody.call("GET", f"/v1/spaces/{made['id']}/listen.ogg")).status_code == 409
    space = await api.live(host, listeners="accounts")
    assert (await api.nobody.call("GET", f"{space}/listen.ogg")).status_code == 401
    assert (await api.nobody.call("GET", "/v1/spaces/AAAAAAAAAAAAA/listen.ogg")).status_code == 404
