"""Each request that changes something is one transaction: one COMMIT for each route, and a new route has to be listed here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from starlette.routing import Route

from spacesctl.server.http import voice_clips
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.oidc import Provider
from spacesctl.server.http.oidc_settings import Oidc
from spacesctl.support.supervision import Work
from tests.api.authenticator import Authenticator, b64
from tests.api.browser import PASSWORD, Browser, code_of
from tests.api.coop_receiver import sign
from tests.api.harness import OFFER, Api, As, writer
from tests.api.oidc_provider import CLIENT, SECRET, OidcProvider, providing
from tests.api.test_coop import action, settings
from tests.api.test_moderation import act
from tests.api.test_redactions import REDACTING
from tests.api.test_series import RULES

pytestmark = pytest.mark.anyio
LANE = {"lane": 1, "utterance": 1, "text": "hi", "final": True, "start_tick": 1, "end_tick": 2, "words": []}


@dataclass(frozen=True)
class Ask:
    """`who` asks for `route`; its parameters are ids of earlier answers, which `keep` names. `body` may name them, too."""

    who: str
    route: str
    body: Any = None
    commits: int = 1
    keep: str = ""
    at: dict[str, str] = field(default_factory=dict)


THERE: list[OidcProvider] = []
"""The provider of OpenID Connect, while the test runs."""
KEY = Authenticator(origin="http://space.test")
HOURLY = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600}
PLANNED, PERSON = {"space_id": "{planned}"}, "/v1/spaces/{space_id}/people/{ref}"
STORY = [
    Ask("owner", "POST /v1/accounts", {"handle": "eve"}),
    Ask("owner", "POST /v1/accounts/{ref}/tokens", {"label": "x"}, at={"ref": "@eve"}),
    Ask("owner", "DELETE /v1/accounts/{ref}/tokens?label=x", at={"ref": "@eve"}),
    Ask("owner", "POST /v1/accounts/{ref}/tokens", {"label": "y"}, at={"ref": "@eve"}, keep="token_id"),
    Ask("owner", "DELETE /v1/accounts/{ref}/tokens/{token_id}", at={"ref": "@eve"}),
    Ask("owner", "POST /v1/sign-up/invitations", keep="invitation"),
    Ask("page", "POST /v1/sign-up", {"handle": "flo", "password": PASSWORD, "invitation": "{invitation}"}),
    Ask("page", "DELETE /v1/session"),
    Ask("page", "POST /v1/session", {"handle": "flo", "password": PASSWORD}),
    Ask("page", "PUT /v1/accounts/me/password", {"password": "another long one", "current": PASSWORD}),
    Ask("page", "POST /v1/accounts/{ref}/links", at={"ref": "me"}, keep="link"),
    Ask("page", "POST /v1/session/link", {"code": "{link}"}),
    Ask("page", "POST /v1/accounts/me/passkeys/options", commits=0, keep="question"),
    Ask("page", "POST /v1/accounts/me/passkeys", "passkey made"),
    Ask("page", "POST /v1/session/passkey/options", commits=0, keep="question"),
    Ask("page", "POST /v1/session/passkey", "passkey signed"),
    Ask("page", "DELETE /v1/accounts/me/passkeys/{passkey_id}", at={"passkey_id": b64(KEY.id)}),
    Ask("page", "POST /v1/session/provider", {}, commits=0, keep="url"),
    Ask("page", "POST /v1/session/provider/answer", "provider"),
    Ask("page", "DELETE /v1/accounts/me/provider"),
    Ask("nobody", "POST /v1/devices", {"label": "d"}, commits=0, keep="device"),
    Ask("page", "PUT /v1/devices/{user_code}", {"approve": True}, commits=0, at={"user_code": "{user_code}"}),
    Ask("nobody", "POST /v1/devices/token", {"device_code": "{device}"}),
    Ask("owner", "POST /v1/accounts/{ref}/recovery", at={"ref": "@flo"}),
    Ask("host", "PATCH /v1/accounts/me", {"name": "Host"}),
    Ask("host", "PUT /v1/accounts/me/following/{ref}"),
    Ask("host", "DELETE /v1/accounts/me/following/{ref}"),
    Ask("host", "POST /v1/dms", {"to": "@ann", "text": "hi"}),
    Ask("host", "POST /v1/dms/read", {"ids": ["1"]}),
    Ask("host", "POST /v1/clips", b"sound", keep="clip"),
    Ask("host", "POST /v1/posts", {"text": "hi", "clip": "{clip}"}, keep="post"),
    Ask("host", "POST /v1/webhooks", {"url": "https://203.0.113.9/x"}, keep="webhook_id"),
    Ask("host", "POST /v1/webhooks/{webhook_id}/test"),
    Ask("host", "POST /v1/notifications", {"url": "json://203.0.113.9/x"}, keep="outlet_id"),
    Ask("host", "POST /v1/notifications/{outlet_id}/test", commits=0),
    Ask("host", "DELETE /v1/notifications/{outlet_id}"),
    Ask("host", "POST /v1/spaces", {"title": "Later", "scheduled_start": "2099-01-01T00:00:00Z"}, keep="planned"),
    Ask("ann", "PUT /v1/spaces/{space_id}/reminder", at=PLANNED),
    Ask("ann", "DELETE /v1/spaces/{space_id}/reminder", at=PLANNED),
    Ask("host", "POST /v1/spaces/{space_id}/cancel", at=PLANNED),
    Ask("host", "POST /v1/spaces", {"title": "Now", "rules": RULES, "invite": ["@ann", "@ben"]}, keep="space_id"),
    Ask("host", "POST /v1/spaces/{space_id}/start"),
    Ask("host", "PATCH /v1/spaces/{space_id}", {"title": "B", "speakers": "following", "captions": True}),
    Ask("host", "PUT /v1/spaces/{space_id}/rules", {"text": RULES.replace('"mute"', '"report", "mute", "block"')
        .replace("schema = 1", 'schema = 1\n[limits]\nallow = { r = ["block"] }')}),
    Ask("host", "POST /v1/spaces/{space_id}/invites", {"handles": ["@cid", "@dan"]}),
    Ask("host", "DELETE /v1/spaces/{space_id}/invites/{ref}", at={"ref": "@dan"}),
    Ask("cid", "POST /v1/spaces/{space_id}/decline"),
    Ask("ben", "POST /v1/spaces/{space_id}/accept"),
    Ask("ann", "POST /v1/spaces/{space_id}/accept"),
    Ask("ann", "POST /v1/spaces/{space_id}/whip", OFFER, keep="session_id"),
    Ask("ann", "PATCH /v1/spaces/{space_id}/whip/{session_id}", "", commits=0),
    Ask("ann", "PUT /v1/spaces/{space_id}/mic", {"open": False}),
    Ask("bot", "POST /v1/spaces/{space_id}/captions", {"captions": [LANE]}),
    Ask("ann", "POST /v1/spaces/{space_id}/typed", {"text": "he"}, commits=0),
    Ask("ann", "POST /v1/spaces/{space_id}/typed", {"text": "hello", "final": True}),
    Ask("host", "PATCH /v1/spaces/{space_id}", {"chat": "everyone"}),
    Ask("ann", "POST /v1/spaces/{space_id}/chat", {"text": "hello there"}, keep="number"),
    Ask("host", "POST /v1/spaces/{space_id}/chat/{number}/mask", {"words": [[0, 0]]}),
    Ask("ann", "DELETE /v1/spaces/{space_id}/chat/{number}"),
    Ask("ann", "DELETE /v1/spaces/{space_id}/whip/{session_id}"),
    Ask("cid", "POST /v1/spaces/{space_id}/whep", OFFER, commits=0, keep="session_id"),
    Ask("cid", "PATCH /v1/spaces/{space_id}/whep/{session_id}", "", commits=0),
    Ask("cid", "DELETE /v1/spaces/{space_id}/whep/{session_id}", commits=0),
    Ask("cid", "POST /v1/spaces/{space_id}/whep", OFFER, commits=0),
    Ask("cid", "POST /v1/spaces/{space_id}/reactions", {"reaction": "heart"}, commits=0),
    Ask("cid", "POST /v1/spaces/{space_id}/requests"),
    Ask("cid", "DELETE /v1/spaces/{space_id}/requests/me"),
    Ask("cid", "POST /v1/spaces/{space_id}/requests"),
    Ask("host", "POST /v1/spaces/{space_id}/requests/{ref}/deny", at={"ref": "@cid"}),
    Ask("cid", "POST /v1/spaces/{space_id}/requests"),
    Ask("host", "POST /v1/spaces/{space_id}/requests/{ref}/approve", at={"ref": "@cid"}),
    Ask("host", "POST /v1/spaces/{space_id}/pins", {"post": "{post}"}),
    Ask("host", "DELETE /v1/spaces/{space_id}/pins/{pin_id}"),
    Ask("host", "POST /v1/spaces/{space_id}/pins", {"post": "{post}"}),
    Ask("host", "DELETE /v1/posts/{ref}", at={"ref": "{post}"}),
    Ask("host", f"POST {PERSON}/warn", {"reason": "x"}),
    Ask("host", f"POST {PERSON}/mute", {"duration": 60}),
    Ask("host", f"POST {PERSON}/unmute"),
    Ask("host", f"POST {PERSON}/demote"),
    Ask("host", "POST /v1/spaces/{space_id}/sanctions/{sanction_id}/undo", at={"sanction_id": "{space_id}-3"}),
    Ask("host", f"POST {PERSON}/promote"),
    Ask("host", f"POST {PERSON}/host"),
    Ask("ann", f"POST {PERSON}/host", at={"ref": "@host"}),
    Ask("host", f"POST {PERSON}/kick", {"reason": "x"}, at={"ref": "@cid"}),
    Ask("ann", "POST /v1/reports", {"space_id": "{space_id}", "account": "@cid"}, keep="report_id"),
    Ask("host", "PUT /v1/reports/{report_id}/assignee", {"account": "@ann"}),
    Ask("host", "DELETE /v1/reports/{report_id}/assignee"),
    Ask("host", "POST /v1/reports/{report_id}/notes", {"text": "seen"}),
    Ask("host", "PATCH /v1/reports/{report_id}", {"state": "upheld"}),
    Ask("ann", "POST /v1/reports", {"space_id": "{space_id}"}, keep="coop_report"),
    Ask("nobody", "POST /v1/coop/actions", "coop"),
    Ask("owner", "POST /v1/coop/test", commits=0),
    Ask("cid", "POST /v1/sanctions/{sanction_id}/appeal", at={"sanction_id": "{space_id}-4"}, keep="appeal_id"),
    Ask("owner", "PATCH /v1/appeals/{appeal_id}", {"state": "granted"}),
    Ask("bot", "POST /v1/spaces/{space_id}/acts", "act"),
    Ask("host", "POST /v1/sanctions/{sanction_id}/undo", at={"sanction_id": "{block}"}),
    Ask("host", "POST /v1/accounts/me/blocklist/preview", {"accounts": []}, commits=0),
    Ask("host", "PUT /v1/accounts/me/blocks/{ref}"),
    Ask("host", "DELETE /v1/accounts/me/blocks/{ref}"),
    Ask("host", "POST /v1/spaces/{space_id}/redactions", {"lane": 1, "from_tick": 0, "to_tick": 460}),
    Ask("host", "PATCH /v1/spaces/{space_id}/redactions/{redaction_id}", {"mode": "tone"}, at={"redaction_id": "{space_id}-r1"}),
    Ask("host", "DELETE /v1/spaces/{space_id}/redactions/{redaction_id}", at={"redaction_id": "{space_id}-r1"}),
    Ask("host", "POST /v1/spaces/{space_id}/panic"),
    Ask("host", "DELETE /v1/spaces/{space_id}/panic"),
    Ask("host", "DELETE /v1/spaces/{space_id}/connections/{connection_id}", at={"connection_id": "{anonymous}"}),
    Ask("host", "PUT /v1/spaces/{space_id}/measures/{action}", at={"action": "lock"}),
    Ask("host", "DELETE /v1/spaces/{space_id}/measures/{action}", at={"action": "lock"}),
    Ask("host", "POST /v1/spaces", {"title": "Late", "delay": 4, "start": True}, keep="late"),
    Ask("host", "POST /v1/spaces/{space_id}/whip", OFFER, at={"space_id": "{late}"}),
    Ask("host", "POST /v1/spaces/{space_id}/cough", at={"space_id": "{late}"}),
    Ask("host", "POST /v1/spaces/{space_id}/dump", at={"space_id": "{late}"}),
    Ask("host", "PUT /v1/spaces/{space_id}/rules", {"text": REDACTING}, at={"space_id": "{late}"}),
    Ask("bot", "POST /v1/spaces/{space_id}/typed/mask", {"utterance": 1, "rule_id": "r"}, at={"space_id": "{late}"}, commits=0),
    Ask("host", "PUT /v1/spaces/{space_id}/rules", {"text": RULES}, at={"space_id": "{late}"}),
    Ask("bot", "POST /v1/spaces/{space_id}/acts", "lock", at={"space_id": "{late}"}),
    Ask("bot", "POST /v1/spaces/{space_id}/acts", "slow", at={"space_id": "{late}"}),
    Ask("host", "POST /v1/spaces/{space_id}/suggestions/{suggestion_id}/confirm", at={"space_id": "{late}", "suggestion_id": "{late}-s1"}),
    Ask("host", "POST /v1/spaces/{space_id}/suggestions/{suggestion_id}/dismiss", at={"space_id": "{late}", "suggestion_id": "{late}-s2"}),
    Ask("bot", "PUT /v1/bots/status", {"ready": True}, commits=0),
    Ask("owner", "POST /v1/probe", commits=0),
    Ask("host", "POST /v1/spaces/{space_id}/recording"),
    Ask("host", "DELETE /v1/spaces/{space_id}/recording"),
    Ask("host", "DELETE /v1/recordings/{recording_id}"),
    Ask("host", "POST /v1/spaces/{space_id}/end"),
    Ask("host", "POST /v1/series", {**HOURLY, "rules": RULES, "invite": ["@ann"]}, keep="series_id"),
    Ask("host", "PATCH /v1/series/{series_id}", {"title": "T", "cron": "0 8 * * *", "uninvite": ["@ann"], "rules": None}),
    Ask("host", "POST /v1/series/{series_id}/pause"),
    Ask("host", "POST /v1/series/{series_id}/resume"),
    Ask("host", "POST /v1/series/{series_id}/skip"),
    Ask("host", "DELETE /v1/series/{series_id}"),
    Ask("host", "POST /v1/webhooks/{webhook_id}/secret"),
    Ask("host", "DELETE /v1/webhooks/{webhook_id}"),
    Ask("owner", "PUT /v1/accounts/{ref}/suspension", {"duration": 3600}, at={"ref": "@dan"}),
    Ask("owner", "DELETE /v1/accounts/{ref}/suspension", at={"ref": "@dan"}),
    Ask("owner", "DELETE /v1/accounts/{ref}", at={"ref": "@dan"}),
    Ask("owner", "POST /v1/holds", {"subject": "@eve", "reason": "x", "tell": True}, keep="hold_id"),
    Ask("owner", "DELETE /v1/holds/{hold_id}"),
    Ask("owner", "POST /v1/accounts/{ref}/erasure", at={"ref": "@eve"}, commits=2),  # the account goes, then words by parts
]  # fmt: skip


def test_every_route_that_changes_something_is_in_the_story() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
    found = {f"{way} {one.path}" for one in routes for way in (one.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    assert found == {ask.route.split("?")[0] for ask in STORY}


@pytest.fixture
async def there(api: Api, anyio_backend: str) -> AsyncIterator[None]:
    redirect = "http://space.test/sign-in"
    async with providing(redirect) as found:
        THERE[:] = [found]
        settings = {"issuer": found.issuer, "client_id": CLIENT, "client_secret": SECRET}
        api.app.provider = Provider(Oidc.model_validate(settings), redirect)
        yield
        await api.app.provider.close()


@pytest.mark.usefixtures("there")
async def test_each_request_commits_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_clips, "_transcode", _no_transcode)
    api.app.webhooks = SimpleNamespace(attempt=_good)  # type: ignore[assignment]  # nothing leaves this machine
    api.app.outlets = SimpleNamespace(send=_sent)  # type: ignore[assignment]
    api.app.notify_schemes, api.app.allow_private = frozenset({"json"}), True
    api.app.registry.subscribers = [api.app.recordings._on_outcome]  # without the clock's own transactions
    later: list[Work] = []
    monkeypatch.setattr(api.app.registry.tasks, "later", lambda _name, job: later.append(job))
    people = {one.handle[1:]: one for one in await api.accounts("host", "ann", "ben", "cid", "dan")}
    people |= {"owner": api.owner, "bot": api.bot, "nobody": api.nobody, "page": Browser(api)}
    names = {"ref": "@ann"}
    commits: list[str] = []
    event.listen(writer(api), "commit", lambda connection: commits.append("COMMIT"))
    for ask in STORY:
        await _prepare(api, ask, people["host"], names)
        commits.clear()
        answer = await _send(people, ask, {**names, **{key: one.format(**names) for key, one in ask.at.items()}})
        await asyncio.sleep(0)
        told = len(commits)
        assert answer.is_success, (ask, answer.text)
        assert told == ask.commits, ask
        if ask.keep == "session_id":
            names[ask.keep] = answer.headers["location"].rsplit("/", 1)[-1]
        elif ask.keep in ("invitation", "link"):
            names[ask.keep] = code_of(answer.json()["url"])
        elif ask.keep == "url":
            names["url"] = answer.json()["url"]
        elif ask.keep == "question":
            names |= {"question": answer.json()["id"], "options": answer.json()["options"]}
        elif ask.keep == "device":
            names |= {"device": answer.json()["device_code"], "user_code": answer.json()["user_code"]}
        elif ask.keep:
            names[ask.keep] = str(answer.json()[{"token_id": "token_id", "number": "seq"}.get(ask.keep, "id")])
        await asyncio.gather(*(job() for job in later))
        later.clear()


async def _prepare(api: Api, ask: Ask, host: As, names: dict[str, str]) -> None:
    """Ids that no earlier answer has."""
    if "DELETE /v1/spaces/{space_id}/pins" in ask.route:
        names["pin_id"] = (await host.ok("GET", f"/v1/spaces/{names['space_id']}"))["pinned"][0]["id"]
    elif "DELETE /v1/recordings" in ask.route:
        names["recording_id"] = (await host.ok("GET", "/v1/recordings"))["data"][0]["id"]
    elif "/coop/" in ask.route:
        api.app.coop = SimpleNamespace(settings=settings("http://coop.example"), try_now=_tried)  # type: ignore[assignment]
    elif "/connections/" in ask.route:
        space = f"/v1/spaces/{names['space_id']}"
        assert (await api.nobody.offer(f"{space}/whep")).status_code == 201
        names["anonymous"] = (await host.ok("GET", f"{space}/connections"))["data"][0]["id"]
    elif ask.at.get("sanction_id") == "{block}":
        async with api.app.db.read() as db:
            rows = await db.exec_driver_sql("SELECT id FROM sanctions WHERE action = 'block'")
        names["block"] = rows.scalar_one()


async def _send(people: dict[str, As], ask: Ask, names: dict[str, str]) -> Any:
    who = people[ask.who]
    method, path = ask.route.format(**names).split(" ")
    if isinstance(ask.body, bytes):
        return await who.http.request(method, path, content=ask.body)
    if ask.body == "act":
        return await who.call(method, path, act(people["ben"], "block", rule_id="r"))
    if ask.body == "coop":
        signed = action(names["coop_report"], "act-uphold")
        return await who.http.request(method, path, content=signed, headers={"Coop-Signature": sign(signed)})
    if ask.body in ("lock", "slow"):
        raid = {"account_id": "", "lane": 0, "words": [], "found": "joins_per_minute 72"}
        return await who.call(method, path, act(people["ben"], ask.body, "suggest", rule_id="r", **raid))
    if ask.body == "provider":
        return await who.call(method, path, THERE[0].authorize(names["url"]))
    if ask.body in ("passkey made", "passkey signed"):
        options = json.loads(names["options"])
        credential = KEY.make(options) if ask.body == "passkey made" else KEY.sign(options)
        return await who.call(method, path, {"id": names["question"], "credential": credential})
    if isinstance(ask.body, str):
        kind = "application/trickle-ice-sdpfrag" if method == "PATCH" else "application/sdp"
        return await who.http.request(method, path, content=ask.body, headers={"Content-Type": kind})
    body = ask.body
    if body is not None:
        body = {
            key: one.format(**names) if isinstance(one, str) and one[0] == "{" else one for key, one in body.items()
        }
    return await who.call(method, path, body)


async def _good(*_: Any) -> Any:
    return SimpleNamespace(good=True, status=200, problem=None)


async def _tried() -> Any:
    return "test-1", await _good()


async def _sent(*_: Any) -> bool:
    return True


async def _no_transcode(given: Path, made: Path) -> int:
    await asyncio.to_thread(made.write_bytes, b"x")
    return 1000
