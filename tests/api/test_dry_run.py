"""`Dry-Run: true`: the server decides, and then nothing has happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacesctl.application import messages as posts
from spacesctl.domain.errors import Refused
from spacesctl.engine.messages import OpenSpace, Redact
from spacesctl.store.sqlite import private_copy
from tests.api.harness import OFFER, Api, As, everything, wait_for
from tests.api.test_storage_trouble import held

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
@pytest.mark.parametrize("in_memory", [private_copy.IN_MEMORY, 0], ids=["in memory", "in a file"])
async def test_a_tried_change_is_answered_and_leaves_no_trace(
    api: Api, monkeypatch: pytest.MonkeyPatch, in_memory: int, method: str, path: str, body: Any
) -> None:
    monkeypatch.setattr(private_copy, "IN_MEMORY", in_memory)
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
    async with asyncio.timeout(10):
        async with api.app.db.begin():
            real = asyncio.create_task(host.call("POST", "/v1/spaces", {"title": "A"}, headers=key))
            await wait_for(lambda: bool(api.database._writing._waiters))
            tried = await host.call("POST", "/v1/spaces", {"title": "A"}, headers=DRY | key)
        assert [tried.status_code, (await real).status_code] == [201, 201]


async def test_a_dry_run_is_answered_while_another_program_holds_the_write_lock(api: Api) -> None:
    host = await api.account("host")
    with held(api):
        tried = await host.ok("POST", "/v1/spaces", {"title": "A", "start": True}, headers=DRY)
        assert tried["state"] == "live"
        again = await host.refused("POST", "/v1/accounts", {"handle": "host"}, headers=DRY)
    assert again["status"] == 403


async def test_a_copy_in_a_file_leaves_none_behind_and_none_is_made_without_room(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_copy, "IN_MEMORY", 0)
    host = await api.account("host")
    with held(api):
        assert (await host.call("POST", "/v1/posts", {"text": "a"}, headers=DRY)).status_code == 201
    assert not await asyncio.to_thread(lambda: list(api.app.data.glob("dry-run-*")))
    await asyncio.to_thread((api.app.data / "dry-run-left.db").touch)
    await asyncio.to_thread(private_copy.tidy, api.app.data)  # as at each start
    assert not await asyncio.to_thread(lambda: list(api.app.data.glob("dry-run-*")))
    monkeypatch.setattr(private_copy, "LEFT", 1 << 60)
    full = await host.call("POST", "/v1/posts", {"text": "a"}, headers=DRY)
    assert (full.status_code, full.json()["reason"]) == (503, "disk_full")
    assert (await host.call("POST", "/v1/posts", {"text": "a"})).status_code == 201


async def test_writers_do_not_wait_for_a_dry_run_that_takes_its_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    began, go_on = asyncio.Event(), asyncio.Event()
    create = posts.create_post

    async def slow(app: Any, *args: Any) -> Any:
        made = await create(app, *args)
        if app.db is not api.app.db:
            began.set()
            await go_on.wait()  # with what it wrote, in its transaction
        return made

    monkeypatch.setattr(posts, "create_post", slow)
    tried = asyncio.create_task(host.call("POST", "/v1/posts", {"text": "hi"}, headers=DRY))
    await began.wait()
    await ann.ok("POST", "/v1/posts", {"text": "ho"})
    go_on.set()
    assert (await tried).status_code == 201


async def test_an_account_has_one_dry_run_at_a_time_and_others_do_not_wait_for_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, ann = await api.account("host"), await api.account("ann")
    running, go_on = list[str](), asyncio.Event()

    async def slow(app: Any, caller: Any, *args: Any) -> Any:
        running.append(caller.account_id)
        if caller.account_id == host.id:
            await go_on.wait()
        raise Refused("x", "y")

    monkeypatch.setattr(posts, "create_post", slow)
    many = [asyncio.create_task(host.call("POST", "/v1/posts", {"text": "hi"}, headers=DRY)) for _ in range(8)]
    await wait_for(lambda: running == [host.id])
    assert (await ann.call("POST", "/v1/posts", {"text": "hi"}, headers=DRY)).status_code == 409
    assert running == [host.id, ann.id]
    go_on.set()
    assert [(await one).status_code for one in many] == [409] * 8


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


async def test_what_is_tried_at_a_delay_is_answered_as_it_would_be(api: Api) -> None:
    host = await api.account("host")
    place = await api.live(host, delay=4)
    await api.speaker(place, host, "ann")
    shown = await host.ok("PATCH", place, {"title": "Other"}, headers=DRY)
    assert (shown["delay"], shown["delay_now"], shown["safe_in"]) == (4, 4, 0)
    shorter = await host.ok("PATCH", place, {"delay": 2}, headers=DRY)
    assert (shorter["delay"], shorter["delay_now"]) == (2, 4)
    made = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 2}, headers=DRY)
    assert made["missed_to"] is None
    assert (await host.ok("POST", f"{place}/dump", headers=DRY))["cut"]
    assert not api.engine.of(Redact)
