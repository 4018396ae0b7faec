"""Spaces of each kind and in each state: scheduled, live, ended, canceled, missed."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.wire import Wire

RULES = """schema = 1
[limits]
allow = { pitch = ["kick", "block"] }
[[rule]]
id = "pitch"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["report", "mute", "kick", "block"]
"""


async def play(wire: Wire) -> None:
    host, ann, ben, dan = (wire.people[name] for name in ("host", "ann", "ben", "dan"))
    plain = await host.ok("POST", "/v1/spaces", {"title": "Plain"})
    wire.space("plain", plain["id"])
    rich = {
        "title": "Tea with friends", "speakers": "following", "listeners": "everyone", "captions": True, "lang": "en-GB",
        "topics": ["tea", "talk"], "scheduled_start": "2030-01-08T18:00:00Z", "invite": ["@ann", "@ben"], "rules": RULES,
        "rules_filename": "tea.toml", "record": "lanes",
    }  # fmt: skip
    for _ in range(2):
        made = await host.ok("POST", "/v1/spaces", rich, headers={"Idempotency-Key": "tea"})
    tea = wire.space("tea", made["id"])
    await wire.watch(host, tea)
    await host.ok("PATCH", tea, {"title": "Tea", "topics": ["tea"], "scheduled_start": "2030-01-08T19:00:00+01:00"})
    await host.ok("PATCH", tea, {"speakers": "everyone", "captions": False})
    for who in (ann, dan):
        await who.ok("PUT", f"{tea}/reminder")
    await ann.ok("DELETE", f"{tea}/reminder")
    for who in (host, ben, dan, wire.nobody):
        await who.ok("GET", tea)
    await host.ok("POST", f"{tea}/start", headers={"Dry-Run": "true"})
    await drive.remind(wire, tea)
    await host.ok("POST", f"{tea}/start")
    await wire.nobody.ok("GET", tea)
    await ben.ok("POST", f"{tea}/reactions", {"reaction": "clap"})
    await dan.ok("POST", f"{tea}/reactions", {"reaction": "raised_hand"})
    await drive.look(wire)
    await wire.bot.ok("PUT", "/v1/bots/status", {"ready": True, "model": "small", "notice": "English only"})
    await wire.bot.ok("GET", tea)

    made = await host.ok("POST", "/v1/spaces", {"title": "Members", "listeners": "accounts", "start": True})
    members = wire.space("members", made["id"])
    await wire.watch_staff(host, members)
    await wire.nobody.ok("GET", "/v1/spaces")
    await host.ok("GET", "/v1/spaces?state=scheduled&state=live")
    await host.ok("POST", f"{members}/end")
    await host.ok("GET", members)

    made = await host.prepare("POST", "/v1/spaces", {"title": "Called off", "scheduled_start": "2030-01-09T10:00:00Z"})
    off = wire.space("called off", made["id"])
    await wire.watch(host, off)
    await ann.prepare("PUT", f"{off}/reminder")
    await host.ok("POST", f"{off}/cancel")

    made = await host.prepare("POST", "/v1/spaces", {"title": "Overslept", "scheduled_start": "2030-01-09T11:00:00Z"})
    slept = wire.space("overslept", made["id"])
    await wire.watch(host, slept)
    await ann.prepare("PUT", f"{slept}/reminder")
    await drive.miss(wire, slept)
    await host.ok("GET", "/v1/spaces?state=ended&state=canceled")
