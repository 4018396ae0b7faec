"""A server with something of everything on it, for requests that are made to break it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from spacesctl.server.delivery.notification_sender import NotificationSender
from spacesctl.server.delivery.webhook_sender import WebhookSender
from tests.api.harness import Api, As, running_api
from tests.api.test_posts import clip_of
from tests.api.test_recording import done, sound
from tests.api.test_series import RULES

SCHEMES = frozenset({"json"})


class _Unplugged:
    """Stands where requests leave the machine: none does."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        raise httpx.ConnectError("nothing leaves this machine")


@dataclass
class Stage:
    """The callers by name, and for each parameter of a path what is there."""

    api: Api
    callers: dict[str, As]
    refs: dict[str, list[str]]


async def lay_out(api: Api) -> Stage:
    app = api.app
    app.notify_schemes, app.allow_private = SCHEMES, True
    app.outlets = NotificationSender(app.db, app.keys, SCHEMES, app.sent, lambda *_: False)
    app.webhooks = WebhookSender(app.db, app.keys, _Unplugged(), app.bot, app.link, app.sent)  # type: ignore[arg-type]
    host, member, ann, ben = await api.accounts("host", "member", "ann", "ben")
    live = await api.live(host, topics=["music"], invite=["@ann"])
    await ann.ok("POST", f"{live}/accept")
    await ben.ok("POST", f"{live}/requests")
    await host.ok("POST", f"{live}/invites", {"handles": ["@member"]})
    up, down = await ann.offer(f"{live}/whip"), await member.offer(f"{live}/whep")
    await host.ok("PUT", f"{live}/rules", {"text": RULES})
    await host.ok("POST", f"{live}/people/@ann/mute", {"reason": "loud"})
    pin = await host.ok("POST", f"{live}/pins", {"url": "https://example.org/", "title": "A page"})
    post = await host.ok("POST", "/v1/posts", {"text": "hello", "clip": await clip_of(host)})
    spare = await clip_of(host)
    await host.ok("POST", f"{live}/pins", {"post": post["id"]})
    await host.ok("POST", "/v1/dms", {"to": "@member", "text": "hello"})
    report = await member.ok("POST", "/v1/reports", {"space_id": live.rpartition("/")[2], "account": "@ann"})
    token = await host.ok("POST", "/v1/accounts/@host/tokens", {"label": "second"})
    hook = await host.ok("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/x"})
    outlet = await host.ok("POST", "/v1/notifications", {"url": "json://127.0.0.1:9/x"})
    planned = await host.ok("POST", "/v1/spaces", {"title": "Later", "scheduled_start": "2037-01-01T00:00:00Z"})
    series = await host.ok(
        "POST", "/v1/series", {"title": "W", "cron": "0 9 * * *", "tz": "Europe/Rome", "duration": 600}
    )
    over = await api.live(host, title="Over")
    await host.ok("POST", f"{over}/recording")
    sound(api, over, 0.5)
    await host.ok("POST", f"{over}/end")
    [kept] = (await host.ok("GET", "/v1/recordings"))["data"]
    await done(host, kept["id"])
    about = {
        "rule_id": "r",
        "rule_hash": "h",
        "account_id": ann.id,
        "lane": 1,
        "start_tick": 1,
        "end_tick": 2,
        "words": [],
    }
    heard = {**about, "confidence": 1.0, "engine": "e", "model": "m", "mode": "suggest"}
    for suggested in ("warn", "kick"):
        await api.bot.ok("POST", f"{live}/acts", {**heard, "key": suggested, "action": suggested})
    await host.ok("PATCH", live, {"chat": "everyone"})
    text = await member.ok("POST", f"{live}/chat", {"text": "hello there"})
    redaction = await host.ok("POST", f"{live}/redactions", {"lane": 1, "from_tick": 1, "to_tick": 400})
    sanctions = (await host.ok("GET", f"{live}/sanctions"))["data"]
    appeal = await ann.ok("POST", f"/v1/sanctions/{sanctions[0]['id']}/appeal", {"text": "why?"})
    spaces = [live.rpartition("/")[2], planned["id"], over.rpartition("/")[2], series["next_space_id"]]
    refs = {
        "space_id": spaces,
        "action": ["lock", "mute"],
        "connection_id": ["anon-000000"],
        "ref": ["@ann", "@member", "@host", "@ben", host.id, post["id"]],
        "series_id": [series["id"]],
        "report_id": [report["id"]],
        "recording_id": [kept["id"]],
        "name": ["mix.ogg"],
        "webhook_id": [hook["id"]],
        "outlet_id": [outlet["id"]],
        "clip_id": [post["clip"]["id"], spare],
        "pin_id": [one["id"] for one in pin["pinned"]],
        "redaction_id": [redaction["id"]],
        "sanction_id": [one["id"] for one in sanctions],
        "suggestion_id": [f"{live.rpartition('/')[2]}-s{n}" for n in (1, 2)],
        "appeal_id": [appeal["id"]],
        "number": [str(text["seq"])],
        "hold_id": ["1"],
        "passkey_id": ["x"],
        "user_code": [app.devices.ask("d", "h", app.clock.now())[1].user_code for _ in range(2)],
        "token_id": [token["token_id"]],
        "session_id": [answer.headers["location"].rpartition("/")[2] for answer in (up, down)],
    }
    callers = {"nobody": api.nobody, "member": member, "host": host, "admin": api.owner, "bot": api.bot}
    return Stage(api, callers, refs)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    async with running_api(folder) as api:
        yield await lay_out(api)
