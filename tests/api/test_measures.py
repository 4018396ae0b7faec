"""What is done about all, through the API: every door of a locked Space, one request or reaction in a while, who is told, and that all of
it outlives a restart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacesctl.application import people
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, memory_equals_store, running_api
from tests.api.test_people import names
from tests.api.test_redactions import actor_of

pytestmark = pytest.mark.anyio
Stepped = tuple[Api, VirtualClock]


@pytest.fixture
async def stepped(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Stepped]:
    """A server whose clock goes on only when it is told to."""
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "stepped", clock=clock) as api:
        await api.app.alarm.stop()
        yield api, clock


async def doors(who: As, space: str) -> set[int]:
    """What the doors of a Space answer somebody who would come in: sound, events, a reaction, a request to speak."""
    found = {(await who.offer(f"{space}/whep")).status_code, (await who.offer(f"{space}/whip")).status_code}
    found.add((await who.call("HEAD", f"{space}/listen.ogg")).status_code)
    found.add((await who.call("HEAD", f"{space}/events")).status_code)
    if who.token is not None:
        found.add((await who.call("POST", f"{space}/reactions", {"reaction": "clap"})).status_code)
        found.add((await who.call("POST", f"{space}/requests")).status_code)
    return found


async def test_every_door_of_a_locked_space_is_closed_to_who_was_not_there(api: Api) -> None:
    host, ann, ben, cat = await api.accounts("host", "ann", "ben", "cat")
    space = await api.live(host, speakers="everyone")
    await api.listener(space, ann)
    lock = await host.ok("PUT", f"{space}/measures/lock", {"duration": 600, "reason": "a raid"})
    assert (lock["action"], lock["target"], lock["reason"]) == ("lock", None, "a raid")
    for who in (ben, api.nobody):
        assert await doors(who, space) <= {409, 401}, who.handle
    refused = await ben.refused("POST", f"{space}/requests")
    assert (refused["reason"], "until" in refused["detail"]) == ("locked", True)
    assert len(actor_of(api, space).connections.sessions) == 1, "who is in stays"
    await host.ok("POST", f"{space}/invites", {"handles": ["@cat"]})
    for who in (ann, cat, host):
        assert await doors(who, space) <= {200, 201, 202, 409}
        assert (await who.offer(f"{space}/whep")).status_code == 201, who.handle
    shown = await api.nobody.ok("GET", space)
    assert shown["measures"] == [{"action": "lock", "until": lock["until"], "every": None}]
    await host.ok("POST", f"{space}/sanctions/{lock['id']}/undo")
    assert (await ben.offer(f"{space}/whep")).status_code == 201
    assert (await api.nobody.ok("GET", space))["measures"] == []


async def test_a_slow_space_takes_one_request_or_reaction_in_a_while(stepped: Stepped) -> None:
    api, clock = stepped
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await ann.ok("POST", f"{space}/reactions", {"reaction": "clap"})
    await host.ok("PUT", f"{space}/measures/slow", {"every": 60})
    answer = await ann.call("POST", f"{space}/requests")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60"), "what was sent before counts"
    await ben.ok("POST", f"{space}/requests")
    await ben.ok("DELETE", f"{space}/requests/me")
    assert (await ben.refused("POST", f"{space}/reactions", {"reaction": "clap"}))["code"] == "too_many"
    for _ in range(3):
        await host.ok("POST", f"{space}/reactions", {"reaction": "clap"})
    clock.advance(59)
    assert (await ann.call("POST", f"{space}/requests")).headers["retry-after"] == "1"
    clock.advance(1)
    await ann.ok("POST", f"{space}/requests")
    await host.ok("DELETE", f"{space}/measures/slow")
    await ben.ok("POST", f"{space}/reactions", {"reaction": "clap"})


async def test_what_is_done_about_all_outlives_a_restart_and_a_reconnect(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        host, ann, ben, cat = await api.accounts("host", "ann", "ben", "cat")
        space = await api.live(host, speakers="everyone")
        await api.listener(space, ann)
        await ben.ok("POST", f"{space}/requests")
        ids = {}
        for action in ("lock", "slow", "hold", "mute"):
            ids[action] = (await host.ok("PUT", f"{space}/measures/{action}"))["id"]
        await host.ok("POST", f"{space}/people/@cat/warn", {"reason": "one at a time"})
        await memory_equals_store(api)
    async with running_api(tmp_path, first=False) as api:
        host, ann, ben, cat = (As(api, one.token, one.handle, one.id) for one in (host, ann, ben, cat))
        assert {one["action"] for one in (await host.ok("GET", space))["measures"]} == {"lock", "slow", "mute"}
        assert (await host.ok("GET", space))["held_until"] is not None
        assert (await cat.offer(f"{space}/whep")).json()["reason"] == "locked"
        assert (await ann.offer(f"{space}/whep")).status_code == 201, "who was there comes back"
        assert (await ben.offer(f"{space}/whip")).status_code == 201
        assert (await ben.refused("PUT", f"{space}/mic", {"open": True}))["reason"] == "muted"
        assert (await ann.offer(f"{space}/whip")).status_code == 201
        assert (await names(host, space))["@ann"]["muted"], "who comes on stage later is muted, too"
        for sanction in ids.values():
            await host.ok("POST", f"{space}/sanctions/{sanction}/undo")
        assert not any(one["muted"] for one in (await names(host, space)).values())
        assert (await cat.offer(f"{space}/whep")).status_code == 201
        rows = (await host.ok("GET", f"{space}/sanctions"))["data"]
        assert {(one["action"], one["target"] is None) for one in rows if one["how"] is None} == {("warn", False)}
        await memory_equals_store(api)


async def test_all_ends_when_its_time_is_over(stepped: Stepped) -> None:
    api, clock = stepped
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, speakers="everyone")
    await ann.ok("POST", f"{space}/requests")
    for action in ("lock", "slow", "hold", "mute"):
        await host.ok("PUT", f"{space}/measures/{action}", {"duration": 60})
    await host.ok("POST", f"{space}/people/@ann/warn", {"reason": "x", "duration": 60})
    clock.advance(61)
    await people.lift_expired(api.app, space.rsplit("/", 1)[-1])
    shown = await host.ok("GET", space)
    assert (shown["measures"], shown["held_until"]) == ([], None)
    assert {one["how"] for one in (await host.ok("GET", f"{space}/sanctions"))["data"]} == {"expired"}
    assert not (await names(host, space))["@ann"]["muted"]


async def test_who_is_kicked_for_a_while_comes_back_after_it(stepped: Stepped) -> None:
    api, clock = stepped
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    await host.ok("POST", f"{space}/people/@ann/kick", {"duration": 600})
    assert (await ann.offer(f"{space}/whep")).json()["reason"] == "barred"
    clock.advance(601)
    await people.lift_expired(api.app, space.rsplit("/", 1)[-1])
    assert (await ann.offer(f"{space}/whep")).status_code == 201


async def test_who_is_warned_is_told_why_and_it_is_on_record(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    await host.ok("POST", f"{space}/people/@ann/warn", {"reason": "one at a time", "duration": 600})
    [message] = (await ann.ok("GET", "/v1/dms"))["data"]
    assert message["text"].startswith(
        "You were warned in “A Space” by @host for 10 min: one at a time. `spacesctl sanction show "
    )
    [warning] = (await ann.ok("GET", "/v1/accounts/me/sanctions"))["data"]
    await host.ok("POST", f"{space}/sanctions/{warning['id']}/undo", {"reason": "a mistake"})
    assert (await ann.ok("GET", "/v1/dms"))["data"][0]["text"].startswith("You are no longer warned")
    log = [entry["action"] for entry in (await host.ok("GET", "/v1/audit"))["data"]]
    assert log[:2] == ["warn.undo", "warn"]


async def test_the_audit_log_says_what_was_done_about_all(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, speakers="everyone")
    await ann.ok("POST", f"{space}/requests")
    await host.ok("PUT", f"{space}/measures/mute", {"reason": "shouting"})
    await host.ok("DELETE", f"{space}/measures/mute")
    entries = (await host.ok("GET", "/v1/audit"))["data"]
    assert [entry["action"] for entry in entries[:4]] == ["unmute.all", "unmute", "mute.all", "mute"]
    assert entries[3]["details"]["with"] == "mute"


async def test_a_co_host_does_not_end_what_the_host_began(api: Api) -> None:
    host, second, ann = await api.accounts("host", "second", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@second"], "role": "cohost"})
    await second.ok("POST", f"{space}/accept")
    for action in ("lock", "slow", "hold"):
        made = await host.ok("PUT", f"{space}/measures/{action}")
        for method, path in (
            ("DELETE", f"{space}/measures/{action}"),
            ("PUT", f"{space}/measures/{action}"),
            ("POST", f"{space}/sanctions/{made['id']}/undo"),
        ):
            assert (await second.refused(method, path))["status"] == 403, (method, path)
    for refused in ("/people/@host/warn", "/people/@host/mute", "/people/@host/kick"):
        assert (await second.refused("POST", f"{space}{refused}"))["status"] == 403
    assert (await ann.refused("PUT", f"{space}/measures/lock"))["reason"] == "locked", "who is outside has no say"
