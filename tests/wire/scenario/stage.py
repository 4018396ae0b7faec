"""The stage of a live Space: microphones, requests to speak, roles, captions, the bot's assignments."""

from __future__ import annotations

from typing import Any

from tests.wire import drive
from tests.wire.wire import Wire

WORDS = [
    {"w": "hello", "start": 1.0, "end": 1.4, "conf": 0.9},
    {"w": "there", "start": 1.4, "end": 2.0, "conf": 0.8},
]


def caption(lane: int, utterance: int, *, final: bool = True) -> dict[str, Any]:
    text = "hello there" if final else "hello"
    return {
        "lane": lane, "utterance": utterance, "text": text, "final": final, "start_tick": 50, "end_tick": 100,
        "words": WORDS,
    }  # fmt: skip


async def play(wire: Wire) -> None:
    host, cohost, ann, ben, cid, dan = (wire.people[name] for name in ("host", "cohost", "ann", "ben", "cid", "dan"))
    room = await wire.live(host, "room", speakers="invited")
    await wire.watch(host, room)
    async with wire.bot.stream("/v1/bots/assignments") as assignments:
        await host.prepare("POST", f"{room}/invites", {"handles": ["@cohost"], "role": "cohost"})
        await host.prepare("POST", f"{room}/invites", {"handles": ["@ann"]})
        for who in (cohost, ann):
            await who.prepare("POST", f"{room}/accept")
        await ben.ok("POST", f"{room}/requests", {"topic": "Milk", "note": "Before or after?"})
        await cid.ok("POST", f"{room}/requests")
        await dan.prepare("POST", f"{room}/requests", {"topic": "Sugar"})
        for who in (host, cohost, wire.owner):
            await who.ok("GET", f"{room}/requests")
        await ben.ok("GET", room)
        await host.ok("POST", f"{room}/requests/@ben/approve")
        await cohost.ok("POST", f"{room}/requests/@cid/deny")
        await dan.ok("DELETE", f"{room}/requests/me")

        for who in (host, ann):
            await who.offer(f"{room}/whip", kept=False)
        await cid.offer(f"{room}/whep", kept=False)
        await wire.nobody.offer(f"{room}/whep", kept=False)
        await drive.look(wire)
        await drive.levels(wire, room, 2)
        await ann.ok("PUT", f"{room}/mic", {"open": False})
        await ann.ok("PUT", f"{room}/mic", {"open": True})
        await wire.nobody.ok("GET", f"{room}/people")
        await ann.ok("GET", room)

        posted = [caption(2, 1, final=False), caption(2, 1), caption(77, 1)]
        await wire.bot.ok("POST", f"{room}/captions", {"captions": posted})
        await wire.nobody.ok("GET", f"{room}/captions")
        await wire.nobody.ok("GET", f"{room}/captions?after=100")
        await wire.bot.ok("PUT", "/v1/bots/status", {"ready": False, "reason": "no model"})
        await host.prepare("PATCH", room, {"captions": False, "speakers": "following"})
        await host.prepare("PATCH", room, {"captions": True})
        await host.ok("POST", f"{room}/people/@ben/promote")
        await host.ok("POST", f"{room}/people/@cohost/host")
        await cohost.ok("POST", f"{room}/people/@host/host")
        wire.stream("/v1/bots/assignments", wire.bot, assignments, most=8)
    await host.ok("POST", f"{room}/end", headers={"Dry-Run": "true"})
