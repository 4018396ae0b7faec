"""A report of somebody who has closed the microphone, whose clip is cut again."""

from __future__ import annotations

from spacesctl.application.evidence import cut_again
from tests.wire import drive
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host = wire.people["host"]
    leaver = await wire.person("leaver")
    room = await wire.live(host, "left", captions=False)
    await host.prepare("POST", f"{room}/invites", {"handles": ["@leaver"]})
    await leaver.prepare("POST", f"{room}/accept")
    await leaver.offer(f"{room}/whip", kept=False)
    await drive.sound(wire, room, 100, lane=1)
    await wire.watch(host, room)
    filed = await host.ok("POST", "/v1/reports", {"space_id": drive.id_of(room), "account": "@leaver"})
    wire.normal.name(filed["id"], "report of leaver")
    wire.clock.advance(10)
    await cut_again(wire.api.app)
    await host.ok("GET", f"/v1/reports/{filed['id']}")
