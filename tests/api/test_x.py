"""Reads in the shapes of X's API v2: fields, expansions, partial errors, quota."""

from __future__ import annotations

import re
from typing import Any

import pytest
from limits import RateLimitItemPerMinute

from spacesctl.server.http.xapi import quota
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def made(host: As, title: str, **more: Any) -> dict[str, Any]:
    space: dict[str, Any] = await host.ok("POST", "/v1/spaces", {"title": title, **more})
    return space


async def test_a_space_shows_its_id_and_state_unless_asked_for_more(api: Api) -> None:
    host = await api.account("host")
    space = await made(host, "Office hours", topics=["care"], start=True)
    assert await host.ok("GET", f"/2/spaces/{space['id']}") == {"data": {"id": space["id"], "state": "live"}}
    fields = "title,creator_id,host_ids,created_at,started_at,ended_at,is_ticketed,participant_count,topic_ids,lang"
    shown = (await host.ok("GET", f"/2/spaces/{space['id']}?space.fields={fields}"))["data"]
    assert shown == {
        "id": space["id"],
        "state": "live",
        "title": "Office hours",
        "creator_id": host.id,
        "host_ids": [host.id],
        "created_at": space["created_at"],
        "started_at": space["started_at"],
        "is_ticketed": False,
        "participant_count": 0,
        "topic_ids": ["care"],
        "lang": "en",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created_at"])


async def test_an_expansion_includes_each_user_and_topic_once_and_shows_its_field(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    await ann.ok("PUT", "/v1/accounts/me/following/@host")
    one = await made(host, "One", topics=["care"])
    two = await made(host, "Two", topics=["care", "music"])
    path = f"/2/spaces?ids={one['id']},{two['id']}&expansions=creator_id,topic_ids&user.fields=public_metrics"
    found = await ann.ok("GET", path)
    assert [space["creator_id"] for space in found["data"]] == [host.id, host.id]
    [user] = found["includes"]["users"]
    assert (user["username"], user["public_metrics"]["followers_count"]) == ("host", 1)
    assert [topic["name"] for topic in found["includes"]["topics"]] == ["care", "music"]


async def test_what_is_not_there_is_an_error_beside_what_is(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    space, over = await made(host, "A"), await made(host, "B", start=True)
    await host.ok("POST", f"/v1/spaces/{over['id']}/end")
    found = await ann.ok("GET", f"/2/spaces?ids={space['id']},AAAAAAAAAAAAA,{over['id']}")
    assert [one["id"] for one in found["data"]] == [space["id"]]
    assert [(e["resource_id"], e["parameter"], e["resource_type"]) for e in found["errors"]] == [
        ("AAAAAAAAAAAAA", "ids", "space"),
        (over["id"], "ids", "space"),
    ]
    alone = await ann.ok("GET", "/2/spaces/AAAAAAAAAAAAA")
    assert alone.keys() == {"errors"}
    assert alone["errors"][0]["type"].endswith("/resource-not-found")


async def test_a_space_across_a_block_is_shown_to_nobody_on_the_other_side(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    space = await made(host, "Office hours")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    found = await ann.ok("GET", f"/2/spaces?ids={space['id']}")
    assert found["errors"][0]["title"] == "Authorization Error"
    assert "data" not in await ann.ok("GET", "/2/spaces/search?query=office")
    assert "data" not in await ann.ok("GET", f"/2/spaces/by/creator_ids?user_ids={host.id}")


async def test_search_finds_titles_and_topics_by_every_word_and_by_state(api: Api) -> None:
    host = await api.account("host")
    care = await made(host, "Über Office HOURS", topics=["care"], start=True)
    later = await made(host, "Office party", scheduled_start="2099-01-01T00:00:00Z")

    async def found(query: str) -> list[str]:
        answer = await host.ok("GET", f"/2/spaces/search?{query}")
        ids = [one["id"] for one in answer.get("data", [])]
        assert answer["meta"]["result_count"] == len(ids)
        return ids

    assert await found("query=office") == [later["id"], care["id"]]
    assert await found("query=über hours #care") == [care["id"]]
    assert await found("query=office&state=scheduled") == [later["id"]]
    assert await found("query=office&max_results=1") == [later["id"]]
    assert await found("query=nothing") == []


async def test_spaces_are_found_by_their_creators(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    space = await made(host, "A")
    found = await ann.ok("GET", f"/2/spaces/by/creator_ids?user_ids={host.id},{ann.id},123")
    assert [one["id"] for one in found["data"]] == [space["id"]]
    assert [error["value"] for error in found["errors"]] == ["123"]
    assert found["meta"] == {"result_count": 1}


async def test_posts_shared_into_a_space_carry_older_and_newer_names_and_come_in_pages(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    space = (await made(host, "A", start=True))["id"]
    posts = [(await host.ok("POST", "/v1/posts", {"text": f"post {n}"}))["id"] for n in range(3)]
    for post in posts:
        await host.ok("POST", f"/v1/spaces/{space}/pins", {"post": post})
    place = f"/2/spaces/{space}/tweets"
    first = await ann.ok("GET", f"{place}?max_results=2&expansions=author_id&post.fields=created_at")
    assert [post["id"] for post in first["data"]] == posts[:2]
    assert first["data"][0]["edit_history_tweet_ids"] == first["data"][0]["edit_history_post_ids"] == [posts[0]]
    assert {"created_at", "author_id"} <= first["data"][0].keys()
    assert [user["username"] for user in first["includes"]["users"]] == ["host"]
    second = await ann.ok("GET", f"{place}?max_results=2&pagination_token={first['meta']['next_token']}")
    assert [post["id"] for post in second["data"]] == posts[2:]
    assert second["meta"] == {"result_count": 1}
    same = [await ann.ok("GET", f"{place}?{name}.fields=author_id,lang") for name in ("tweet", "post")]
    assert same[0] == same[1]


async def test_nobody_buys_a_ticket(api: Api) -> None:
    host = await api.account("host")
    space = (await made(host, "A"))["id"]
    assert await host.ok("GET", f"/2/spaces/{space}/buyers") == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("?ids=", "ids"),
        ("", "ids"),
        ("?ids=" + ",".join(f"A{n}" for n in range(101)), "ids"),
        ("?ids=not-an-id", "ids"),
        ("/AAAAAAAAAAAAA?space.fields=colour", "space.fields"),
        ("/AAAAAAAAAAAAA?expansions=author_id", "expansions"),
        ("/AAAAAAAAAAAAA/tweets?tweet.fields=colour", "tweet.fields"),
        ("/AAAAAAAAAAAAA/tweets?pagination_token=x", "pagination_token"),
        ("/by/creator_ids?user_ids=host", "user_ids"),
        ("/search", "query"),
        ("/search?query=a&state=ended", "state"),
        ("/search?query=a&max_results=101", "max_results"),
    ],
)
async def test_a_bad_parameter_is_named(api: Api, path: str, parameter: str) -> None:
    host = await api.account("host")
    answer = await host.call("GET", f"/2/spaces{path}")
    assert answer.status_code == 400
    body = answer.json()
    assert (body["title"], list(body["errors"][0]["parameters"])) == ("Invalid Request", [parameter])


async def test_without_a_token_there_is_nothing(api: Api) -> None:
    answer = await api.nobody.call("GET", "/2/spaces?ids=AAAAAAAAAAAAA")
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


async def test_the_quota_counts_down_for_each_endpoint_and_refuses(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "QUOTA", RateLimitItemPerMinute(2, 15))
    host = await api.account("host")
    left = []
    for _ in range(3):
        answer = await host.call("GET", "/2/spaces/AAAAAAAAAAAAA")
        left.append((answer.status_code, answer.headers["x-rate-limit-remaining"]))
    assert left == [(200, "1"), (200, "0"), (429, "0")]
    assert answer.headers["x-rate-limit-limit"] == "2"
    assert 1 <= int(answer.headers["retry-after"]) <= 900
    assert (await host.call("GET", "/2/spaces/search?query=a")).status_code == 200
