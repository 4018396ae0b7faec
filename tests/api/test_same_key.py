"""`Idempotency-Key`: of twelve requests with one key at once, one does it, and all get the same answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.routing import Route

from spacesctl.server.http.app import ROUTERS
from tests.api.harness import Api, As, everything
from tests.api.test_series import RULES

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "k"}
AT_ONCE = 12


@dataclass(frozen=True)
class Create:
    """A route that creates a row of `table`: a request, another one, and one that is refused until `mended` was asked for."""

    table: str
    body: dict[str, Any]
    other: dict[str, Any]
    refused: dict[str, Any] | None = None
    secret: str | None = None
    who: str = "host"


SERIES = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "rules": RULES}
CREATES = {
    "/v1/accounts": Create("accounts", {"handle": "new"}, {"handle": "other"}, {"handle": "late"}, "token", "owner"),
    "/v1/spaces": Create(
        "spaces",
        {"title": "A", "invite": ["@ann"], "rules": RULES, "start": True},
        {"title": "B"},
        {"title": "A", "invite": ["@late"]},
    ),
    "/v1/series": Create("series", {**SERIES, "invite": ["@ann"]}, {**SERIES, "title": "T"}, {**SERIES, "invite": ["@late"]}),
    "/v1/posts": Create("posts", {"text": "hi"}, {"text": "ho"}),
    "/v1/dms": Create("dms", {"to": "@ann", "text": "hi"}, {"to": "@ann", "text": "ho"}, {"to": "@late", "text": "hi"}),
    "/v1/reports": Create(
        "reports",
        {"space_id": "{space}", "account": "@ann"},
        {"space_id": "{space}"},
        {"space_id": "{space}", "account": "@late"},
    ),
    "/v1/spaces/{space_id}/chat": Create("events", {"text": "hi"}, {"text": "ho"}),
    "/v1/spaces/{space_id}/redactions": Create("redactions", {"account": "@ben", "last": 3}, {"account": "@ben", "last": 2}),
    "/v1/reports/{report_id}/notes": Create("report_notes", {"text": "seen"}, {"text": "seen again"}),
    "/v1/webhooks": Create(
        "webhooks", {"url": "https://203.0.113.9/x"}, {"url": "https://203.0.113.9/y"}, secret="secret"
    ),
    "/v1/notifications": Create("outlets", {"url": "json://203.0.113.9/x"}, {"url": "json://203.0.113.9/y"}),
}  # fmt: skip


@dataclass
class Scene:
    api: Api
    people: dict[str, As]
    space: str
    report: str

    def path(self, path: str) -> str:
        return path.format(space_id=self.space, report_id=self.report)

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        return {key: self.space if value == "{space}" else value for key, value in body.items()}

    async def count(self, table: str) -> int:
        return len((await everything(self.api))[table])


async def scene(api: Api) -> Scene:
    api.app.notify_schemes, api.app.allow_private = frozenset({"json"}), True
    host, ann = await api.accounts("host", "ann")
    space = (await api.live(host, delay=4, chat="everyone")).rpartition("/")[2]
    await api.speaker(f"/v1/spaces/{space}", host, "ben")
    report = (await host.ok("POST", "/v1/reports", {"space_id": space, "account": "@ben"}))["id"]
    return Scene(api, {"host": host, "ann": ann, "owner": api.owner}, space, report)


def test_every_route_that_takes_a_key_is_tried() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
    takes = {
        route.path
        for route in routes
        if any(one.alias == "idempotency-key" for one in getattr(route, "dependant").header_params)  # noqa: B009
    }
    assert takes == set(CREATES)


@pytest.mark.parametrize("path", CREATES)
async def test_of_twelve_at_once_one_does_it_and_all_get_its_answer(api: Api, path: str) -> None:
    create, here = CREATES[path], await scene(api)
    path = here.path(path)
    who, body = here.people[create.who], here.body(create.body)
    before = await here.count(create.table)
    answers = await asyncio.gather(*(who.call("POST", path, body, headers=KEY) for _ in range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}
    assert await here.count(create.table) == before + 1
    assert [one[1] for one in (await everything(api))["idempotency"]] == ["k"]
    assert ["idempotent-replayed" in answer.headers for answer in answers].count(False) == 1
    documents = [answer.json() for answer in answers]
    if create.secret is not None:
        secrets = [document.pop(create.secret) for document in documents]
        assert secrets.count(None) == AT_ONCE - 1, "the secret is stored nowhere, so only the first answer has it"
    assert all(document == documents[0] for document in documents)


@pytest.mark.parametrize("path", CREATES)
async def test_a_key_that_was_used_for_another_request_is_refused(api: Api, path: str) -> None:
    create, here = CREATES[path], await scene(api)
    path = here.path(path)
    who = here.people[create.who]
    await who.ok("POST", path, here.body(create.body), headers=KEY)
    before = await everything(api)
    problem = await who.refused("POST", path, here.body(create.other), headers=KEY)
    assert (problem["status"], problem["code"]) == (409, "conflict")
    assert await everything(api) == before
    await who.ok("POST", path, here.body(create.other), headers={"Idempotency-Key": "other"})


@pytest.mark.parametrize("path", [path for path, create in CREATES.items() if create.refused is not None])
async def test_a_refused_request_leaves_the_key_free(api: Api, path: str) -> None:
    create, here = CREATES[path], await scene(api)
    path = here.path(path)
    who, body = here.people[create.who], here.body(create.refused or {})
    if path == "/v1/accounts":
        late = await api.account("late")
    before = await everything(api)
    refused = await asyncio.gather(*(who.call("POST", path, body, headers=KEY) for _ in range(AT_ONCE)))
    assert {answer.status_code for answer in refused} == {409 if path == "/v1/accounts" else 404}
    assert await everything(api) == before
    if path == "/v1/accounts":
        await _renamed(api, late)
    else:
        await api.account("late")
    made = await who.call("POST", path, body, headers=KEY)
    assert made.status_code == 201, made.text
    assert "idempotent-replayed" not in made.headers


async def _renamed(api: Api, who: As) -> None:
    async with api.app.db.begin() as db:
        await db.exec_driver_sql(f"UPDATE accounts SET handle = 'gone' WHERE id = '{who.id}'")


async def test_two_accounts_may_use_the_same_key(api: Api) -> None:
    here = await scene(api)
    made = [await here.people[who].ok("POST", "/v1/posts", {"text": "hi"}, headers=KEY) for who in ("host", "ann")]
    assert made[0]["id"] != made[1]["id"]


async def test_of_different_keys_at_once_each_does_it(api: Api) -> None:
    here = await scene(api)
    keys = [{"Idempotency-Key": f"k{number}"} for number in range(AT_ONCE)]
    host = here.people["host"]
    made = await asyncio.gather(*(host.ok("POST", "/v1/spaces", {"title": "A"}, headers=key) for key in keys))
    assert len({one["id"] for one in made}) == AT_ONCE
