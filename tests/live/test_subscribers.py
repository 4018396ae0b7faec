"""What happens after a commit cannot undo it, and what waits for a Space gets its turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from spacesctl.live.actor import SpaceActor
from spacesctl.live.aggregate import WAITING
from spacesctl.live.outcome import Outcome
from spacesctl.live.registry import SpaceRegistry
from tests.api.harness import Api, everything, memory_equals_store, running_api, settled, wait_for

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Api]:
    async with running_api(tmp_path / "data") as running:
        yield running


async def test_a_subscriber_that_raises_changes_nothing_and_the_others_still_run(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    seen = list[Outcome]()

    def broken(outcome: Outcome) -> None:
        raise ZeroDivisionError

    api.app.registry.subscribers[:0] = [broken]
    api.app.registry.subscribers.append(seen.append)
    with capture_logs() as logs:
        answer = await host.ok("PATCH", space, {"title": "B"})
        await settled(api)
    assert answer["title"] == "B"
    assert (await host.ok("GET", space))["title"] == "B"
    assert [outcome.after.title for outcome in seen] == ["B"]
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["event"], entry["kind"], len(entry["incident"])) == ("an effect failed", "ZeroDivisionError", 12)
    await memory_equals_store(api)


@pytest.mark.parametrize("effect", ["connections", "hub", "engine"])
async def test_an_effect_that_raises_changes_neither_the_answer_nor_the_store(
    api: Api, monkeypatch: pytest.MonkeyPatch, effect: str
) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "A"})
    actor = api.app.registry.actors[made["id"]]

    def broken(*_: Any) -> None:
        raise OSError("the engine is gone")

    target = {
        "connections": (actor.connections, "after"),
        "hub": (actor.hub, "publish"),
        "engine": (api.engine, "send"),
    }
    monkeypatch.setattr(*target[effect], broken)
    seen = list[Outcome]()
    api.app.registry.subscribers.append(seen.append)
    with capture_logs() as logs:
        assert (await host.ok("POST", f"/v1/spaces/{made['id']}/start"))["state"] == "live"
        await settled(api)
    assert [entry["kind"] for entry in logs if "incident" in entry] == ["OSError"]
    assert len(seen) == 1
    await memory_equals_store(api)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55])
async def test_a_request_that_is_canceled_at_any_moment_leaves_memory_equal_to_the_store(api: Api, turns: int) -> None:
    host = await api.account("host")
    space = await api.live(host)
    request = asyncio.create_task(host.call("PATCH", space, {"title": "B", "speakers": "everyone"}))
    for _ in range(turns):
        await asyncio.sleep(0)
    request.cancel()
    await asyncio.wait([request])
    await memory_equals_store(api)
    found = await host.ok("GET", space)
    assert (found["title"], found["speakers"]) in [("A Space", "invited"), ("B", "everyone")]
    await host.ok("PATCH", space, {"title": "C"})


async def test_a_request_that_is_canceled_while_it_commits_is_applied(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ending, real = asyncio.Event(), SpaceRegistry.see_through

    def see_through(registry: SpaceRegistry, work: Any) -> asyncio.Task[None]:
        ending.set()
        return real(registry, work)

    monkeypatch.setattr(SpaceRegistry, "see_through", see_through)
    request = asyncio.create_task(host.call("PATCH", space, {"title": "B"}))
    await ending.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await memory_equals_store(api)
    assert (await host.ok("GET", space))["title"] == "B"


async def test_of_very_many_requests_for_one_space_the_last_are_refused(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    actor: SpaceActor = api.app.registry.actors[space[11:]]
    async with actor.turn():
        asked = [asyncio.create_task(host.call("PATCH", space, {"title": f"T{number}"})) for number in range(WAITING)]
        await wait_for(lambda: actor._waiting == WAITING)
        async with asyncio.timeout(5):
            problem = await host.refused("PATCH", space, {"title": "One too many"})
        assert (problem["status"], problem["retry_after"]) == (429, 1)
    assert {(await one).status_code for one in asked} == {200}
    assert not actor.is_busy
    await host.ok("PATCH", space, {"title": "Later"})


async def test_two_requests_that_need_the_same_two_spaces_both_finish(api: Api) -> None:
    host, *_ = await api.accounts("host", "ann", "ben")
    spaces = sorted([await api.live(host), await api.live(host)])
    registry = api.app.registry

    async def over(*ids: str) -> None:
        async with registry.transaction(*ids) as tx:
            assert tx.space_ids == sorted(ids)

    one, other = (space[11:] for space in spaces)
    async with asyncio.timeout(10):
        await asyncio.gather(*(over(*ids) for _ in range(10) for ids in ((one, other), (other, one))))
        answers = await asyncio.gather(
            host.call("PUT", "/v1/accounts/me/blocks/@ann"),
            *(host.call("PATCH", space, {"title": "B"}) for space in spaces[::-1]),
            host.call("PUT", "/v1/accounts/me/blocks/@ben"),
        )
    assert [answer.status_code for answer in answers] == [204, 200, 200, 204]
    assert len((await everything(api))["blocks"]) == 2
    await memory_equals_store(api)
