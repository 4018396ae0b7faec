"""A host who leaves, second by second, with a clock that the test moves: what is announced, who hosts, and who gets the seat back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View
from spacesctl.live.subscriber import Subscriber
from spacesctl.live.watch import Watch
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio
START = datetime(2026, 11, 30, 18, tzinfo=UTC)


class Scene:
    """A live Space with a host, a co-host and a listener, each with an event stream."""

    def __init__(self, api: Api, clock: VirtualClock, space: str, host: As, cohost: As, ann: As) -> None:
        self.api, self.clock, self.space = api, clock, space
        self.host, self.cohost, self.ann = host, cohost, ann
        self._watch = Watch(api.app.registry, api.app.bot.id)
        self._streams: dict[str, Subscriber] = {}

    async def come(self, *people: As) -> None:
        handle = await self.api.app.registry.handle(self.space.rsplit("/", 1)[-1])
        for one in people:
            self._streams[one.id] = handle.subscribe(View.AUDIENCE, Person(one.id))
        await self._watch.look()

    async def go(self, *people: As) -> None:
        handle = await self.api.app.registry.handle(self.space.rsplit("/", 1)[-1])
        for one in people:
            handle.unsubscribe(self._streams.pop(one.id))

    async def seconds(self, number: int) -> None:
        for _ in range(number):
            self.clock.advance(1.0)
            await self._watch.look()

    async def told(self, who: As) -> list[str]:
        """The notices of a person, oldest first."""
        rows = (await who.ok("GET", "/v1/dms"))["data"]
        return [row["text"] for row in rows[::-1] if row["kind"] == "notice"]

    async def shown(self, who: As) -> dict[str, Any]:
        found: dict[str, Any] = await who.ok("GET", self.space)
        return found


@pytest.fixture
async def scene(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Scene]:
    clock = VirtualClock(START)
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, cohost, ann = await api.accounts("host", "cohost", "ann")
        space = await api.live(host)
        await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
        await cohost.ok("POST", f"{space}/accept")
        made = Scene(api, clock, space, host, cohost, ann)
        await made.come(host, cohost, ann)
        await made.seconds(60)  # their commands of before count no longer
        yield made


async def test_an_absence_is_announced_at_once_and_counted_down_for_staff(scene: Scene) -> None:
    await scene.go(scene.host)
    await scene.seconds(4)
    assert (await scene.shown(scene.cohost))["host_away"] == {"until": "2026-11-30T18:02:01.000Z", "ends_at": None}
    assert (await scene.shown(scene.ann))["host_away"] is None, "the audience sees that, and not until when"
    [to_host] = [text for text in await scene.told(scene.host) if "You left" in text]
    assert "18:02:01 UTC" in to_host
    assert "a co-host takes over" in to_host
    assert any("@host left" in text for text in await scene.told(scene.cohost))


async def test_a_co_host_who_is_there_hosts_after_a_minute_and_all_are_told(scene: Scene) -> None:
    await scene.go(scene.host)
    await scene.seconds(62)
    assert (await scene.shown(scene.cohost))["host"]["handle"] == "@cohost"
    assert any("You are the host" in text for text in await scene.told(scene.cohost))
    assert any("is hosted by @cohost now" in text for text in await scene.told(scene.host))


async def test_the_seat_is_given_back_on_return(scene: Scene) -> None:
    await scene.go(scene.host)
    await scene.seconds(62)
    await scene.come(scene.host)
    await scene.seconds(1)
    assert (await scene.shown(scene.cohost))["host"]["handle"] == "@host"
    assert any("is hosted by @host now" in text for text in await scene.told(scene.cohost))


async def test_a_command_from_a_terminal_brings_the_host_back(scene: Scene) -> None:
    await scene.go(scene.host)
    await scene.seconds(40)
    await scene.host.ok("PATCH", scene.space, {"title": "Still here"})
    await scene.seconds(1)
    assert (await scene.shown(scene.cohost))["host_away"] is None
    await scene.seconds(58)
    assert (await scene.shown(scene.cohost))["host"]["handle"] == "@host"


async def test_with_nobody_to_host_microphones_close_and_the_end_is_announced(scene: Scene) -> None:
    speaker = await scene.api.speaker(scene.space, scene.host, "speaker")
    await scene.seconds(61)
    await scene.go(scene.host, scene.cohost)
    await scene.seconds(62)
    assert (await scene.shown(speaker))["me"]["mic"] == "closed"
    assert any("all microphones are closed" in text for text in await scene.told(speaker))
    assert (await scene.shown(scene.cohost))["host_away"]["ends_at"] is not None
    await scene.seconds(300)
    assert (await scene.ann.call("GET", scene.space)).status_code == 410
    assert any("ended: no host was there" in text for text in await scene.told(scene.cohost))
    log = (await scene.host.ok("GET", "/v1/audit"))["data"]
    [end] = [row for row in log if row["action"] == "space.end"]
    assert end["by"] == {"kind": "system", "reason": "end_without_host"}


async def test_a_co_host_who_comes_before_that_end_hosts(scene: Scene) -> None:
    await scene.go(scene.host, scene.cohost)
    await scene.seconds(100)
    await scene.come(scene.cohost)
    await scene.seconds(1)
    assert (await scene.shown(scene.cohost))["host"]["handle"] == "@cohost"


async def test_a_block_by_who_hosts_meanwhile_does_not_keep_the_host_out(scene: Scene) -> None:
    await scene.go(scene.host)
    await scene.seconds(62)
    assert (await scene.shown(scene.cohost))["host"]["handle"] == "@cohost"
    await scene.cohost.ok("PUT", "/v1/accounts/me/blocks/@host")
    assert any("is hosted by @cohost now" in text for text in await scene.told(scene.host))
    await scene.host.ok("GET", scene.space)
    await scene.come(scene.host)
    await scene.seconds(1)
    assert (await scene.shown(scene.host))["host"]["handle"] == "@host"
