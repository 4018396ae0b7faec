"""Webhooks and notifications. The webhooks are made before anything happens, and all messages are delivered at the end."""

from __future__ import annotations

import json
from typing import Any

from tests.api.receiver import receiving
from tests.wire import drive
from tests.wire.scenario.rules import act
from tests.wire.scenario.spaces import RULES
from tests.wire.wire import Wire

TELEGRAM = {"url": "tgram://123456789:abcdefg_hijklmnop/12315544/"}


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], wire.people["ann"]
    wire.api.app.allow_private = True
    made = await host.ok(
        "POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/hook"}, headers={"Idempotency-Key": "hook"}
    )
    wire.normal.name(made["id"], "webhook unreachable")
    await host.ok("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/hook"}, headers={"Idempotency-Key": "hook"})
    some = {"url": "https://hooks.example/path", "events": ["spaces.start", "act.taken"], "all": True}
    made = await wire.owner.ok("POST", "/v1/webhooks", some)
    wire.normal.name(made["id"], "webhook of all")
    await wire.owner.ok("POST", f"/v1/webhooks/{made['id']}/secret")
    await wire.owner.ok("DELETE", f"/v1/webhooks/{made['id']}")

    drive.notifying(wire)
    made = await ann.ok("POST", "/v1/notifications", TELEGRAM, headers={"Idempotency-Key": "outlet"})
    wire.normal.name(made["id"], "outlet")
    await ann.ok("GET", "/v1/notifications")
    await ann.ok("POST", f"/v1/notifications/{made['id']}/test")
    await ann.ok("DELETE", f"/v1/notifications/{made['id']}")


async def deliver(wire: Wire) -> None:
    """Send what waits: to one program that cannot be reached, and what happens from now on to one that answers."""
    host = wire.people["host"]
    [unreachable] = (await host.ok("GET", "/v1/webhooks"))["data"]
    async with receiving() as receiver:
        wire.normal.name(f"127.0.0.1:{receiver.port}", "receiver")
        made = await host.ok("POST", "/v1/webhooks", {"url": receiver.url})
        wire.normal.name(made["id"], "webhook")
        hook = f"/v1/webhooks/{made['id']}"
        await happen(wire)
        async with drive.sending(wire):

            async def nothing_waits() -> bool:
                rows = (await host.who.http.get(f"{hook}/deliveries")).json()["data"]
                other = (await host.who.http.get(f"/v1/webhooks/{unreachable['id']}/deliveries")).json()["data"]
                return all(row["state"] != "pending" for row in rows) and all(row["attempts"] for row in other)

            await drive.until_done(wire, nothing_waits)  # before the clock moves again
            await host.ok("POST", f"{hook}/test")
            await host.ok("POST", f"/v1/webhooks/{unreachable['id']}/test")
        await host.ok("GET", f"{hook}/deliveries")
        await host.ok("GET", "/v1/webhooks")
        for request in receiver.got:
            keep(wire, request.headers, json.loads(request.body))
    await give_up(wire)
    waiting = (await host.prepare("GET", f"/v1/webhooks/{unreachable['id']}/deliveries"))["data"]
    first = next(row for row in waiting[::-1] if row["attempts"])
    wire.note("webhooks/failed_delivery", {**first, "next_at": "<later>"})


async def give_up(wire: Wire) -> None:
    """A webhook whose program is gone for good is switched off."""
    dan = wire.people["dan"]
    async with receiving([410]) as receiver:
        wire.normal.name(f"127.0.0.1:{receiver.port}", "receiver")
        made = await dan.prepare("POST", "/v1/webhooks", {"url": receiver.url, "events": ["spaces.create"]})
        wire.normal.name(made["id"], "webhook that is gone")
        hooked = await dan.prepare("POST", "/v1/spaces", {"title": "Gone"})
        wire.space("gone", hooked["id"])

        async def is_off() -> bool:
            rows = (await dan.who.http.get("/v1/webhooks")).json()["data"]
            return bool(rows[0]["reason"])

        async with drive.sending(wire):
            await drive.until_done(wire, is_off)
    await dan.ok("GET", "/v1/webhooks")
    await dan.ok("GET", f"/v1/webhooks/{made['id']}/deliveries")


def keep(wire: Wire, headers: dict[str, str], message: dict[str, Any]) -> None:
    """Write down a message with the headers that belong to Standard Webhooks."""
    shown = {name: value for name, value in headers.items() if name.startswith(("webhook-", "content-type"))}
    wire.note(f"webhooks/{message['type']}", {"headers": shown, "body": message})


async def happen(wire: Wire) -> None:
    """One message of each type."""
    host, dan = wire.people["host"], wire.people["dan"]
    made = await host.prepare("POST", "/v1/spaces", {"title": "Hooked", "scheduled_start": "2030-01-20T10:00:00Z"})
    hooked = wire.space("hooked", made["id"])
    await host.prepare("POST", f"{hooked}/start")
    await host.prepare("PUT", f"{hooked}/rules", {"text": RULES})
    await dan.prepare("POST", f"{hooked}/requests", {"note": "A secret"})
    report = {"space_id": made["id"], "account": "@dan", "category": "spam", "note": "A secret"}
    filed = await dan.prepare("POST", "/v1/reports", report)
    wire.normal.name(filed["id"], "report of dan")
    await wire.bot.prepare("POST", f"{hooked}/acts", act(dan, 1, "mute", "shadow"))
    await host.prepare("POST", f"{hooked}/end")
    made = await host.prepare("POST", "/v1/spaces", {"title": "Hooked, off"})
    await host.prepare("POST", f"{wire.space('hooked off', made['id'])}/cancel")
    made = await host.prepare(
        "POST", "/v1/spaces", {"title": "Hooked, late", "scheduled_start": "2030-01-21T10:00:00Z"}
    )
    await drive.miss(wire, wire.space("hooked late", made["id"]))
