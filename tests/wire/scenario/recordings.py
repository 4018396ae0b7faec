"""Recordings: what everybody sees of them, and what their host has afterwards."""

from __future__ import annotations

from datetime import timedelta

from tests.wire import drive
from tests.wire.wire import Caller, Wire


async def done(wire: Wire, host: Caller, recording: str) -> None:
    async def is_done() -> bool:
        found = (await host.who.http.get(f"/v1/recordings/{recording}")).json()
        return bool(found["state"] == "done")

    await drive.until_done(wire, is_done)


async def play(wire: Wire) -> None:
    host, ann, eve = wire.people["host"], wire.people["ann"], await wire.person("eve")
    room = await wire.live(host, "taped", captions=False)
    await wire.watch(host, room)
    await host.prepare("POST", f"{room}/invites", {"handles": ["@ann", "@eve"]})
    for who in (ann, eve):
        await who.prepare("POST", f"{room}/accept")
        await who.offer(f"{room}/whip", kept=False)
    await host.ok("POST", f"{room}/recording", {"kind": "lanes"})
    await ann.ok("GET", room)
    [listed] = (await host.ok("GET", f"/v1/recordings?space_id={drive.id_of(room)}"))["data"]
    wire.normal.name(listed["id"], "recording lanes")
    await ann.ok("PUT", f"{room}/mic", {"open": True, "consent": True})
    await drive.sound(wire, room, 50, lane=1)
    await host.ok("DELETE", f"{room}/recording")
    await done(wire, host, listed["id"])
    await host.ok("GET", f"/v1/recordings/{listed['id']}")
    await host.call("GET", f"/v1/recordings/{listed['id']}/mix.ogg")
    await host.ok("POST", f"{room}/recording")
    await drive.sound(wire, room, 40)
    await host.prepare("POST", f"{room}/end")
    newest = (await host.prepare("GET", "/v1/recordings"))["data"][0]
    wire.normal.name(newest["id"], "recording mix")
    await done(wire, host, newest["id"])
    wire.api.app.recordings.keep = timedelta(days=30)
    await host.ok("GET", "/v1/recordings")
    await host.ok("DELETE", f"/v1/recordings/{newest['id']}")
    await ann.ok("GET", "/v1/recordings")
