"""Spaces, accounts, idempotent creates, and the one shape of errors."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spacesctl.domain.clock import rfc3339
from spacesctl.domain.events import BY_TYPE, HIDDEN_FROM_AUDIENCE
from spacesctl.domain.principals import ANONYMOUS
from spacesctl.live.event_views import View, visible
from spacesctl.store import spaces as space_store
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio

X_FIELDS = {
    *("id", "state", "title", "host_ids", "creator_id", "speaker_ids", "invited_user_ids", "participant_count"),
    *("subscriber_count", "scheduled_start", "started_at", "ended_at", "created_at", "updated_at"),
    *("is_ticketed", "topic_ids", "lang"),
}


async def test_a_space_object_has_the_documented_fields_and_shapes(api: Api) -> None:
    host = await api.account("host", "brand")
    made = await host.ok("POST", "/v1/spaces", {"title": "  Office   hours ", "topics": ["a", "b", "c"]})
    assert set(made) >= X_FIELDS
    assert re.fullmatch(r"[A-Za-z0-9]{13}", made["id"])
    assert made["title"] == "Office hours"
    assert made["state"] == "scheduled"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["created_at"])
    assert made["host_ids"] == [host.id]
    assert made["link"] == f"http://space.test/s/{made['id']}"


async def test_once_ended_a_space_is_gone_for_all_but_its_host(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    ended = await host.ok("POST", f"{space}/end")
    assert ended["state"] == "ended"
    for who in (ann, api.nobody):
        problem = await who.refused("GET", space)
        assert (problem["status"], problem["code"]) == (410, "gone")
    assert (await host.ok("GET", space))["state"] == "ended"
    assert (await host.refused("POST", f"{space}/start"))["status"] == 410
    assert (await api.nobody.call("GET", f"/s/{space.rsplit('/', 1)[-1]}")).status_code == 410


async def test_lists_show_what_is_public_and_ones_own(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    live = await api.live(host)
    over = await api.live(host)
    await host.ok("POST", f"{over}/end")
    for who, states, expected in ((ann, ["live", "ended"], 1), (host, ["live", "ended"], 2), (host, [], 1)):
        rows = (await who.ok("GET", "/v1/spaces", params={"state": states}))["data"]
        assert len(rows) == expected
    assert (await ann.ok("GET", "/v1/spaces"))["data"][0]["id"] == live.rsplit("/", 1)[-1]


async def test_a_list_is_of_one_host_or_of_what_has_the_words(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    for who, title, topics in ((host, "Über uns", ["news"]), (host, "Tea time", ["care"]), (ann, "Care hours", [])):
        await who.ok("POST", "/v1/spaces", {"title": title, "topics": topics})

    async def titles(who: As, **asked: str) -> list[str]:
        return [row["title"] for row in (await who.ok("GET", "/v1/spaces", params=asked))["data"]]

    assert await titles(ann, host="@host") == ["Tea time", "Über uns"]
    assert await titles(ann, host=host.id) == ["Tea time", "Über uns"]
    assert await titles(ann, host="me") == ["Care hours"]
    assert await titles(api.nobody, search="CARE") == ["Care hours", "Tea time"], "topics count too"
    assert await titles(api.nobody, search="über NEWS") == ["Über uns"], "all words, in any case of any alphabet"
    assert await titles(api.nobody, search="care", host="@host") == ["Tea time"]
    assert (await api.nobody.refused("GET", "/v1/spaces", params={"host": "me"}))["status"] == 401
    assert (await ann.refused("GET", "/v1/spaces", params={"host": "@none"}))["status"] == 404
    assert (await ann.refused("GET", "/v1/spaces", params={"search": "x" * 201}))["field"] == "search"


async def test_what_is_recorded_from_the_start_can_change_until_then(api: Api) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "T"})
    space = f"/v1/spaces/{made['id']}"
    assert (await host.ok("PATCH", space, {"record": "lanes"}))["record"] == "lanes"
    assert (await host.ok("PATCH", space, {"title": "New"}))["record"] == "lanes", "what was left out stays"
    assert (await host.ok("PATCH", space, {"record": "off"}))["record"] == "off"
    assert (await host.refused("PATCH", await api.live(host), {"record": "mix"}))["reason"] == "live"


async def test_a_start_in_the_past_is_refused_and_one_ahead_is_kept(api: Api) -> None:
    host = await api.account("host")
    ahead = rfc3339(datetime.now(UTC) + timedelta(hours=2))
    made = await host.ok("POST", "/v1/spaces", {"title": "T", "scheduled_start": ahead})
    assert made["scheduled_start"] == ahead
    past = rfc3339(datetime.now(UTC) - timedelta(hours=2))
    problem = await host.refused("POST", "/v1/spaces", {"title": "T", "scheduled_start": past})
    assert (problem["status"], problem["field"]) == (400, "scheduled_start")


async def test_a_space_is_edited_and_canceled_before_it_starts(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    ahead = rfc3339(datetime.now(UTC) + timedelta(hours=2))
    made = await host.ok("POST", "/v1/spaces", {"title": "T", "scheduled_start": ahead})
    space = f"/v1/spaces/{made['id']}"
    later = rfc3339(datetime.now(UTC) + timedelta(hours=3))
    edited = await host.ok("PATCH", space, {"title": "New", "topics": ["x"], "scheduled_start": later})
    assert (edited["title"], edited["topic_ids"], edited["scheduled_start"]) == ("New", ["x"], later)
    assert edited["lang"] == "en", "what was left out stays"
    assert (await host.refused("PATCH", space, {"title": " "}))["field"] == "title"
    assert (await host.ok("POST", f"{space}/cancel"))["state"] == "canceled"
    assert (await ann.refused("GET", space))["status"] == 410
    assert (await host.refused("POST", f"{space}/start"))["reason"] == "canceled"
    live = await api.live(host)
    assert (await host.refused("POST", f"{live}/cancel"))["reason"] == "live"
    assert (await host.refused("PATCH", live, {"scheduled_start": later}))["reason"] == "live"


async def test_a_burst_of_reactions_is_one_event_with_counts(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    actor = await api.app.registry.actor_of(space.rsplit("/", 1)[-1])
    subscriber = actor.hub.subscribe(View.AUDIENCE, ANONYMOUS)
    for reaction in ("clap", "clap", "heart"):
        answer = await ann.ok("POST", f"{space}/reactions", {"reaction": reaction})
    assert answer["emoji"] == "❤"
    actor.tell_reactions()
    actor.tell_reactions()
    message = await subscriber.next(1.0)
    assert message is not None
    assert b'"counts":{"clap":2,"heart":1}' in message
    assert not message.startswith(b"id:")
    assert await subscriber.next(0.01) == b""
    assert (await ann.refused("POST", f"{space}/reactions", {"reaction": "dance"}))["status"] == 400


async def test_the_same_idempotency_key_makes_one_space(api: Api) -> None:
    host = await api.account("host")
    key = {"Idempotency-Key": "k1"}
    first = await host.ok("POST", "/v1/spaces", {"title": "T"}, headers=key)
    again = await host.call("POST", "/v1/spaces", {"title": "T"}, headers=key)
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == first["id"]
    assert len((await host.ok("GET", "/v1/spaces"))["data"]) == 1
    problem = await host.refused("POST", "/v1/spaces", {"title": "Other"}, headers=key)
    assert problem["code"] == "conflict"


async def test_an_idempotent_account_is_made_once_and_its_token_shown_once(api: Api) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await api.owner.ok("POST", "/v1/accounts", {"handle": "ann"}, headers=key)
    again = await api.owner.ok("POST", "/v1/accounts", {"handle": "ann"}, headers=key)
    assert first["token"].startswith("spx_")
    assert again == {**first, "token": None}


async def test_a_token_is_stored_as_a_hash_only(api: Api) -> None:
    made = await api.owner.ok("POST", "/v1/accounts", {"handle": "ann"}, headers={"Idempotency-Key": "k"})
    stored = b"".join(path.read_bytes() for path in sorted(api.app.data.glob("spaces.db*")))
    assert made["token"].encode() not in stored
    assert b"@ann" in stored, "the search itself works"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/accounts/me", None, 401, "not_signed_in"),
        ("GET", "/v1/spaces/AAAAAAAAAAAAA", None, 404, "not_found"),
        ("GET", "/v1/spaces/..", None, 404, "not_found"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("DELETE", "/v1/spaces", None, 405, "method_not_allowed"),
        ("GET", "/v1/spaces?cursor=yesterday", None, 400, "invalid"),
        ("GET", "/v1/spaces?state=purple", None, 400, "invalid"),
        ("GET", "/web/space.py", None, 404, "not_found"),
    ],
)
async def test_every_error_is_a_problem_document(
    api: Api, method: str, path: str, body: Any, status: int, code: str
) -> None:
    problem = await api.nobody.refused(method, path, body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:spacesctl:problem:{code}"
    assert problem["title"]
    assert problem["detail"]


async def test_an_unforeseen_error_shows_an_id_and_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret: spx_abc")

    monkeypatch.setattr(space_store, "visible", broken)
    answer = await api.nobody.call("GET", "/v1/spaces")
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["code"] == "error"
    assert problem["incident"] in problem["detail"]
    assert "spx_abc" not in answer.text
    assert answer.headers["connection"] == "close"


async def test_an_unknown_token_is_not_nobody(api: Api) -> None:
    answer = await api.nobody.call("GET", "/v1/spaces", headers={"Authorization": "Bearer spx_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_openapi_lists_every_route(api: Api) -> None:
    document = await api.nobody.ok("GET", "/openapi.json")
    assert "/v1/spaces/{space_id}/whip" in document["paths"]
    assert "/v1/spaces/{space_id}/people/{ref}/kick" in document["paths"]


async def test_health_readiness_and_metrics(api: Api) -> None:
    assert (await api.nobody.ok("GET", "/healthz"))["status"] == "ok"
    assert (await api.nobody.ok("GET", "/readyz"))["ready"] is True
    metrics = await api.nobody.call("GET", "/metrics")
    assert metrics.status_code == 200
    assert "spacesctl_spaces_live 0.0" in metrics.text


def test_the_audience_view_names_only_events_that_exist() -> None:
    assert set(HIDDEN_FROM_AUDIENCE) <= set(BY_TYPE)


def test_the_audience_view_hides_what_is_for_staff() -> None:
    now = datetime.now(UTC)
    kicked = space_store.StoredEvent(1, "person.removed", now, 5, {"account_id": "1", "reason": "r"})
    muted = space_store.StoredEvent(2, "person.muted", now, 5, {"account_id": "1", "by": "2", "reason": "r"})
    assert visible(kicked, View.AUDIENCE) is None
    seen = visible(muted, View.AUDIENCE)
    assert seen is not None
    assert _data(seen) == {"account_id": "1"}
    staff = visible(muted, View.STAFF)
    assert staff is not None
    assert _data(staff) == {"account_id": "1", "by_id": "2", "reason": "r"}


def _data(message: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.split(b"data: ")[1])["data"]
    return found


async def test_a_token_may_be_given_fewer_scopes_and_never_more(api: Api) -> None:
    ann = await api.account("ann")
    narrow = await api.owner.ok("POST", "/v1/accounts/@owner/tokens", {"scopes": ["use"]})
    assert narrow["scopes"] == ["use"]
    problem = await As(api, narrow["token"]).refused("POST", "/v1/accounts", {"handle": "ben"})
    assert problem["reason"] == "scope"
    for who, ref in ((ann, "@ann"), (api.owner, "@ann"), (api.owner, "@spaces_bot")):
        assert (await who.refused("POST", f"/v1/accounts/{ref}/tokens", {"scopes": ["bot"]}))["reason"] == "scope"
    assert (await ann.refused("POST", "/v1/accounts/@owner/tokens", {}))["reason"] == "scope"


@pytest.mark.slow  # test_same_key.py has the same of each route
async def test_the_same_idempotency_key_files_one_report_and_sends_one_message(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        await ann.ok("POST", "/v1/reports", {"space_id": space.rsplit("/", 1)[-1]}, headers=key)
        await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "hi"}, headers={"Idempotency-Key": "m"})
    assert len((await host.ok("GET", "/v1/reports"))["data"]) == 1
    told = (await host.ok("GET", "/v1/dms"))["data"]
    assert sorted(one["kind"] for one in told) == ["message", "notice"], "the notice is of the report"


async def test_a_body_without_end_is_refused_before_it_is_read_whole(api: Api) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1_000):
            read += 1
            yield b" " * (64 << 10)

    answer = await api.owner.http.post("/v1/accounts", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert read < 50
