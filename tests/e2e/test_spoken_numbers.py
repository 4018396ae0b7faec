"""Card numbers that are read out in a live Space, with a real server, its bots and its recogniser: what is left of them anywhere."""

from __future__ import annotations

import asyncio
import ctypes.util
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bots.clips.espeak import Voice
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder
from spacesctl.bench.redaction_live import results
from spacesctl.bench.redaction_speech import Studio
from spacesctl.rules import numbers
from tests.bots.voices import engine
from tests.e2e.peers import LaneListener, LaneSpeaker
from tests.e2e.scene import Scene, scene, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="needs espeak-ng"),
]
RULES = """schema = 1
[[rule]]
id = "numbers"
mode = "enforce"
when.any = [ { digits = { run = 6, allow = [ { after = "order number", length = 8 } ] } } ]
actions = ["redact", "report"]
evidence = { before = "10s", after = "4s" }
"""
SENTENCES = (
    "my card number is four seven two nine one one eight five three three oh one two two four four thank you",
    "the card is five one two nine, three three eight five, six six oh one, nine two four seven, okay",
    "it is sixty eight forty one, seventeen ninety two, thirty three eleven, fifty six twenty seven, please",
    "my order number is nine eight one two five five three one thank you",
)
SECRETS = (
    "four seven two nine",
    "five one two nine",
    "sixty eight forty one",
    "seventeen ninety two",
    "three three oh one",
)
ALLOWED = "nine eight one two five five three one"
FEW = 4


def packets() -> list[bytes]:
    studio, voice = Studio(), Voice("en-us+ed", 150, 45)
    quiet = studio.say("so", voice)[0][-1:] * 75
    return [*quiet, *quiet] + [packet for text in SENTENCES for packet in [*studio.say(text, voice)[0], *quiet]]


def longest(text: str) -> int:
    """Digits of the longest number in words that is not the allowed one, which a partial result may have in part or with a digit more."""
    (allowed,) = numbers.find(ALLOWED.split())
    begins = allowed.digits[:3]
    return max((len(one.digits) for one in numbers.find(text.split()) if not one.digits.startswith(begins)), default=0)


def recognised(pcm: Any) -> str:
    """All final results, and the last partial one before each, of 16 kHz sound."""
    told = [text.strip() for _, text in results(engine()(), pcm)]
    return max(told, key=longest, default="")


async def evening(room: Scene, listener: LaneListener) -> None:
    """Everything is said once, and the audience hears all of it."""
    said = packets()
    async with listener, LaneSpeaker(room, "ann", said) as speaker:
        await room.as_host.call("POST", f"{room.place}/recording", {"kind": "lanes"})
        await room.as_("ann").call("PUT", f"{room.place}/mic", {"open": True, "consent": True})
        await asyncio.sleep(len(said) / 50 + 1)
        for task in speaker._tasks:  # nothing is said again
            task.cancel()
        await asyncio.sleep(6)


async def test_no_digit_of_a_card_is_heard_read_or_kept_and_an_order_number_is(tmp_path: Path) -> None:
    async with scene(tmp_path, flags=(), captions=True, rules=RULES, start=False) as room:
        await room.account("ann")
        await until_ready(room)
        await room.as_host.call("POST", f"{room.place}/start")
        await room.as_("ann").call("POST", f"{room.place}/requests")
        listener = LaneListener(room)
        await evening(room, listener)
        shown = await room.as_host.call("GET", f"{room.place}/captions?view=staff")
        redactions = await room.as_host.call("GET", f"{room.place}/redactions")
        reports = await room.as_host.call("GET", "/v1/reports")
        await room.as_host.call("POST", f"{room.place}/end")
        data = tmp_path / "data"
        await until(lambda: len(list(data.rglob("*.ogg"))) >= 3, 25, "the mix, a lane, and evidence")

    await asyncio.to_thread(judged, listener, shown, redactions, reports, data)


def judged(listener: LaneListener, shown: Any, redactions: Any, reports: Any, data: Path) -> None:
    said = " ".join(one["text"] for one in shown["data"])
    assert said.count("[number]") >= 3
    assert ALLOWED in said
    assert {one["mode"] for one in redactions["data"] if one["state"] == "in_force"} == {"tone"}
    assert all(one["number"] for one in redactions["data"])
    assert reports["data"], "the rule reports it, too"
    words = " ".join(word["w"] for one in reports["data"] for word in one["words"])
    assert longest(words) == 0

    heard = listener.heard()
    low = Decoder(16_000)
    sound = np.concatenate([low.decode(packet) for _, packet in sorted(listener.packets.items())])
    assert len(heard) > 20 * 48_000
    assert longest(recognised(sound)) <= FEW
    nothing_is_kept(data)


async def until_ready(room: Scene) -> None:
    async def ready() -> bool:
        found = await room.as_host.call("GET", room.place)
        return bool(found["captions_status"]["ready"])

    async with asyncio.timeout(30):
        while not await ready():
            await asyncio.sleep(0.2)


def nothing_is_kept(data: Path) -> None:
    """No file has a digit group of a card in it as text, and a recogniser finds none in any sound."""
    clips = list(data.rglob("*.ogg"))
    assert len(clips) >= 3
    for path in data.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, f"{secret!r} stands in {path.name}"
            digits = "".join(one.digits for one in numbers.find(secret.split()))
            # Ids and hashes are long rows of digits, in which four of them may be by chance.
            alone = rf"(?<![0-9A-Za-z]){digits}(?![0-9A-Za-z])".encode()
            assert path.suffix == ".ogg" or re.search(alone, content) is None, f"{digits} stands in {path.name}"
        if path.suffix == ".ogg":
            low = Decoder(16_000)
            sound = np.concatenate([low.decode(packet) for packet in read_packets(content)])
            assert longest(recognised(sound)) <= FEW, path.name
    with sqlite3.connect(data / "spaces.db") as db:
        (count,) = db.execute("select count(*) from events where body like '%[number]%'").fetchone()
    assert count >= 3
