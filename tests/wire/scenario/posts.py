"""Posts, voice clips, pins, profiles and the feed."""

from __future__ import annotations

from tests.api.test_posts import wav
from tests.wire.wire import Caller, Wire


async def clip_of(wire: Wire, who: Caller, name: str) -> str:
    made = await who.ok("POST", "/v1/clips", content=wav(0.3), headers={"Content-Type": "application/octet-stream"})
    wire.normal.name(made["id"], f"clip {name}")
    return str(made["id"])


async def play(wire: Wire) -> None:
    host, ann, dan, nobody = wire.people["host"], wire.people["ann"], wire.people["dan"], wire.nobody
    tea = wire.spaces["tea"]
    made = await ann.ok("POST", "/v1/posts", {"text": "Hello, world"}, headers={"Idempotency-Key": "hello"})
    wire.normal.name(made["id"], "post hello")
    hello = made["id"]
    clip = await clip_of(wire, ann, "spoken")
    made = await ann.ok("POST", "/v1/posts", {"text": "", "clip": clip})
    wire.normal.name(made["id"], "post spoken")
    spoken = made["id"]
    made = await ann.prepare("POST", "/v1/posts", {"text": "A mistake"})
    wire.normal.name(made["id"], "post mistake")
    await ann.ok("DELETE", f"/v1/posts/{made['id']}")
    await nobody.ok("GET", f"/v1/posts/{hello}")
    await nobody.ok("GET", f"/v1/posts/{spoken}")
    await nobody.ok("GET", "/v1/accounts/@ann/posts")
    await nobody.call("GET", f"/v1/clips/{clip}.ogg")
    await nobody.call("GET", f"/v1/clips/{clip}.ogg", headers={"Range": "bytes=0-3"})

    await host.ok("POST", f"{tea}/pins", {"post": hello})
    await host.ok("POST", f"{tea}/pins", {"post": spoken})
    space = await host.ok("POST", f"{tea}/pins", {"url": "https://example.com/tea", "title": "About tea"})
    await host.ok("POST", f"{tea}/pins", {"url": "https://example.com/milk"})
    await host.ok("DELETE", f"{tea}/pins/{space['pinned'][0]['id']}")
    await nobody.ok("GET", tea)

    await ann.ok("GET", "/v1/feed")
    await dan.ok("GET", "/v1/feed")
    await nobody.ok("GET", "/v1/accounts/@ann/profile")
    await host.ok("GET", "/v1/accounts/me/profile")
