"""What is written: the chat, typed speech, masks and erasures."""

from __future__ import annotations

from tests.api.test_redactions import REDACTING
from tests.wire.streams import rest
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], await wire.person("typist")
    room = await wire.live(host, "written", chat="everyone", speakers="everyone")
    await wire.watch(host, room)
    lanes = await wire.bot.socket(f"{room}/lanes?role=all").__aenter__()
    await host.ok("PATCH", room, {"chat_every": 5, "typed_aloud": True})
    written = await ann.ok("POST", f"{room}/chat", {"text": "hello there"}, status=201)
    await host.ok("POST", f"{room}/typed", {"text": "good eve"}, status=202)
    await host.ok("POST", f"{room}/typed", {"text": "good evening", "final": True}, status=202)
    await host.prepare("PUT", f"{room}/rules", {"text": REDACTING})
    await wire.bot.ok("POST", f"{room}/typed/mask", {"utterance": 1, "rule_id": "pitch"}, status=204)
    await host.ok("POST", f"{room}/chat/{written['seq']}/mask", {"words": [[0, 0]]}, status=204)
    await host.ok("GET", f"{room}/captions")
    await ann.ok("GET", f"{room}/chat")
    await ann.ok("DELETE", f"{room}/chat/{written['seq']}", status=204)
    await host.ok("GET", f"{room}/chat?view=staff")
    await rest()
    await lanes.close()
    for message in lanes.texts():
        wire.note("lanes/read_texts", message)
