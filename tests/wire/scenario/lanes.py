"""The text messages of WebSocket lanes: of those who speak, who listen, and of the bot, which reads all lanes."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.scenario.spaces import RULES
from tests.wire.streams import Socket, rest
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, ann, dan = wire.people["host"], wire.people["ann"], wire.people["dan"]
    room = await wire.live(host, "lanes")
    await host.prepare("POST", f"{room}/invites", {"handles": ["@ann", "@dan"]})
    for who in (ann, dan):
        await who.prepare("POST", f"{room}/accept")
    reader = await wire.bot.socket(f"{room}/lanes?role=all").__aenter__()
    listener = await wire.nobody.socket(f"{room}/lanes").__aenter__()
    speaker = await ann.socket(f"{room}/lanes?role=speak").__aenter__()
    later = await wire.bot.socket(f"{room}/lanes?role=all").__aenter__()
    await later.close()
    await host.prepare("POST", f"{room}/people/@ann/mute")
    await host.prepare("POST", f"{room}/people/@ann/unmute")
    await ann.prepare("PUT", f"{room}/mic", {"open": True})
    await host.prepare("POST", f"{room}/recording")
    await host.prepare("DELETE", f"{room}/recording")
    await host.prepare("POST", f"{room}/people/@ann/promote")
    await host.prepare("PUT", f"{room}/rules", {"text": RULES})
    again = await ann.socket(f"{room}/lanes?role=speak&mic=closed").__aenter__()
    await speaker.ended()
    other = await dan.socket(f"{room}/lanes?role=speak").__aenter__()
    await host.prepare("POST", f"{room}/people/@dan/kick")
    await other.ended()
    slow = await listen_slowly(wire, room)
    await drive.levels(wire, room, 1)
    await drive.conduct(wire)
    await host.prepare("POST", f"{room}/end")
    for one in (reader, listener, again):
        await one.ended()
    seen = {
        "all": reader, "all_with_open_lanes": later, "listen": listener, "speak_replaced": speaker, "speak": again,
        "speak_removed": other, "listen_slowly": slow,
    }  # fmt: skip
    for name, socket in seen.items():
        for message in socket.texts():
            wire.note(f"lanes/{name}", message)
    await refused(wire, room)


async def listen_slowly(wire: Wire, room: str) -> Socket:
    """A listener that takes nothing for a while is told what it lost, and later is disconnected."""
    slow = await wire.nobody.socket(f"{room}/lanes").__aenter__()
    slow.reading.clear()
    wire.clock.advance(10)
    await drive.sound(wire, room, 60)
    slow.reading.set()
    await rest()
    for _ in range(3):
        await drive.sound(wire, room, 1)
    slow.reading.clear()
    await drive.sound(wire, room, 320)
    slow.reading.set()
    await slow.ended()
    return slow


async def refused(wire: Wire, over: str) -> None:
    live = await wire.live(wire.people["host"], "quiet", listeners="accounts")
    cases = {
        "gone": (wire.nobody, f"{over}/lanes", {}),
        "not_signed_in": (wire.nobody, f"{live}/lanes", {}),
        "not_allowed": (wire.people["dan"], f"{live}/lanes?role=all", {}),
        "not_on_stage": (wire.people["dan"], f"{live}/lanes?role=speak", {}),
        "another_page": (wire.people["dan"], f"{live}/lanes", {"origin": "https://page.example"}),
        "not_found": (wire.nobody, "/v1/spaces/AAAAAAAAAAAAA/lanes", {}),
    }
    for name, (who, address, headers) in cases.items():
        socket = await who.socket(address, **headers).__aenter__()
        await socket.ended()
        for message in socket.texts():
            wire.note(f"lanes/refused_{name}", message)
    drive.limited(wire, peers=1)
    async with wire.people["ann"].socket(f"{live}/lanes"), wire.people["ben"].socket(f"{live}/lanes") as second:
        await second.ended()
        for message in second.texts():
            wire.note("lanes/refused_too_many", message)
    drive.limited(wire)
