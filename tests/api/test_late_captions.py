"""What people of a Space are told of captions that are late, and staff of lanes that nobody hears."""

from __future__ import annotations

import json
from typing import Any

from spacesctl.domain.principals import Person
from spacesctl.engine.messages import OpenLane
from spacesctl.live.event_views import View
from tests.api.harness import Api, As


def late(space: str, lane: int, lag: float = 0.0, **more: bool) -> dict[str, Any]:
    return {"space_id": space.rpartition("/")[2], "lane": lane, "lag_seconds": lag, **more}


async def tell(api: Api, *lanes: dict[str, Any], ready: bool = True) -> None:
    figures = {"lanes": 2, "ticks_waiting": 0, "ticks_dropped": 0, "restarts": 0, "resident_bytes": 1}
    body = {"ready": ready, "model": "m", "hearing": {**figures, "late": list(lanes)}}
    if not ready:
        body["reason"] = "starting"
    await api.bot.ok("PUT", "/v1/bots/status", body)


async def status(who: As, space: str) -> dict[str, Any]:
    found: dict[str, Any] = (await who.ok("GET", space))["captions_status"]
    return found


async def stage(api: Api, **options: Any) -> tuple[As, As, str, int]:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, **options)
    assert (await host.offer(f"{space}/whip")).status_code == 201
    return host, ann, space, api.engine.of(OpenLane)[-1].lane


async def test_everybody_reads_that_captions_are_behind_and_staff_alone_who_is_not_heard(api: Api) -> None:
    host, ann, space, lane = await stage(api)
    other = await api.live(await api.account("other"))
    await tell(api, late(space, lane, shed=True, unprotected=True), late(space, 77, 2.5, behind=True))
    seen = await status(ann, space)
    assert (seen["behind"], seen["late"]) == (True, [{"lane": 77, "lag_seconds": 2.5}])
    assert "unheard" not in seen
    unheard = (await status(host, space))["unheard"]
    assert unheard == [{"lane": lane, "account_id": host.id, "unprotected": True}]
    assert not (await status(ann, other))["behind"]
    await tell(api)
    assert (await status(host, space)) == {"ready": True, "model": "m", "notice": None, "reason": None, "behind": False}


async def test_a_bot_that_does_not_work_is_not_behind(api: Api) -> None:
    host, _, space, lane = await stage(api)
    await tell(api, late(space, lane, 9.0, behind=True), ready=False)
    assert not (await status(host, space))["behind"]


async def test_with_captions_off_staff_still_learn_who_is_not_heard(api: Api) -> None:
    host, ann, space, lane = await stage(api, captions=False)
    await tell(api, late(space, lane, shed=True, unprotected=True))
    assert "unheard" in await status(host, space)
    seen = await status(ann, space)
    assert (seen["behind"], seen.get("unheard"), seen["reason"]) == (False, None, "captions are off")


async def test_streams_are_told_when_it_changes_and_each_view_its_own(api: Api) -> None:
    host, ann, space, lane = await stage(api)
    await tell(api)
    actor = await api.app.registry.actor_of(space.rpartition("/")[2])
    streams = [actor.subscribe(*who) for who in ((View.STAFF, Person(host.id)), (View.AUDIENCE, Person(ann.id)))]
    for lanes in ([late(space, lane, shed=True)], [late(space, lane, shed=True)], []):
        await tell(api, *lanes)
    told = []
    for stream in streams:
        while message := await stream.next(0.01):
            if message.startswith(b"event: captions.status"):
                told.append(json.loads(message.partition(b"data: ")[2])["data"])
    assert [(one["behind"], "unheard" in one) for one in told] == [
        (True, True),
        (False, False),
        (True, False),
        (False, False),
    ]
