"""The feed, and what a block keeps apart: Spaces, posts, labels, invitations, messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spacesctl.domain.clock import rfc3339
from spacesctl.server.http.routes import feed as feed_routes
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def follow(who: As, *whom: As) -> None:
    for one in whom:
        await who.ok("PUT", f"/v1/accounts/me/following/{one.handle}")


async def block(who: As, whom: As) -> None:
    await who.ok("PUT", f"/v1/accounts/me/blocks/{whom.handle}")


async def new_space(host: As, title: str, hours: int | None = None) -> str:
    start = rfc3339(datetime.now(UTC) + timedelta(hours=hours)) if hours is not None else None
    made = await host.ok("POST", "/v1/spaces", {"title": title, "scheduled_start": start})
    return f"/v1/spaces/{made['id']}"


async def on_stage(host: As, space: str, who: As, role: str = "speaker") -> None:
    await host.ok("POST", f"{space}/invites", {"handles": [who.handle], "role": role})
    await who.ok("POST", f"{space}/accept")


def titles(feed: dict[str, Any]) -> list[str]:
    return [space["title"] for space in feed["spaces"]]


async def test_the_feed_has_the_spaces_of_those_one_follows_live_first_then_posts_newest_first(api: Api) -> None:
    me, ann, ben, eve = await api.accounts("mia", "ann", "ben", "eve")
    await follow(me, ann, ben)
    await new_space(ann, "later", 5)
    await new_space(ben, "soon", 2)
    await api.live(ann, title="now")
    await new_space(me, "mine", 3)
    await new_space(eve, "of a stranger", 1)
    for who in (ann, eve, ben, me):
        await who.ok("POST", "/v1/posts", {"text": f"by {who.handle}"})
    feed = await me.ok("GET", "/v1/feed")
    assert titles(feed) == ["now", "soon", "mine", "later"]
    assert [post["text"] for post in feed["data"]] == ["by @mia", "by @ben", "by @ann"]
    await api.nobody.refused("GET", "/v1/feed")


async def test_the_feed_comes_in_pages_without_gap_or_repeat(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_routes, "PAGE", 2)
    me, ann = await api.accounts("mia", "ann")
    await follow(me, ann)
    await new_space(ann, "a Space")
    for number in range(5):
        await ann.ok("POST", "/v1/posts", {"text": str(number)})
    seen, cursor, spaces = [], None, 0
    for _ in range(3):
        page = await me.ok("GET", "/v1/feed", params={"cursor": cursor} if cursor else None)
        seen += [post["text"] for post in page["data"]]
        cursor, spaces = page["next"], spaces + len(page["spaces"])
    assert (seen, cursor, spaces) == (["4", "3", "2", "1", "0"], None, 1)
    assert (await me.refused("GET", "/v1/feed", params={"cursor": "x"}))["field"] == "cursor"


@pytest.mark.parametrize("by_me", [True, False])
async def test_nothing_by_or_with_somebody_across_a_block_is_in_the_feed(api: Api, by_me: bool) -> None:
    me, ann, bad = await api.accounts("mia", "ann", "bad")
    await follow(me, ann, bad)
    await new_space(bad, "of the blocked", 1)
    await bad.ok("POST", "/v1/posts", {"text": "by the blocked"})
    with_bad = await new_space(ann, "led with the blocked", 2)
    await on_stage(ann, with_bad, bad, "cohost")
    shared = await api.live(ann, title="with the blocked on stage")
    await on_stage(ann, shared, bad)
    post = await bad.ok("POST", "/v1/posts", {"text": "pinned"})
    await ann.ok("POST", f"{shared}/pins", {"post": post["id"]})
    await bad.ok("POST", f"{shared}/pins", {"url": "https://example.org/"})
    await bad.offer(f"{shared}/whip")
    assert len(titles(await me.ok("GET", "/v1/feed"))) == 3
    await (block(me, bad) if by_me else block(bad, me))
    feed = await me.ok("GET", "/v1/feed")
    assert titles(feed) == ["with the blocked on stage"]
    assert feed["data"] == []
    [space] = feed["spaces"]
    assert (space["speaker_ids"], space["pinned"]) == ([], [])
    assert space["blocked_speaking"] == (["@bad"] if by_me else []), "who blocks me is nobody's business"
    assert bad.id not in str({**space, "blocked_speaking": None})


async def test_a_space_says_when_somebody_that_the_caller_blocked_speaks_in_it(api: Api) -> None:
    host, me, bad = await api.accounts("host", "mia", "bad")
    space = await api.live(host)
    await on_stage(host, space, bad)
    assert (await me.ok("GET", space))["blocked_speaking"] == []
    await block(me, bad)
    assert (await me.ok("GET", space))["blocked_speaking"] == ["@bad"]
    for other in (bad, host, api.nobody):
        assert (await other.ok("GET", space))["blocked_speaking"] == []
    await host.ok("POST", f"{space}/people/@bad/demote")
    assert (await me.ok("GET", space))["blocked_speaking"] == []


@pytest.mark.parametrize("by_host", [True, False])
async def test_across_a_block_nobody_joins_invites_messages_or_follows(api: Api, by_host: bool) -> None:
    host, cohost, bad = await api.accounts("host", "cohost", "bad")
    space = await api.live(host)
    await on_stage(host, space, cohost, "cohost")
    await (block(host, bad) if by_host else block(bad, host))
    for one, other in ((host, bad), (bad, host)):
        assert (await one.refused("POST", "/v1/dms", {"to": other.handle, "text": "x"}))["reason"] == "blocked"
        assert (await one.refused("PUT", f"/v1/accounts/me/following/{other.handle}"))["reason"] == "blocked"
    invite = {"handles": ["@bad"]}
    for inviter in (host, cohost):
        assert (await inviter.refused("POST", f"{space}/invites", invite))["reason"] == "blocked"
    for path in (f"{space}/requests", f"{space}/whep", f"{space}/reactions"):
        body = {"reaction": "clap"} if path.endswith("reactions") else None
        answer = await (bad.offer(path) if path.endswith("whep") else bad.call("POST", path, body))
        assert (answer.status_code, answer.json()["reason"]) == (403, "blocked")
    assert (await bad.refused("GET", space))["reason"] == "blocked"


async def test_a_cohost_invites_nobody_across_a_block_of_their_own(api: Api) -> None:
    host, cohost, bad = await api.accounts("host", "cohost", "bad")
    space = await api.live(host)
    await on_stage(host, space, cohost, "cohost")
    await block(bad, cohost)
    assert (await cohost.refused("POST", f"{space}/invites", {"handles": ["@bad"]}))["reason"] == "blocked"
    await host.ok("POST", f"{space}/invites", {"handles": ["@bad"]})
