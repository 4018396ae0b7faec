"""Limits over HTTP: 429, a whole `Retry-After`, and nothing done."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from spacesctl.api.problem import Problem
from spacesctl.client.problems import as_error, check
from spacesctl.domain.errors import TooMany
from spacesctl.server.http.rates import Limits, Rates
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def too_many(one: As, method: str, path: str, body: Any = None) -> None:
    """It is refused, and says when to come again."""
    answer = await one.call(method, path, body)
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json"), answer.text
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("too_many", 429)
    assert int(answer.headers["Retry-After"]) == problem["retry_after"] >= 1
    with pytest.raises(TooMany) as caught:
        check(answer)
    assert caught.value.retry_after == problem["retry_after"]


@pytest.mark.parametrize(
    ("limit", "method", "path", "body"),
    [
        ("dm", "POST", "/v1/dms", {"to": "@host", "text": "hi"}),
        ("report", "POST", "/v1/reports", {"space_id": "{id}", "category": "spam"}),
        ("hand", "POST", "/v1/spaces/{id}/requests", None),
        ("reaction", "POST", "/v1/spaces/{id}/reactions", {"reaction": "clap"}),
        ("space", "POST", "/v1/spaces", {"title": "Mine"}),
    ],
)
async def test_one_more_than_the_limit_is_refused_and_does_nothing(
    api: Api, limit: str, method: str, path: str, body: Any
) -> None:
    host, ann, bob = await api.accounts("host", "ann", "bob")
    live = await api.live(host)
    await api.listener(live, ann, bob)
    space = live.rsplit("/", 1)[-1]
    path = path.replace("{id}", space)
    body = body and {key: value.replace("{id}", space) for key, value in body.items()}
    api.app.rates = Rates(Limits.model_validate({limit: "1/hour"}))
    await ann.ok(method, path, body)
    await too_many(ann, method, path, body)
    await bob.ok(method, path, body)
    assert len((await host.ok("GET", "/v1/dms"))["data"]) == (2 if limit in ("dm", "report") else 0)


async def test_invitations_count_by_the_head(api: Api) -> None:
    host, *_ = await api.accounts("host", "ann", "bob", "cat")
    made = await host.ok("POST", "/v1/spaces", {"title": "T"})
    api.app.rates = Rates(Limits(invite="3/hour"))
    path = f"/v1/spaces/{made['id']}/invites"
    await host.ok("POST", path, {"handles": ["@ann", "@bob"]})
    await too_many(host, "POST", path, {"handles": ["@cat", "@owner"]})
    await too_many(host, "POST", "/v1/spaces", {"title": "T", "invite": ["@ann", "@bob"]})
    await host.ok("POST", path, {"handles": ["@cat"]})


async def test_wrong_tokens_wear_out_and_good_ones_from_the_same_place_do_not(api: Api) -> None:
    ann = await api.account("ann")
    api.app.rates = Rates(Limits(sign_in="1/hour"))
    wrong = As(api, "spx_wrong")
    for _ in range(100):  # this machine's share
        assert (await wrong.call("GET", "/v1/accounts/me")).status_code == 401
    await too_many(wrong, "GET", "/v1/accounts/me")
    await ann.ok("GET", "/v1/accounts/me")


async def test_live_spaces_and_tokens_are_counted_as_they_are(api: Api) -> None:
    host = await api.account("host")
    api.app.rates = Rates(Limits(live_spaces=1, tokens=2))
    live = await api.live(host)
    second = await host.ok("POST", "/v1/spaces", {"title": "T"})
    await too_many(host, "POST", f"/v1/spaces/{second['id']}/start")
    await too_many(host, "POST", "/v1/spaces", {"title": "T", "start": True})
    await host.ok("POST", f"{live}/end")
    await host.ok("POST", f"/v1/spaces/{second['id']}/start")
    await host.ok("POST", "/v1/accounts/@host/tokens", {})
    await too_many(host, "POST", "/v1/accounts/@host/tokens", {})
    assert (await host.ok("DELETE", "/v1/accounts/@host/tokens", params={"label": ""}))["revoked"] == 1
    await host.ok("POST", "/v1/accounts/@host/tokens", {})


async def test_revoked_tokens_open_nothing_and_others_of_the_account_still_do(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    path = "/v1/accounts/@host/tokens"
    tokens = [(await host.ok("POST", path, {"label": label}))["token"] for label in ("phone", "phone", "desk")]
    phone, _, desk = (As(api, token) for token in tokens)
    assert (await ann.refused("DELETE", path, params={"label": "phone"}))["reason"] == "scope"
    assert (await api.owner.refused("DELETE", "/v1/accounts/@spaces_bot/tokens", params={"label": "bundled bot"}))[
        "status"
    ] == 403
    await phone.ok("GET", "/v1/accounts/me")
    assert (await host.ok("DELETE", path, params={"label": "phone"}))["revoked"] == 2
    assert (await phone.refused("GET", "/v1/accounts/me"))["status"] == 401
    await desk.ok("GET", "/v1/accounts/me")
    assert (await host.refused("DELETE", path, params={"label": "phone"}))["status"] == 404
    assert (await api.owner.ok("DELETE", path, params={"label": "desk"}))["revoked"] == 1


async def test_joins_count_by_the_address_and_a_connection_that_ends_makes_room(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    api.app.rates = Rates(Limits(peers=1, join="off"))
    far = httpx.AsyncClient(
        transport=httpx.ASGITransport(api.asgi, client=("192.0.2.1", 1)), base_url="http://space.test"
    )
    first = await _whep(far, space)
    assert first.status_code == 201
    assert (await _whep(far, space)).status_code == 429
    assert (await api.nobody.offer(f"{space}/whep")).status_code == 201, "another address"
    await far.delete(first.headers["Location"])
    assert (await _whep(far, space)).status_code == 201
    api.app.rates = Rates(Limits(peers=0, join="1/hour"))
    assert (await _whep(far, space)).status_code == 201
    refused = await _whep(far, space)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 3_000


async def _whep(http: httpx.AsyncClient, space: str) -> httpx.Response:
    from tests.api.harness import OFFER

    return await http.post(f"{space}/whep", content=OFFER, headers={"Content-Type": "application/sdp"})


async def test_accounts_are_made_at_a_pace(api: Api) -> None:
    api.app.rates = Rates(Limits(account="1/day"))
    far = httpx.AsyncClient(
        transport=httpx.ASGITransport(api.asgi, client=("192.0.2.1", 1)), base_url="http://space.test",
        headers={"Authorization": f"Bearer {api.owner.token}"},
    )  # fmt: skip
    assert (await far.post("/v1/accounts", json={"handle": "one"})).status_code == 201
    assert (await far.post("/v1/accounts", json={"handle": "two"})).status_code == 429


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [({"Retry-After": "7"}, {}, 7), ({}, {"retry_after": 9}, 9), ({"Retry-After": "soon"}, {}, 1), ({}, {}, 1)],
)
def test_a_client_knows_when_to_come_again(headers: dict[str, str], body: dict[str, Any], seconds: int) -> None:
    with pytest.raises(TooMany) as caught:
        check(httpx.Response(429, headers=headers, json=body))
    assert caught.value.retry_after == seconds
    assert as_error(Problem(code="too_many", retry_after=5), 429).__class__ is TooMany
