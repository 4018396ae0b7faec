"""`Dry-Run: true`: the server decides, and then nothing has happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacesctl.engine.messages import OpenSpace
from tests.api.harness import OFFER, Api, As, everything, wait_for

pytestmark = pytest.mark.anyio
DRY = {"Dry-Run": "true"}


async def live_space(host: As) -> str:
    made = await host.ok("POST", "/v1/spaces", {"title": "Live", "start": True})
    return str(made["id"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/spaces", {"title": "A", "start": True, "invite": ["@ann"]}),
        ("POST", "/v1/spaces/{space}/invites", {"handles": ["@ann"]}),
        ("POST", "/v1/spaces/{space}/people/@ann/kick", {"reason": "x"}),
        ("PATCH", "/v1/spaces/{space}", {"title": "Other", "speakers": "everyone"}),
        ("POST", "/v1/spaces/{space}/end", None),
        ("PUT", "/v1/accounts/me/blocks/@ann", None),
        ("POST", "/v1/dms", {"to": "@ann", "text": "hi"}),
        ("POST", "/v1/reports", {"space_id": "{space}", "account": "@ann", "category": "spam"}),
        ("POST", "/v1/series", {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "invite": ["@ann"]}),
    ],
)
async def test_a_tried_change_is_answered_and_leaves_no_trace(api: Api, method: str, path: str, body: Any) -> None:
    host, _ = await api.account("host"), await api.account("ann")
    space = await live_space(host)
    filled = {key: space if value == "{space}" else value for key, value in body.items()} if body else None
    before, told = await everything(api), list(api.engine.sent)
    answer = await host.call(method, path.format(space=space), filled, headers=DRY)
    assert answer.is_success, answer.text
    assert answer.headers["dry-run"] == "true"
    assert await everything(api) == before
    assert api.engine.sent == told
    assert api.app.registry.actors.keys() == {space}


async def test_what_is_tried_is_refused_as_it_would_be(api: Api) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    space = await live_space(host)
    problem = await ann.refused("POST", f"/v1/spaces/{space}/end", headers=DRY)
    assert (problem["status"], problem["code"]) == (403, "not_allowed")
    assert (await host.ok("GET", f"/v1/spaces/{space}"))["state"] == "live"


async def test_the_answer_of_a_tried_create_shows_it_live(api: Api) -> None:
    host = await api.account("host")
    tried = await host.ok("POST", "/v1/spaces", {"title": "A", "start": True}, headers=DRY)
    assert tried["state"] == "live"
    assert not api.engine.of(OpenSpace)
    assert (await host.refused("GET", f"/v1/spaces/{tried['id']}"))["status"] == 404


async def test_the_same_change_can_be_made_after_it_was_tried(api: Api) -> None:
    host = await api.account("host")
    key = {"Idempotency-Key": "k"}
    await host.ok("POST", "/v1/spaces", {"title": "A"}, headers=DRY | key)
    made = await host.call("POST", "/v1/spaces", {"title": "A"}, headers=key)
    assert "idempotent-replayed" not in made.headers
    assert made.status_code == 201


async def test_a_try_and_the_real_request_with_the_same_key_do_not_wait_for_each_other(api: Api) -> None:
    host = await api.account("host")
    key = {"Idempotency-Key": "k"}
    async with asyncio.timeout(4):  # a dry run that takes longer than 5 s is given up
        async with api.app.db.begin():
            tried = asyncio.create_task(host.call("POST", "/v1/spaces", {"title": "A"}, headers=DRY | key))
            await wait_for(lambda: bool(api.database._writing._waiters))
            real = asyncio.create_task(host.call("POST", "/v1/spaces", {"title": "A"}, headers=key))
            await wait_for(lambda: len(api.database._writing._waiters or ()) == 2)
        assert [(await one).status_code for one in (tried, real)] == [201, 201]


async def test_what_reaches_beyond_the_database_cannot_be_tried(api: Api) -> None:
    host = await api.account("host")
    space = await live_space(host)
    headers = DRY | {"Content-Type": "application/sdp"}
    answer = await host.http.post(f"/v1/spaces/{space}/whip", content=OFFER, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "Dry-Run")


@pytest.mark.parametrize(("headers", "status"), [({"Dry-Run": "perhaps"}, 400), ({"Dry-Run": "true"}, 413)])
async def test_bad_dry_runs_are_problems(api: Api, headers: dict[str, str], status: int) -> None:
    host = await api.account("host")
    body = {"title": "A" if status == 400 else "A" * (3 << 20)}
    problem = await host.refused("POST", "/v1/spaces", body, headers=headers)
    assert problem["status"] == status


async def test_nobody_tries_anything_without_a_token(api: Api) -> None:
    answer = await api.nobody.call("POST", "/v1/spaces", {"title": "A"}, headers=DRY)
    assert answer.status_code == 401


async def test_a_read_with_the_header_is_just_a_read(api: Api) -> None:
    host = await api.account("host")
    assert "dry-run" not in (await host.call("GET", "/v1/spaces", headers=DRY)).headers
