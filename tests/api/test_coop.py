"""Coop gets reports and appeals once each, and what its moderators decide holds here as if staff had; nobody else can say that they did."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from spacesctl.server.delivery.coop_sender import CoopSender
from spacesctl.server.delivery.coop_settings import Coop as Settings
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.support.clock import RealClock
from tests.api.coop_receiver import KEY, coop_there, public_pem, sign
from tests.api.harness import Api, As, running_api
from tests.api.test_appeals import appealed, newest, staffed
from tests.api.test_evidence import actor_of, caption, lane_of
from tests.api.test_moderation import act, stage
from tests.api.test_reporters import about
from tests.api.test_review import told

pytestmark = pytest.mark.anyio


class Later(RealClock):
    """A minute ahead: reports have waited for their words."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(super().now().timestamp() + 60, UTC)


def settings(url: str, *, rules: bool = False) -> Settings:
    return Settings(
        url=url, api_key=SecretStr(KEY), public_key=public_pem(), report_type="type-report", space_type="type-space",
        user_type="type-user", uphold="act-uphold", dismiss="act-dismiss", policies={"abuse": "policy-abuse"}, rules=rules,
        allow_private=True,
    )  # fmt: skip


@asynccontextmanager
async def connected(
    api: Api, url: str, *, rules: bool = False, retries: Sequence[float] = (0.0,) * 5, clock: RealClock | None = None
) -> AsyncIterator[CoopSender]:
    """The sender at work."""
    outside = await asyncio.to_thread(SafeHttp, allow_private=True)
    app = api.app
    app.coop = CoopSender(
        app.db, outside, settings(url, rules=rules), app.bot, app.base_url, app.sent, retries, 0.01, clock or Later()
    )
    await app.coop.connect()
    task = asyncio.create_task(app.coop.run())
    try:
        yield app.coop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await outside.close()


async def state(api: Api, **wanted: int) -> Any:
    """What operators see, once it is so."""
    async with asyncio.timeout(8):
        while True:
            found = await api.owner.ok("GET", "/v1/coop")
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.01)


async def call(api: Api, body: bytes, signature: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Coop-Signature": sign(body) if signature is None else signature}
    return await api.nobody.http.post("/v1/coop/actions", content=body, headers=headers)


def action(report_id: str, name: str, **more: Any) -> bytes:
    """A callback of an action, with all that Coop may send."""
    return json.dumps(
        {
            "item": {"id": report_id, "typeId": "type-report", "typeName": "Report"},
            "action": {"id": name},
            "policies": [{"id": "policy-abuse", "name": "Abuse", "penalty": "LOW"}],
            "rules": [],
            "custom": {},
            "actorEmail": "moderator@coop.example.org",
            "actorNote": "a note of theirs",
            **more,
        }
    ).encode()


def appeal_decision(call: dict[str, Any], decision: str) -> bytes:
    fields = {"appealId": call["appealId"], "appealedBy": call["appealedBy"], "appealDecision": decision, "custom": {}}
    return json.dumps({**fields, "item": {"id": call["actionedItem"]["id"], "typeId": "type-report"}}).encode()


async def reported(api: Api, words: str = "what a fool my number is [number]") -> tuple[As, As, str, str]:
    """A host, a listener `dan` who has reported the speaker `cid`; the Space and the report's id."""
    host, dan = await api.accounts("host", "dan")
    space = await api.live(host)
    cid = await api.speaker(space, host, "cid")
    await api.listener(space, dan)
    lane = lane_of(actor_of(api, space), cid)
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, words, 100, 200)]})
    filed = await dan.ok("POST", "/v1/reports", {**about(space, "@cid"), "category": "abuse", "note": "rude"})
    return host, dan, space, filed["id"]


async def test_a_report_goes_to_coop_and_its_decision_is_told_and_stands_in_the_audit_log(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, dan, space, report = await reported(api)
        await state(api, delivered=1)
        [got] = coop.reports
        item, around = got["reportedItem"], got["additionalItems"]
        assert got["reporter"] == {"kind": "user", "typeId": "type-user", "id": dan.id}
        assert got["reportedForReason"] == {"policyId": "policy-abuse", "reason": "rude"}
        assert (item["id"], item["typeId"]) == (report, "type-report")
        data = item["data"]
        assert (data["words"], data["account"], data["category"]) == (
            "what a fool my number is [number]",
            "@cid",
            "abuse",
        )
        assert data["link"] == f"http://space.test/v1/reports/{report}"
        assert (data["spaceId"], data["spaceTitle"]) == (space.rpartition("/")[2], "A Space")
        assert [one["typeId"] for one in around] == ["type-space", "type-user"]
        assert around[1]["data"]["handle"] == "@cid"
        assert (await call(api, action(report, "act-uphold"))).status_code == 204
        found = await host.ok("GET", f"/v1/reports/{report}")
        assert (found["state"], found["decided_by"]) == ("upheld", {"kind": "system", "reason": "coop"})
        assert "Your report about @cid in “A Space” was upheld." in await told(dan)
        [entry] = [row for row in (await host.ok("GET", "/v1/audit"))["data"] if row["action"] == "report.decide"]
        assert entry["by"] == {"kind": "system", "reason": "coop"}
        assert (await state(api))["decided"] == 1
        assert len(coop.reports) == 1


async def test_no_sound_is_sent_but_where_it_is(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, dan = await api.accounts("host", "dan")
        space = await api.live(host)
        ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
        await api.listener(space, dan)
        for tick in range(50):
            actor.ring.add(tick, lane_of(actor, ann), b"\xf8\xff\xfe")
        actor.tick = 50
        filed = await dan.ok("POST", "/v1/reports", about(space, "@ann"))
        await state(api, delivered=1)
        data = coop.reports[0]["reportedItem"]["data"]
        assert data["sound"] == f"http://space.test/v1/reports/{filed['id']}/clip"
        assert "words" not in data
        assert len(coop.bodies[0]) < 2_000


async def test_a_report_waits_for_words_that_are_recognised_later(api: Api) -> None:
    async with coop_there() as coop:
        async with connected(api, coop.url, clock=RealClock()):
            await reported(api)
            assert (await state(api, waiting=1))["delivered"] == 0
        assert coop.asked == 0
        async with connected(api, coop.url):
            await state(api, delivered=1)


async def test_what_a_rule_reports_is_sent_if_asked_for_and_names_it(api: Api) -> None:
    async with coop_there() as coop:
        _host, talker, space = await stage(api)
        async with connected(api, coop.url):
            await api.bot.ok("POST", f"{space}/acts", act(talker, "report", key="k1"))
            assert (await state(api))["waiting"] == 0
        async with connected(api, coop.url, rules=True):
            await api.bot.ok("POST", f"{space}/acts", act(talker, "report", key="k2", start_tick=500, end_tick=600))
            await state(api, delivered=1)
        [got] = coop.reports
        assert got["reporter"]["id"] == api.app.bot.id
        assert got["reportedItem"]["data"]["rule"] == "pitch"


@pytest.mark.parametrize(("said", "state_of_it"), [("ACCEPT", "granted"), ("REJECT", "denied")])
async def test_an_appeal_goes_to_coop_and_is_decided_there(api: Api, said: str, state_of_it: str) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, ann, cid, space = await staffed(api)
        filed = await ann.ok("POST", "/v1/reports", {**about(space, "@cid"), "category": "abuse"})
        await state(api, delivered=1)
        await call(api, action(filed["id"], "act-uphold"))
        await host.ok("POST", f"{space}/people/@cid/kick", {"reason": "rude", "report": filed["id"]})
        appeal = await appealed(cid)
        await state(api, delivered=2)
        [got] = coop.appeals
        assert (got["appealId"], got["appealReason"]) == (appeal.rpartition("/")[2], "it was a joke")
        assert got["appealedBy"] == {"id": cid.id, "typeId": "type-user"}
        assert got["actionedItem"]["id"] == filed["id"]
        assert (got["actionsTaken"], got["violatingPolicies"]) == (["act-uphold"], [{"id": "policy-abuse"}])
        body = appeal_decision(got, said)
        assert [(await call(api, body)).status_code for _ in range(2)] == [204, 204]
        decided = await host.ok("GET", appeal)
        assert (decided["state"], decided["decided_by"]) == (state_of_it, {"kind": "system", "reason": "coop"})
        assert ((await newest(cid))["how"] == "undone") is (said == "ACCEPT")
        assert len([text for text in await told(cid) if text.startswith("Your appeal") and state_of_it in text]) == 1
        other = appeal_decision(got, "REJECT" if said == "ACCEPT" else "ACCEPT")
        assert (await call(api, other)).status_code == 409


async def test_an_appeal_of_a_rules_sanction_is_decided_there_too(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, talker, space = await stage(api)
        await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
        appeal = await appealed(talker)
        await state(api, delivered=1)
        assert coop.appeals[0]["actionedItem"]["data"]["action"] == "mute"
        assert coop.appeals[0]["actionsTaken"] == []
        assert (await call(api, appeal_decision(coop.appeals[0], "ACCEPT"))).status_code == 204
        assert (await host.ok("GET", appeal))["state"] == "granted"


@pytest.mark.parametrize("said", ["ACCEPT", "REJECT"])
async def test_the_appeal_of_a_block_goes_there_and_its_decision_holds(api: Api, said: str) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, ann, zoe = await api.accounts("host", "ann", "zoe")
        space = await api.live(host)
        await api.listener(space, ann)
        await host.ok("PUT", "/v1/accounts/me/blocks/@ann", {"reason": "a private reason", "erase": True})
        appeal = await appealed(ann)
        await state(api, delivered=1)
        [got] = coop.appeals
        about_it = got["actionedItem"]["data"]
        assert (about_it["action"], about_it["account"], about_it["blockedBy"]) == ("block", "@ann", "@host")
        assert "spaceId" not in about_it
        assert {one["data"]["handle"] for one in got["additionalItems"]} == {"@ann", "@host"}
        assert "a private reason" not in str(coop.bodies), "why somebody blocks is theirs"
        for _ in range(2):
            assert (await call(api, appeal_decision(got, said))).status_code == 204
        shown = await host.ok("GET", appeal)
        outcome = "granted" if said == "ACCEPT" else "denied"
        assert (shown["state"], shown["decided_by"]) == (outcome, {"kind": "system", "reason": "coop"})
        blocked = [one["handle"] for one in (await host.ok("GET", "/v1/accounts/me/blocks"))["data"]]
        assert blocked == ([] if said == "ACCEPT" else ["@ann"])
        assert (await ann.offer(f"{space}/whep")).status_code == (201 if said == "ACCEPT" else 403)
        assert [outcome in text for text in await told(host) if text.startswith("The moderators of this server")] == [
            True
        ]
        assert len([text for text in await told(ann) if text.startswith("Your appeal of the block by @host was")]) == 1
        late = await host.refused("PATCH", appeal, {"state": "denied", "reason": "no"})
        assert late["reason"] == "decided"
        assert (await zoe.refused("PATCH", appeal, {"state": "granted"}))["status"] == 404, "nobody else decides"
        assert (await api.owner.refused("PATCH", appeal, {"state": "granted"}))["status"] == 404


async def test_what_the_owner_of_a_block_decided_stays(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, ann = await api.accounts("host", "ann")
        await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
        appeal = await appealed(ann)
        await state(api, delivered=1)
        await host.ok("PATCH", appeal, {"state": "denied", "reason": "no"})
        assert (await call(api, appeal_decision(coop.appeals[0], "ACCEPT"))).status_code == 409
        assert (await host.ok("GET", appeal))["state"] == "denied"


async def test_a_test_is_marked_and_says_what_came_back(api: Api) -> None:
    async with coop_there(401, 503) as coop, connected(api, coop.url):
        coop.title = f"no such key {KEY}"
        refused = await api.owner.ok("POST", "/v1/coop/test")
        assert (refused["delivered"], refused["status"]) == (False, 401)
        assert "no such key" in refused["problem"]
        assert KEY not in refused["problem"]
        assert (await api.owner.ok("POST", "/v1/coop/test"))["status"] == 503
        done = await api.owner.ok("POST", "/v1/coop/test")
        assert (done["delivered"], done["status"], done["problem"]) == (True, 201, None)
        [got] = coop.reports
        assert got["reportedItem"]["id"] == done["id"]
        assert done["id"].startswith("test-")
        assert "test" in got["reportedForReason"]["reason"]
        assert (await state(api))["delivered"] == 0, "it is no report"
        assert (await call(api, action(done["id"], "act-uphold"))).status_code == 204
        assert (await call(api, action(done["id"], "act-other"))).status_code == 400
        assert (await call(api, action(done["id"], "act-uphold"), "x")).status_code == 401


async def test_a_test_of_a_coop_that_is_not_there_says_so(api: Api) -> None:
    async with coop_there() as gone:
        pass
    async with connected(api, gone.url):
        found = await api.owner.ok("POST", "/v1/coop/test")
    assert (found["delivered"], found["status"]) == (False, None)
    assert "cannot be reached" in found["problem"]


async def test_a_callback_that_comes_again_changes_nothing_also_after_staff_opened_the_report(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, dan, _space, report = await reported(api)
        body = action(report, "act-dismiss")
        assert [(await call(api, body)).status_code for _ in range(3)] == [204, 204, 204]
        assert len([text for text in await told(dan) if "was dismissed" in text]) == 1
        await host.ok("PATCH", f"/v1/reports/{report}", {"state": "open"})
        late = await call(api, body)
        assert (late.status_code, late.json()["reason"]) == (409, "decided")
        assert (await host.ok("GET", f"/v1/reports/{report}"))["state"] == "open"


async def test_what_somebody_here_decided_stays(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, _dan, _space, report = await reported(api)
        await host.ok("PATCH", f"/v1/reports/{report}", {"state": "dismissed"})
        assert (await call(api, action(report, "act-uphold"))).status_code == 409
        found = await host.ok("GET", f"/v1/reports/{report}")
        assert (found["state"], found["decided_by"]["handle"]) == ("dismissed", "@host")
        counted = await state(api)
        assert (counted["decided"], counted["late"]) == (0, 1)


async def test_nobody_but_coop_decides(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        host, _dan, _space, report = await reported(api)
        body = action(report, "act-uphold")
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for signature in ("", "x", sign(body, other), sign(body + b" "), "A" * 5000):
            assert (await call(api, body, signature)).status_code == 401, signature[:9]
        assert (await host.ok("GET", f"/v1/reports/{report}"))["state"] == "open"
        assert (await state(api))["refused"] == 5


async def test_callbacks_that_make_no_sense_are_refused(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        _host, _dan, space, report = await reported(api)
        for body, status in (
            (action("nosuchreport", "act-uphold"), 404),
            (action(report, "act-other"), 400),
            (action(report, "act-uphold", item={"id": report, "typeId": "type-space"}), 400),
            (action(report, "act-uphold", action=None), 400),
            (action(report, "act-uphold", item=space), 400),
            (b"{", 400),
            (b"[" * 50_000, 400),
            (b"\xff", 400),
            (b"", 400),
            (action(report, "act-uphold", custom={"x": "y" * 70_000}), 413),
        ):
            assert (await call(api, body)).status_code == status, body[:80]


async def test_without_a_coop_there_are_no_callbacks_and_nothing_is_queued(api: Api) -> None:
    _host, _dan, _space, report = await reported(api)
    assert (await call(api, action(report, "act-uphold"))).status_code == 404
    assert (await api.owner.refused("GET", "/v1/coop"))["status"] == 404
    assert (await api.owner.refused("POST", "/v1/coop/test"))["status"] == 404
    async with api.app.db.read() as db:
        assert not list(await db.exec_driver_sql("SELECT * FROM deliveries"))


async def test_a_coop_that_is_busy_or_down_is_asked_again(api: Api) -> None:
    async with coop_there(503, 429, 500) as coop, connected(api, coop.url):
        await reported(api)
        found = await state(api, delivered=1)
        assert (coop.asked, len(coop.reports)) == (4, 1)
        assert found["failing_since"] is None
        assert not [text for text in await told(api.owner) if "Coop" in text]


async def test_what_waits_outlives_a_restart(tmp_path: Path) -> None:
    async with coop_there() as gone:
        pass
    async with running_api(tmp_path / "data") as api, connected(api, gone.url, retries=(0.0, 3600.0)):
        await reported(api)
        async with asyncio.timeout(8):
            while (await state(api))["failing_since"] is None:
                await asyncio.sleep(0.01)
    owner = api.owner.token
    async with coop_there(port=gone.port) as coop, running_api(tmp_path / "data", first=False) as again:
        again.owner = As(again, owner)
        async with again.app.db.begin() as db:
            await db.exec_driver_sql("UPDATE deliveries SET next_at = 0")
        async with connected(again, coop.url):
            await state(again, delivered=1)
        assert len(coop.reports) == 1


async def test_what_coop_refuses_is_not_sent_again_and_operators_are_told_once(api: Api) -> None:
    async with coop_there(400, 400) as coop, connected(api, coop.url):
        coop.title = f"Bad \x1b[31mfield {KEY}"
        _host, dan, space, report = await reported(api)
        await state(api, failed=1)
        await dan.ok("POST", "/v1/reports", about(space))
        found = await state(api, failed=2)
        assert coop.asked == 2
        failure = found["failures"][-1]
        assert (failure["kind"], failure["id"], failure["status"]) == ("report", report, 400)
        assert "it answered 400: Bad" in failure["problem"]
        assert "\x1b" not in failure["problem"]
        assert "secret words" not in str(found)
        assert len([text for text in await told(api.owner) if f"Coop does not have report {report}" in text]) == 1
        await dan.ok("POST", "/v1/reports", about(space))
        await state(api, delivered=1)


async def test_after_a_day_of_retries_it_is_given_up_and_told(api: Api) -> None:
    async with coop_there(500, 500) as coop, connected(api, coop.url, retries=(0.0,)):
        await reported(api)
        await state(api, failed=1)
        assert coop.asked == 2
        assert [text for text in await told(api.owner) if "it answered 500" in text]


async def test_the_key_and_the_moderators_address_are_stored_and_shown_nowhere(
    api: Api, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with coop_there(401) as coop, connected(api, coop.url):
        coop.title = f"unknown key {KEY}"
        _host, _dan, _space, report = await reported(api)
        found = await state(api, failed=1)
        await call(api, action(report, "act-uphold"))
        with closing(sqlite3.connect(api.database.path)) as raw:
            stored = "\n".join(raw.iterdump())
        said = stored + str(found) + caplog.text + "".join(capsys.readouterr())
        for secret in (KEY, "moderator@coop.example.org", "a note of theirs"):
            assert secret not in said, secret


async def test_how_it_stands_is_for_operators(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        ann = await api.account("ann")
        assert (await ann.refused("GET", "/v1/coop"))["status"] == 403
        assert (await ann.refused("POST", "/v1/coop/test"))["status"] == 403
        assert (await api.nobody.refused("GET", "/v1/coop"))["status"] == 401
        assert (await api.owner.ok("GET", "/v1/coop"))["url"] == coop.url


async def test_the_row_of_coop_is_no_webhook_of_anybody(api: Api) -> None:
    async with coop_there() as coop, connected(api, coop.url):
        assert (await api.bot.ok("GET", "/v1/webhooks"))["data"] == []
        assert (await api.bot.refused("DELETE", "/v1/webhooks/coop"))["status"] == 404
