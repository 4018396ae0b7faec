"""A host who leaves: away, gone, back; a Space that ends without one."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, cohost, ann = await wire.person("lea"), await wire.person("max"), await wire.person("kim")
    room = await wire.live(host, "left", captions=False)
    await wire.watch(wire.owner, room)
    await host.prepare("POST", f"{room}/invites", {"handles": ["@max"], "role": "cohost"})
    await cohost.prepare("POST", f"{room}/accept")
    await host.prepare("POST", f"{room}/invites", {"handles": ["@kim"]})
    await ann.prepare("POST", f"{room}/accept")
    await ann.offer(f"{room}/whip", kept=False)
    listening = await host.stream(f"{room}/events").__aenter__()
    await drive.seconds(wire, 61)
    await listening.close()
    await drive.seconds(wire, 5)
    await wire.owner.ok("GET", room)
    listening = await host.stream(f"{room}/events").__aenter__()
    await drive.seconds(wire, 2)
    there = await cohost.stream(f"{room}/events").__aenter__()
    await listening.close()
    await drive.seconds(wire, 130)
    await there.close()
    await drive.seconds(wire, 130)
    await wire.owner.ok("GET", room)
    listening = await host.stream(f"{room}/events").__aenter__()
    await drive.seconds(wire, 2)
    await listening.close()
    await drive.seconds(wire, 430)
    await cohost.ok("GET", "/v1/dms")
    await gap(wire)


async def gap(wire: Wire) -> None:
    """A client that missed too many events loads the Space anew; one that missed a few gets them."""
    host = wire.people["host"]
    room = await wire.live(host, "captioned")
    await host.offer(f"{room}/whip", kept=False)
    for first in range(0, 1_001, 200):
        posted = [
            {"lane": 1, "utterance": number, "text": "a", "final": True, "start_tick": 1, "end_tick": 2, "words": []}
            for number in range(first, first + 200)
        ]
        await wire.bot.prepare("POST", f"{room}/captions", {"captions": posted})
    await wire.watch(host, room, after=1)
    async with wire.nobody.stream(f"{room}/events", **{"last-event-id": "1200"}) as stream:
        await stream.until("http.response.body", 3)
        wire.stream("/v1/spaces/{space_id}/events", wire.nobody, stream, most=2)
    await host.prepare("POST", f"{room}/end")
