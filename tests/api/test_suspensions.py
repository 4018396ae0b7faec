"""Suspended accounts: what they may, what becomes of their Spaces, and how they come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.api.lanes import Ended
from spacesctl.application.spaces import start_space
from spacesctl.application.suspensions import end_suspensions
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.principals import System
from spacesctl.domain.words import Role, State
from spacesctl.live.sessions import Feed, Session, SessionKind
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, memory_equals_store, running_api, settled, wait_for
from tests.api.test_tokens import told

pytestmark = pytest.mark.anyio
SERIES = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600}


def held(who: As) -> str:
    return f"/v1/accounts/{who.handle}/suspension"


async def suspend(api: Api, who: As, **body: Any) -> Any:
    return await api.owner.ok("PUT", held(who), body)


async def space_of(api: Api, path: str) -> Any:
    return await api.app.registry.space(path.rsplit("/", 1)[-1])


async def test_a_suspended_account_is_told_why_and_until_when_it_cannot_act(api: Api) -> None:
    ann = await api.account("ann")
    made = await suspend(api, ann, reason="spam", duration=3600)
    assert (made["handle"], made["suspended_why"]) == ("@ann", "spam")
    for call in (("GET", "/v1/accounts/me"), ("POST", "/v1/posts", {"text": "hi"}), ("GET", "/v1/spaces")):
        problem = await ann.refused(*call)
        assert (problem["status"], problem["code"], problem["reason"]) == (403, "not_allowed", "suspended")
        assert problem["detail"] == f"this account is suspended until {made['suspended_until']}: spam"
    further = await api.owner.ok("POST", "/v1/accounts/@ann/tokens", {})
    assert (await As(api, further["token"]).refused("GET", "/v1/accounts/me"))["reason"] == "suspended"


async def test_it_is_told_and_in_the_audit_log_and_restored_with_its_tokens(api: Api) -> None:
    ann = await api.account("ann")
    phone = As(api, (await ann.ok("POST", "/v1/accounts/me/tokens", {"label": "phone"}))["token"])
    await suspend(api, ann, reason="spam")
    [shown] = [one for one in (await api.owner.ok("GET", "/v1/accounts"))["data"] if one["handle"] == "@ann"]
    assert (shown["suspended_why"], shown["suspended_until"]) == ("spam", None)
    restored = await api.owner.ok("DELETE", held(ann))
    assert restored["suspended_at"] is None
    for one in (ann, phone):
        await one.ok("POST", "/v1/posts", {"text": "I am back"})
    texts = await told(ann)
    assert texts[0].startswith("This account was restored by @owner")
    assert texts[1].startswith("@owner suspended it, and this account is suspended: spam.")
    entries = (await api.owner.ok("GET", "/v1/audit"))["data"]
    mine = [
        (one["action"], one["by"]["handle"]) for one in entries if one["target"] == {"id": ann.id, "handle": "@ann"}
    ]
    assert mine[:2] == [("account.restore", "@owner"), ("account.suspend", "@owner")]
    assert (await api.owner.refused("DELETE", held(ann)))["reason"] == "not_suspended"


async def test_what_its_tokens_opened_ends(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    ben = await api.speaker(space, host, "ben")
    await api.listener(space, ann)
    [actor] = api.app.registry.live()
    assert len(actor.connections.sessions) == 2
    for one in (ann, ben):
        await suspend(api, one)
    await wait_for(lambda: not actor.connections.sessions)
    assert actor.space.role_of(ben.id) is Role.LISTENER
    assert actor.space.people[ben.id].lane is None
    await memory_equals_store(api)


async def test_what_ends_with_a_suspension_is_told_so(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    [actor] = api.app.registry.live()
    [checked] = [session.person for session in actor.connections.sessions.values()]
    feed = Feed()
    actor.connect(Session("program", SessionKind.LISTEN, checked, feed=feed))
    await suspend(api, ann)
    messages = [await feed.next()]
    assert messages == [Ended(reason="suspended")]


async def test_a_live_space_goes_to_a_cohost_who_is_there_and_the_host_gets_no_seat_back(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await ann.ok("POST", f"{space}/accept")
    await suspend(api, host)
    shown = await space_of(api, space)
    assert (shown.state, shown.host_id, shown.former_host) == (State.LIVE, ann.id, None)
    assert shown.role_of(host.id) is Role.LISTENER
    await api.owner.ok("DELETE", held(host))
    assert (await space_of(api, space)).host_id == ann.id
    await memory_equals_store(api)


async def test_without_a_cohost_who_is_there_its_live_space_ends(api: Api) -> None:
    host, _ = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await suspend(api, host)
    assert (await space_of(api, space)).state is State.ENDED


async def test_its_series_pause_and_what_it_planned_alone_is_missed_when_its_time_comes(api: Api) -> None:
    host = await api.account("host")
    series = await host.ok("POST", "/v1/series", SERIES)
    planned = await host.ok("POST", "/v1/spaces", {"title": "T", "scheduled_start": "2037-01-01T00:00:00Z"})
    await suspend(api, host)
    await settled(api)
    paused = await api.owner.ok("GET", f"/v1/series/{series['id']}")
    assert (paused["state"], paused["next_space_id"]) == ("paused", None)
    coming = (await api.app.registry.space(series["next_space_id"])).state
    alone = await api.app.registry.space(planned["id"])
    assert (coming, alone.state) == (State.CANCELED, State.SCHEDULED)
    await start_space(api.app, System("schedule"), planned["id"])
    assert (await api.app.registry.space(planned["id"])).state is State.CANCELED
    await api.owner.ok("DELETE", held(host))
    texts = await told(host)
    assert any("did not start: its host is suspended" in text for text in texts)
    assert (await host.ok("GET", f"/v1/series/{series['id']}"))["state"] == "paused", "its host decides"


async def test_it_can_be_invited_nowhere_and_is_offered_to_nobody(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("PUT", "/v1/accounts/me/following/@ann")
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
    await suspend(api, ann)
    assert (await host.refused("POST", f"{space}/invites", {"handles": ["@ann"]}))["reason"] == "suspended"
    assert [one["state"] for one in (await host.ok("GET", f"{space}/invites"))["data"]] == ["revoked"]
    assert (await host.ok("GET", "/v1/accounts/me/following"))["data"] == []
    made = await host.ok("POST", "/v1/series", {**SERIES, "cron": "* * * * *", "invite": ["@ann"]})
    assert (await host.ok("GET", f"/v1/spaces/{made['next_space_id']}/invites"))["data"] == [], "others could be"
    await api.owner.ok("DELETE", held(ann))
    assert len((await host.ok("GET", "/v1/accounts/me/following"))["data"]) == 1


async def test_its_webhooks_hear_nothing(api: Api) -> None:
    api.app.allow_private = True
    host, ann = await api.accounts("host", "ann")
    hook = await ann.ok("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/x"})
    space = await api.live(ann)
    await ann.ok("POST", f"{space}/invites", {"handles": ["@host"], "role": "cohost"})
    await host.ok("POST", f"{space}/accept")
    await suspend(api, ann)
    await api.owner.ok("DELETE", held(ann))
    await host.ok("POST", f"{space}/end")
    types = [one["type"] for one in (await ann.ok("GET", f"/v1/webhooks/{hook['id']}/deliveries"))["data"]]
    assert types == ["spaces.start", "spaces.create"]


async def test_it_ends_at_its_time_also_after_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        ann = await api.account("ann")
        await suspend(api, ann, duration=60)
        assert api.app.suspensions.next_end == clock.now() + timedelta(seconds=60)
        made = await suspend(api, ann, duration=3600, reason="worse")
        assert made["suspended_until"] == rfc3339(clock.now() + timedelta(hours=1))
    async with running_api(tmp_path / "data", first=False, clock=clock) as again:
        ann = As(again, ann.token)
        assert (await ann.refused("GET", "/v1/accounts/me"))["reason"] == "suspended"
        clock.advance(3600.0)
        await ann.ok("GET", "/v1/accounts/me")
        assert again.app.suspensions.is_due(clock.now())
        await end_suspensions(again.app)
        assert again.app.suspensions.next_end is None
        assert (await told(ann))[0].startswith("This account was restored, since its time is over")


async def test_the_bot_oneself_and_who_is_not_an_operator_are_refused(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    assert (await ann.refused("PUT", held(ben), {}))["reason"] == "scope"
    assert (await ann.refused("DELETE", held(ben)))["reason"] == "scope"
    assert (await api.nobody.refused("PUT", held(ben), {}))["status"] == 401
    assert (await api.owner.refused("PUT", held(api.bot), {}))["reason"] == "is_bot"
    assert (await api.owner.refused("PUT", held(api.owner), {}))["reason"] == "is_you"
    assert (await api.owner.refused("PUT", "/v1/accounts/@none/suspension", {}))["status"] == 404
