"""What a troll left: captions, pins, messages; and listeners whom nobody knows."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from spacesctl.application import people
from spacesctl.live.cut_off import SECONDS
from spacesctl.server.http.routes import events
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As
from tests.api.test_redactions import actor_of

pytestmark = pytest.mark.anyio


def caption(number: int, lane: int, text: str) -> dict[str, Any]:
    return {
        "lane": lane, "utterance": number, "text": text, "final": True, "start_tick": 0, "end_tick": 1,
        "words": [{"w": text, "start": 0.0, "end": 0.02, "conf": 1.0}],
    }  # fmt: skip


async def said(who: As, space: str, **params: Any) -> list[str]:
    return [one["text"] for one in (await who.ok("GET", f"{space}/captions", params=params))["data"]]


async def stage(api: Api) -> tuple[As, As, As, str]:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    ben = await api.speaker(space, host, "ben")
    captions = [caption(1, 1, "spam"), caption(1, 2, "hello"), caption(2, 1, "more")]
    await api.bot.ok("POST", f"{space}/captions", {"captions": captions})
    await ann.ok("POST", f"{space}/pins", {"url": "https://example.org/spam"})
    return host, ann, ben, space


async def test_what_was_said_and_shared_is_gone_for_the_audience_marked_for_staff_and_back_when_undone(
    api: Api,
) -> None:
    host, _, ben, space = await stage(api)
    await host.ok("POST", f"{space}/people/@ann/kick", {"erase": True})
    for reader in (ben, api.nobody):
        assert await said(reader, space) == ["hello"]
        assert await said(reader, space, after=0) == ["hello"]
    shown = (await host.ok("GET", f"{space}/captions", params={"view": "staff"}))["data"]
    assert [(one["text"], one["erased"]) for one in shown] == [("spam", True), ("hello", False), ("more", True)]
    assert (await ben.ok("GET", space))["pinned"] == []
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(3, 1, "late")]})
    assert await said(ben, space) == ["hello"], "a caption that comes late is hidden, too"
    [kick] = [one for one in (await host.ok("GET", f"{space}/sanctions"))["data"] if one["action"] == "kick"]
    assert (kick["erases"], kick["mutes_dms"]) == (True, False)
    await host.ok("POST", f"{space}/sanctions/{kick['id']}/undo")
    assert await said(ben, space) == ["spam", "hello", "more", "late"]
    assert [one["url"] for one in (await ben.ok("GET", space))["pinned"]] == ["https://example.org/spam"]


async def test_who_comes_back_after_a_kick_is_read_again_and_the_rest_is_not(api: Api) -> None:
    host, ann, ben, space = await stage(api)
    await host.ok("POST", f"{space}/people/@ann/kick", {"erase": True, "duration": 1})
    actor = actor_of(api, space)
    later = actor.space.updated_at + timedelta(seconds=2)
    api.app.registry.clock = VirtualClock(later)
    await people.lift_expired(api.app, space.rsplit("/", 1)[-1])
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    await ann.ok("POST", f"{space}/accept")
    answer = await ann.offer(f"{space}/whip")
    lane = actor.space.people[ann.id].lane
    assert answer.status_code == 201
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(1, lane, "sorry")]})
    assert await said(ben, space) == ["hello", "sorry"]


async def test_a_page_of_what_is_erased_is_not_taken_for_the_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAGE", 2)
    host, _, ben, space = await stage(api)
    many = [caption(number, 1, "spam") for number in range(3, 9)] + [caption(2, 2, "bye")]
    await api.bot.ok("POST", f"{space}/captions", {"captions": many})
    await host.ok("POST", f"{space}/people/@ann/kick", {"erase": True})
    [first] = (await ben.ok("GET", f"{space}/captions", params={"after": 0}))["data"]
    assert first["text"] == "hello"
    assert await said(ben, space, after=first["seq"]) == ["bye"]
    assert await said(ben, space, after=first["seq"] + 20) == []


async def test_a_block_erases_in_the_live_spaces_of_who_blocks(api: Api) -> None:
    host, _, ben, space = await stage(api)
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann", {"erase": True})
    assert await said(ben, space) == ["hello"]
    [block] = (await host.ok("GET", "/v1/sanctions"))["data"]
    await host.ok("POST", f"/v1/sanctions/{block['id']}/undo")
    assert await said(ben, space) == ["spam", "hello", "more"]
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    assert await said(ben, space) == ["spam", "hello", "more"], "not unless it is asked for"


async def test_reactions_of_who_is_erased_are_not_counted(api: Api) -> None:
    host, ann, ben, space = await stage(api)
    for who in (ann, ann, ben):
        await who.ok("POST", f"{space}/reactions", {"reaction": "clap"})
    counted: list[Any] = []
    actor = actor_of(api, space)
    await host.ok("POST", f"{space}/people/@ann/kick", {"erase": True})
    actor.audience.tell = lambda data, tick: counted.append(data.counts)
    actor.tell_reactions()
    assert counted == [{"clap": 1}]


async def test_who_is_kicked_with_their_messages_writes_to_no_staff_until_it_is_over(api: Api) -> None:
    host, ann, ben, space = await stage(api)
    await host.ok("POST", f"{space}/people/@ben/promote")
    cat = await api.account("cat")
    await host.ok("POST", f"{space}/people/@ann/kick", {"mute_dms": True})
    for staff in (host, ben):
        refused = await ann.refused("POST", "/v1/dms", {"to": staff.handle, "text": "you!"})
        assert refused["reason"] == "dms_muted"
    await ann.ok("POST", "/v1/dms", {"to": cat.handle, "text": "hi"})
    await cat.ok("POST", "/v1/dms", {"to": "@host", "text": "hi"})
    [kick] = [one["id"] for one in (await host.ok("GET", f"{space}/sanctions"))["data"] if one["action"] == "kick"]
    await host.ok("POST", f"{space}/sanctions/{kick}/undo")
    await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "sorry"})
    await host.ok("POST", f"{space}/people/@ann/kick", {"mute_dms": True})
    await host.ok("POST", f"{space}/end")
    await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "bye"})


async def test_an_anonymous_listener_is_put_out_by_an_id_that_says_nothing(api: Api) -> None:
    host, ann, _, space = await stage(api)
    for _ in range(2):
        session = await api.nobody.offer(f"{space}/whep")
        assert session.status_code == 201
    rows = (await host.ok("GET", f"{space}/connections"))["data"]
    assert [one["kind"] for one in rows] == ["whep", "whep"]
    assert not any(one["id"].removeprefix("anon-") in session.headers["location"] for one in rows)
    assert (await ann.refused("GET", f"{space}/connections"))["status"] == 403
    await host.ok("DELETE", f"{space}/connections/{rows[0]['id']}")
    assert [one["id"] for one in (await host.ok("GET", f"{space}/connections"))["data"]] == [rows[1]["id"]]
    assert (await host.refused("DELETE", f"{space}/connections/{rows[0]['id']}"))["status"] == 404
    entry = (await host.ok("GET", "/v1/audit"))["data"][0]
    assert (entry["action"], entry["details"]) == ("kick.anonymous", {"connection": rows[0]["id"]})
    back = await api.nobody.offer(f"{space}/whep")
    assert (back.status_code, back.json()["reason"]) == (403, "removed"), "a page that joins again by itself gives up"
    assert (await ann.offer(f"{space}/whep")).status_code == 201, "whoever signs in is known"
    actor_of(api, space).cut_off_from._now = lambda: time.monotonic() + SECONDS
    assert (await api.nobody.offer(f"{space}/whep")).status_code == 201
    await host.ok("PUT", f"{space}/measures/lock")
    assert (await api.nobody.offer(f"{space}/whep")).json()["reason"] == "locked"
