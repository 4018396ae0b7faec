"""What is done about all: a warning, a lock, a slow Space, a hold, and all who are muted or demoted."""

from __future__ import annotations

from tests.wire.streams import rest
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], wire.people["ann"]
    raid = await wire.live(host, "raid", speakers="everyone")
    await wire.watch(host, raid)
    await ann.ok("POST", f"{raid}/requests", status=201)
    await host.ok("POST", f"{raid}/people/@ann/warn", {"reason": "One at a time", "duration": 600})
    await host.ok("PUT", f"{raid}/measures/lock", {"reason": "A raid", "duration": 600})
    await host.ok("PUT", f"{raid}/measures/slow", {"every": 60})
    await host.ok("PUT", f"{raid}/measures/hold")
    await host.ok("PUT", f"{raid}/measures/mute", {"reason": "Shouting"})
    await host.ok("GET", raid)
    await wire.people["cid"].ok("POST", f"{raid}/reactions", {"reaction": "clap"}, status=409)
    await ann.ok("POST", f"{raid}/reactions", {"reaction": "clap"}, status=202)
    await ann.ok("POST", f"{raid}/reactions", {"reaction": "clap"}, status=429)
    await host.ok("GET", f"{raid}/sanctions")
    await host.ok("DELETE", f"{raid}/measures/mute", status=204)
    await host.ok("PUT", f"{raid}/measures/demote")
    await host.ok("DELETE", f"{raid}/measures/demote", status=204)
    await host.ok("DELETE", f"{raid}/measures/lock", status=204)
    await wire.bot.ok("POST", f"{raid}/captions", {"captions": []}, status=202, kept=False)
    await ann.ok("POST", f"{raid}/pins", {"url": "https://example.org/coins"})
    await wire.nobody.offer(f"{raid}/whep", kept=False)
    rows = await host.ok("GET", f"{raid}/connections")
    await host.ok("DELETE", f"{raid}/connections/{rows['data'][0]['id']}", status=204)
    await host.ok("POST", f"{raid}/people/@ann/kick", {"erase": True, "mute_dms": True, "duration": 600})
    await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "Let me in"}, status=409)
    await host.ok("GET", "/v1/accounts/me/blocklist")
    await host.ok("POST", "/v1/accounts/me/blocklist/preview", {"accounts": ["@ann", "@unknown"]})
    kick = (await host.ok("GET", f"{raid}/sanctions"))["data"][0]
    await host.ok("POST", f"{raid}/sanctions/{kick['id']}/undo")
    await rest()
