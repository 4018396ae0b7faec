"""Direct messages and invitations."""

from __future__ import annotations

from tests.wire.scenario.posts import clip_of
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, cohost, ann, ben, cid, dan = (wire.people[name] for name in ("host", "cohost", "ann", "ben", "cid", "dan"))
    tea = wire.spaces["tea"]
    await cid.ok("POST", "/v1/dms", {"to": "@ann", "text": "Hello Ann"}, headers={"Idempotency-Key": "dm"})
    clip = await clip_of(wire, cid, "private")
    await cid.ok("POST", "/v1/dms", {"to": "@ann", "text": "", "clip": clip})
    await ann.call("GET", f"/v1/clips/{clip}.ogg")

    await host.ok("POST", f"{tea}/invites", {"handles": ["@cohost"], "role": "cohost", "message": "Help me, please"})
    await host.ok("POST", f"{tea}/invites", {"handles": ["@cid", "@dan", "@foe"]})
    await cohost.ok("POST", f"{tea}/accept")
    await ann.ok("POST", f"{tea}/accept")
    await dan.ok("POST", f"{tea}/decline")
    await host.ok("DELETE", f"{tea}/invites/@cid")
    await cohost.ok("GET", f"{tea}/invites")
    for who in (host, ann, ben, cid, dan):
        await who.ok("GET", "/v1/dms")
    await cohost.ok("GET", tea)
    await ben.ok("GET", tea)
