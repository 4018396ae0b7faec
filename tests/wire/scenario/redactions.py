"""What the audience is not to hear: redactions, dump, cough, panic, and a delay that changes."""

from __future__ import annotations

from spacesctl.engine.messages import Aired, Redacted
from tests.api.harness import settled
from tests.wire import drive
from tests.wire.streams import rest
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], wire.people["ann"]
    late = await wire.live(host, "late", delay=4, speakers="everyone")
    await ann.offer(f"{late}/whip", kept=False)
    await drive.seconds(wire, 20)
    await wire.watch(host, late)
    # Who leaves the stage hears the last seconds again.
    heard = await ann.socket(f"{late}/lanes").__aenter__()
    await ann.prepare("POST", f"{late}/people/@ann/demote")
    await ann.prepare("POST", f"{late}/requests")
    await rest()
    await heard.close()
    for message in heard.texts():
        wire.note("lanes/listen_on_stage", message)
    await ann.offer(f"{late}/whip", kept=False)
    actor = wire.api.app.registry.actors[drive.id_of(late)]
    made = await host.ok("POST", f"{late}/redactions", {"account": "@ann", "last": 3, "reason": "a name"}, status=201)
    one = f"{late}/redactions/{made['id']}"
    await host.ok("PATCH", one, {"from_tick": made["from_tick"] + 20, "mode": "tone"})
    wire.api.app.registry.on_engine(Redacted(drive.id_of(late), made["id"], made["from_tick"] + 25))
    await settled(wire.api)
    await host.ok("DELETE", one)
    await ann.ok("POST", f"{late}/cough", {"last": 2}, status=201)
    await host.ok("POST", f"{late}/dump", {"last": 1, "reason": "an address"}, status=201)
    await host.ok("GET", f"{late}/redactions")
    await host.ok("PATCH", late, {"delay": 6, "delay_now": True})
    actor.tell_delay()
    await host.ok("POST", f"{late}/panic", {"duration": 60, "reason": "a raid"}, status=201)
    await host.ok("DELETE", f"{late}/panic", status=204)
    await drive.seconds(wire, 10)
    await wire.api.app.registry.release()
    await rest()
    # Of one's own place one is told at once, before the audience hears of it.
    now = actor.now_tick()
    wire.api.app.registry.on_engine(Aired(drive.id_of(late), now, now - 200))
    await wire.watch_own(ann, late, after=actor.audience.seq)
    await host.ok("POST", f"{late}/people/@ann/mute")
    await rest()
