"""Sanctions of each kind, reports by people, and the audit log."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, cohost, ann, ben, cid, foe = (wire.people[name] for name in ("host", "cohost", "ann", "ben", "cid", "foe"))
    room = wire.spaces["room"]
    await cohost.ok("POST", f"{room}/people/@ann/mute", {"reason": "A loud fan", "duration": 60})
    await ann.ok("GET", room)
    await host.ok("POST", f"{room}/people/@ann/unmute")
    await host.ok("POST", f"{room}/people/@ann/mute", {"duration": 30})
    wire.clock.advance(60)
    await drive.expire(wire, room)
    await host.ok("POST", f"{room}/people/@ben/demote", {"reason": "Off topic", "duration": 600})
    await host.ok("POST", f"{room}/people/@cid/kick", {"reason": "Shouting"})
    await host.ok("POST", f"{room}/people/@foe/kick", {"duration": 3600})
    await wire.owner.ok("POST", f"{room}/people/@foe/mute", status=409)
    sanctions = (await cohost.ok("GET", f"{room}/sanctions"))["data"]
    kick = next(one for one in sanctions if one["target"]["handle"] == "@cid")
    await host.ok("POST", f"{room}/sanctions/{kick['id']}/undo", {"reason": "A mistake"})
    await host.ok("POST", f"{room}/people/@cid/kick", kept=False)
    await cohost.ok("GET", f"{room}/sanctions")
    for who in (ann, cid):
        await who.ok("GET", "/v1/accounts/me/sanctions")

    await host.prepare("PUT", "/v1/accounts/me/blocks/@foe")
    blocks = (await host.ok("GET", "/v1/sanctions"))["data"]
    wire.normal.name(blocks[0]["id"], "block of foe")
    await host.ok("POST", f"/v1/sanctions/{blocks[0]['id']}/undo", {"reason": "We made up"})
    await host.prepare("PUT", "/v1/accounts/me/blocks/@foe")
    blocks = (await host.ok("GET", "/v1/sanctions"))["data"]
    wire.normal.name(blocks[0]["id"], "second block of foe")
    await foe.ok("GET", "/v1/accounts/me/sanctions")
    await ben.prepare("PUT", "/v1/accounts/me/blocks/@ann")
    await ben.ok("GET", room)

    space_id = drive.id_of(room)
    await drive.sound(wire, room, 100, lane=2)
    about = {"space_id": space_id, "account": "@ann", "category": "spam", "note": "Sells tea"}
    person = await ben.ok("POST", "/v1/reports", about, headers={"Idempotency-Key": "report"})
    wire.normal.name(person["id"], "report of ann")
    whole = await ben.ok("POST", "/v1/reports", {"space_id": space_id})
    wire.normal.name(whole["id"], "report of the space")
    await host.ok("GET", "/v1/reports")
    await host.ok("GET", f"/v1/reports/{person['id']}")
    await host.call("GET", f"/v1/reports/{person['id']}/clip")
    await host.ok("PATCH", f"/v1/reports/{person['id']}", {"state": "upheld", "note": "Thank you"})
    await host.ok("PATCH", f"/v1/reports/{whole['id']}", {"state": "dismissed"})
    await host.ok("PATCH", f"/v1/reports/{whole['id']}", {"state": "open"})
    await host.ok("GET", "/v1/reports?state=upheld")
    await ben.ok("GET", "/v1/dms")
