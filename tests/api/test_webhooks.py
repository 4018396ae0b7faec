"""Webhooks: what is owed is sent, signed, until it arrives or is hopeless, and nowhere that it must not go."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import WebhookVerificationError

from spacesctl.server.delivery import safe_http as outside_module
from spacesctl.server.delivery.retry_after import MOST, seconds
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.server.delivery.webhook_sender import WebhookSender
from spacesctl.server.http.rates import Limits, Rates
from spacesctl.server.process.keys import Keys
from spacesctl.store import webhooks as store
from spacesctl.store.tables import webhooks
from spacesctl.support.clock import REAL
from tests.api.harness import Api, As, running_api
from tests.api.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def sending(api: Api, retries: Sequence[float] = (0.01, 0.01)) -> AsyncIterator[WebhookSender]:
    """The sender at work, let into this machine."""
    outside = await asyncio.to_thread(SafeHttp, allow_private=True)
    app = api.app
    app.allow_private = True
    app.webhooks = WebhookSender(app.db, app.keys, outside, app.bot, app.link, app.sent, retries)
    app.registry.subscribers.append(app.webhooks.on_outcome)
    task = asyncio.create_task(app.webhooks.run())
    try:
        yield app.webhooks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await outside.close()


async def add(who: As, receiver: Receiver, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = await who.ok("POST", "/v1/webhooks", {"url": receiver.url, **more})
    return made


async def state(who: As, hook: dict[str, Any]) -> dict[str, Any]:
    [row] = [row for row in (await who.ok("GET", "/v1/webhooks"))["data"] if row["id"] == hook["id"]]
    assert isinstance(row, dict)
    return row


async def sent(who: As, hook: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await who.ok("GET", f"/v1/webhooks/{hook['id']}/deliveries"))["data"]
    return rows


async def settled(who: As, hook: dict[str, Any]) -> list[dict[str, Any]]:
    """Its deliveries, once none of them waits."""
    async with asyncio.timeout(8):
        while any(row["state"] == "pending" for row in await sent(who, hook)):
            await asyncio.sleep(0.01)
    return await sent(who, hook)


async def test_a_host_is_told_of_the_own_spaces_with_signatures_that_hold(api: Api) -> None:
    host, other, ann = await api.accounts("host", "other", "ann")
    async with receiving() as receiver, sending(api):
        hook = await add(host, receiver)
        space = await api.live(host, title="Mine")
        await api.live(other, title="Not mine")
        await ann.ok("POST", f"{space}/requests")
        await ann.ok(
            "POST",
            "/v1/reports",
            {"space_id": space[-13:], "category": "spam", "account": "@ann", "note": "secret note"},
        )
        await host.ok("POST", f"{space}/end")
        requests = await receiver.until(5)
        told = {one["type"]: one for one in (request.verified(hook["secret"]) for request in requests)}
        assert set(told) == {"spaces.create", "spaces.start", "hand.raised", "report.created", "spaces.end"}
        start = told["spaces.start"]["data"]["space"]
        assert (start["title"], start["state"], start["host_id"]) == ("Mine", "live", host.id)
        assert start["link"] == f"http://space.test/s/{space[-13:]}"
        assert told["hand.raised"]["data"]["account_id"] == ann.id
        assert told["report.created"]["data"]["report"]["category"] == "spam"
        assert not any(b"secret note" in request.body or b"@" in request.body for request in requests)
        assert len({request.headers["webhook-id"] for request in requests}) == 5
        with pytest.raises(WebhookVerificationError):
            requests[0].verified(api.app.keys.webhook_secret("another"))
        rows = await settled(host, hook)
        assert {(row["state"], row["status"], row["attempts"]) for row in rows} == {("delivered", 200, 1)}


async def test_only_what_was_asked_for_comes_and_admins_may_ask_for_all_spaces(api: Api) -> None:
    host = await api.account("host")
    async with receiving() as few, receiving() as every, sending(api):
        await add(host, few, events=["spaces.end"])
        hook = await add(api.owner, every, all=True, events=["spaces.start", "spaces.end"])
        space = await api.live(host)
        await host.ok("POST", f"{space}/end")
        await few.until(1)
        await every.until(2)
        await settled(api.owner, hook)
        assert (few.types(), every.types()) == (["spaces.end"], ["spaces.start", "spaces.end"])


async def test_nobody_is_told_of_a_report_about_themselves(api: Api) -> None:
    host = await api.account("host")
    async with receiving() as every, sending(api):
        hook = await add(api.owner, every, all=True, events=["report.created"])
        space = await api.live(host)
        for whom in ("@owner", None):
            await host.ok("POST", "/v1/reports", {"space_id": space[-13:], "account": whom})
        await every.until(1)
        [row] = await settled(api.owner, hook)
        assert row["state"] == "delivered"


async def test_what_fails_is_sent_again_the_same_until_it_arrives(api: Api) -> None:
    host = await api.account("host")
    async with receiving([500, 302]) as receiver, sending(api):
        hook = await add(host, receiver, events=["spaces.create"])
        await host.ok("POST", "/v1/spaces", {"title": "T"})
        first, second, third = await receiver.until(3)
        assert first.body == second.body == third.body
        assert first.headers["webhook-id"] == third.headers["webhook-id"]
        assert {request.path for request in receiver.got} == {"/hook"}, "the redirect was not followed"
        [row] = await settled(host, hook)
        assert (row["state"], row["attempts"], row["status"], row["problem"]) == ("delivered", 3, 200, None)
        assert (await state(host, hook))["failing_since"] is None


async def test_after_the_last_attempt_it_is_over_and_the_webhook_stays_on(api: Api) -> None:
    host = await api.account("host")
    async with receiving([500, 503, 500]) as receiver, sending(api) as sender:
        hook = await add(host, receiver, events=["spaces.create"])
        await host.ok("POST", "/v1/spaces", {"title": "T"})
        [row] = await settled(host, hook)
        assert (row["state"], row["attempts"], row["problem"]) == ("failed", 3, "it answered 500")
        now = await state(host, hook)
        assert now["state"] == "active"
        assert now["failing_since"] is not None
        assert sender.counts == {"webhook failed": 3}
        metrics = (await api.nobody.call("GET", "/metrics")).text
        assert 'spacesctl_webhook_attempts_total{result="failed"} 3.0' in metrics


async def test_one_that_is_gone_is_switched_off_told_and_on_again_once_it_answers(api: Api) -> None:
    host = await api.account("host")
    async with receiving([410, 500]) as receiver, sending(api):
        hook = await add(host, receiver, events=["spaces.create"])
        await host.ok("POST", "/v1/spaces", {"title": "T"})
        await settled(host, hook)
        assert (await state(host, hook))["state"] == "disabled"
        [message] = (await host.ok("GET", "/v1/dms"))["data"]
        assert "410" in message["text"]
        assert hook["id"] in message["text"]
        await host.ok("POST", "/v1/spaces", {"title": "T"})
        assert len(await sent(host, hook)) == 1, "nothing is owed to one that is off"
        test = f"/v1/webhooks/{hook['id']}/test"
        assert (await host.ok("POST", test))["problem"] == "it answered 500"
        assert (await state(host, hook))["state"] == "disabled"
        assert (await host.ok("POST", test))["delivered"] is True
        assert receiver.got[-1].verified(hook["secret"])["type"] == "ping"
        assert (await state(host, hook))["state"] == "active"


async def test_one_that_nothing_reached_for_5_days_is_switched_off(api: Api) -> None:
    host = await api.account("host")
    async with receiving([500, 500, 500, 500]) as receiver, sending(api, retries=()):
        hook = await add(host, receiver, events=["spaces.create"])
        for days, expected in ((4.9, "active"), (5.1, "disabled")):
            async with api.app.db.begin() as db:
                await db.execute(update(webhooks).values(failing_since=REAL.now() - timedelta(days=days)))
            await host.ok("POST", "/v1/spaces", {"title": "T"})
            await settled(host, hook)
            assert (await state(host, hook))["state"] == expected


async def test_what_was_owed_when_the_server_ended_is_sent_by_the_next(tmp_path: Path, anyio_backend: str) -> None:
    key = Keys.fresh()
    async with receiving() as receiver:
        async with running_api(tmp_path / "data") as api:
            api.app.keys, api.app.allow_private = key, True
            host = await api.account("host")
            hook = await add(host, receiver)
            await api.live(host)
            assert receiver.got == []
        async with running_api(tmp_path / "data", first=False) as again:
            again.app.keys = key
            async with sending(again):
                requests = await receiver.until(2)
                assert [one.verified(hook["secret"])["type"] for one in requests] == ["spaces.create", "spaces.start"]


async def test_a_slow_one_holds_up_no_other_and_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside_module, "WITHIN", 0.3)
    host = await api.account("host")
    async with receiving([None]) as slow, receiving() as quick, sending(api, retries=()):
        hook = await add(host, slow, events=["spaces.create"])
        await add(host, quick, events=["spaces.create"])
        await host.ok("POST", "/v1/spaces", {"title": "T"})
        await quick.until(1)
        [row] = await settled(host, hook)
        assert row["problem"] == "it took longer than 10 s"


async def test_the_queue_of_one_is_bounded_and_what_falls_off_is_counted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "QUEUE", 3)
    host = await api.account("host")
    api.app.allow_private = True
    hook = await host.ok("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/", "events": ["spaces.create"]})
    titles = [f"T{number}" for number in range(5)]
    made = [(await host.ok("POST", "/v1/spaces", {"title": title}))["id"] for title in titles]
    now = await state(host, hook)
    assert (now["waiting"], now["dropped"]) == (3, 2)
    assert [row["space_id"] for row in await sent(host, hook)] == made[:1:-1], "the oldest went"


async def test_old_deliveries_are_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    async with receiving() as receiver, sending(api):
        hook = await add(host, receiver, events=["spaces.create"])
        for _ in range(3):
            await host.ok("POST", "/v1/spaces", {"title": "T"})
        await receiver.until(3)
        await settled(host, hook)
    monkeypatch.setattr(store, "QUEUE", 2)
    async with api.app.db.begin() as db:
        await store.forget_old(db, REAL.now())
    assert len(await sent(host, hook)) == 2
    async with api.app.db.begin() as db:
        await store.forget_old(db, REAL.now() + store.KEPT + timedelta(seconds=1))
    assert await sent(host, hook) == []


async def test_a_webhook_is_its_owners_business_alone(api: Api) -> None:
    host, other = await api.accounts("host", "other")
    api.app.rates = Rates(Limits(webhooks=1))
    hook = await host.ok("POST", "/v1/webhooks", {"url": "https://hooks.example.org/x"})
    assert "secret" not in await state(host, hook)
    assert (await other.ok("GET", "/v1/webhooks"))["data"] == []
    path = f"/v1/webhooks/{hook['id']}"
    for method, place in (("DELETE", path), ("GET", f"{path}/deliveries"), ("POST", f"{path}/test")):
        assert (await other.refused(method, place))["status"] == 404
        assert (await api.nobody.refused(method, place))["status"] == 401
    again = {"url": "https://hooks.example.org/y"}
    assert (await host.refused("POST", "/v1/webhooks", again))["status"] == 429
    await host.ok("DELETE", path)
    await host.ok("POST", "/v1/webhooks", again, headers={"Dry-Run": "true"})
    assert (await host.ok("GET", "/v1/webhooks"))["data"] == []
    assert (await host.refused("POST", "/v1/webhooks", {**again, "all": True}))["reason"] == "scope"
    assert "spaces.start" in (await host.refused("POST", "/v1/webhooks", {**again, "events": ["start"]}))["detail"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "https://127.0.0.1:9/", "https://[::1]/"])
async def test_an_address_that_is_not_public_is_refused_unless_the_operator_allows_it(api: Api, url: str) -> None:
    host = await api.account("host")
    problem = await host.refused("POST", "/v1/webhooks", {"url": url})
    assert (problem["field"], problem["status"]) == ("url", 400)
    assert "webhooks_allow_private" in problem["hint"]
    api.app.allow_private = True
    await host.ok("POST", "/v1/webhooks", {"url": url})


async def test_a_webhook_that_is_removed_takes_what_it_is_owed_along(api: Api) -> None:
    host = await api.account("host")
    hook = await host.ok("POST", "/v1/webhooks", {"url": "https://hooks.example.org/x"})
    await host.ok("POST", "/v1/spaces", {"title": "T"})
    await host.ok("DELETE", f"/v1/webhooks/{hook['id']}")
    assert (await host.refused("GET", f"/v1/webhooks/{hook['id']}/deliveries"))["status"] == 404
    await host.ok("POST", "/v1/spaces", {"title": "T"})


async def test_the_same_idempotency_key_adds_one_webhook_and_shows_its_secret_once(api: Api) -> None:
    host, key = await api.account("host"), {"Idempotency-Key": "k"}
    body = {"url": "https://hooks.example.org/x", "events": ["spaces.start"]}
    first = await host.ok("POST", "/v1/webhooks", body, headers=key)
    again = await host.call("POST", "/v1/webhooks", body, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.json()) == (201, {**first, "secret": None})
    assert len((await host.ok("GET", "/v1/webhooks"))["data"]) == 1
    problem = await host.refused("POST", "/v1/webhooks", {**body, "events": []}, headers=key)
    assert problem["code"] == "conflict"


async def test_the_secret_is_not_in_the_store(tmp_path: Path, anyio_backend: str) -> None:
    async with running_api(tmp_path / "data") as api:
        host, body = await api.account("host"), {"url": "https://hooks.example.org/x"}
        made = await host.ok("POST", "/v1/webhooks", body, headers={"Idempotency-Key": "k"})
    secret = made["secret"].removeprefix("whsec_")

    def dump() -> str:
        with sqlite3.connect(tmp_path / "data" / "spaces.db") as db:
            text = "\n".join(db.iterdump())
        db.close()
        return text

    text = await asyncio.to_thread(dump)
    assert json.dumps(made["id"])[1:-1] in text
    assert secret not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Sun, 29 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 29 Nov 2026 11:59:00 GMT", 0.0),
        ("99999999999999999999", MOST),
        ("Sun, 29 Nov 2099 12:01:00 GMT", MOST),
        ("", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("\u0662", 0.0),
        ("1e3", 0.0),
    ],
)
def test_a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date(text: str, expected: float) -> None:
    assert seconds(text, datetime(2026, 11, 29, 12, tzinfo=UTC)) == expected


async def test_who_wants_to_be_left_alone_for_an_hour_is(api: Api) -> None:
    host = await api.account("host")
    async with receiving([503]) as receiver, sending(api):
        receiver.retry_after = "3600"
        hook = await add(host, receiver, events=["spaces.create"])
        before = REAL.now()
        await api.live(host)
        await receiver.until(1)
        async with asyncio.timeout(8):
            while not (row := (await sent(host, hook))[0])["attempts"]:
                await asyncio.sleep(0.01)
        assert row["state"] == "pending"
        waits = datetime.fromisoformat(row["next_at"]) - before
        assert timedelta(minutes=59) < waits < timedelta(minutes=61)
        await asyncio.sleep(0.2)
        assert len(receiver.got) == 1


async def test_a_secret_is_renewed_and_both_hold_for_a_day(api: Api) -> None:
    host, other = await api.accounts("host", "other")
    async with receiving() as receiver, sending(api):
        hook = await add(host, receiver, events=["spaces.create"])
        place = f"/v1/webhooks/{hook['id']}/secret"
        assert (await other.call("POST", place)).status_code == 404
        renewed = await host.ok("POST", place)
        assert renewed["secret"] != hook["secret"]
        both_until = datetime.fromisoformat(renewed["both_until"]) - REAL.now()
        assert timedelta(hours=23) < both_until <= timedelta(hours=24)
        await api.live(host)
        [request] = await receiver.until(1)
        for secret in (hook["secret"], renewed["secret"]):
            assert request.verified(secret)["type"] == "spaces.create"
        again = await host.ok("POST", place)  # as when the answer was lost
        assert again["both_until"] == renewed["both_until"]
        await host.ok("POST", f"/v1/webhooks/{hook['id']}/test")
        ping = (await receiver.until(2))[1]
        assert [ping.verified(one["secret"])["type"] for one in (hook, again)] == ["ping"] * 2
        with pytest.raises(WebhookVerificationError):
            ping.verified(renewed["secret"])
        async with api.app.db.begin() as db:
            await db.execute(update(webhooks).values(kept_until=REAL.now() - timedelta(seconds=1)))
        await host.ok("POST", f"/v1/webhooks/{hook['id']}/test")
        last = (await receiver.until(3))[2]
        assert last.verified(again["secret"])
        with pytest.raises(WebhookVerificationError):
            last.verified(hook["secret"])
