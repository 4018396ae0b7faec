"""What an ended Space leaves in memory: nothing, a minute later."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacesctl.domain.principals import Person
from spacesctl.engine.messages import Frames
from spacesctl.live.event_views import View
from spacesctl.live.watch import Watch
from spacesctl.support.clock import VirtualClock
from tests.api.harness import running_api, settled

pytestmark = pytest.mark.anyio


@pytest.mark.slow
async def test_a_minute_after_its_end_a_space_and_its_evidence_are_gone_from_memory(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        registry, watch = api.app.registry, Watch(api.app.registry, api.app.bot.id)
        host = await api.account("host")
        space = await api.live(host)
        ann = await api.speaker(space, host, "ann")
        [actor] = registry.live()
        for tick in range(100):
            actor.on_frames(Frames(actor.space.id, tick, [(1, 0, b"\xf8\xff\xfe")], []))
        await host.ok("POST", f"{space}/end")
        await settled(api)
        gone = weakref.ref(actor.ring)
        await watch.look()
        clock.advance(50.0)
        await watch.look()
        assert actor.clip(ann.id, 0, 100) is not None, "who was there may still report with evidence"
        del actor
        clock.advance(11.0)
        await registry.store_attendance()
        await watch.look()
        gc.collect()
        assert gone() is None
        assert (await host.ok("GET", space))["state"] == "ended", "it is read again when it is asked for"
        for _ in range(2):
            clock.advance(61.0)
            await watch.look()
        assert not registry.actors


async def test_who_still_follows_the_events_keeps_it(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        watch = Watch(api.app.registry, api.app.bot.id)
        host = await api.account("host")
        space = await api.live(host)
        [actor] = api.app.registry.live()
        subscriber = actor.subscribe(View.AUDIENCE, Person(host.id))
        await host.ok("POST", f"{space}/end")
        for _ in range(2):
            await watch.look()
            clock.advance(61.0)
        assert api.app.registry.known(actor.space.id) is actor
        actor.unsubscribe(subscriber)
        await api.app.registry.store_attendance()
        await watch.look()
        clock.advance(61.0)
        await watch.look()
        assert api.app.registry.known(actor.space.id) is None
