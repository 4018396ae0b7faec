"""One voice in three lanes, from its sound to the acts: each lane has a recogniser of its own, and the bot judges what they say."""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from bots import casts
from bots.hearing.lane import LanePipeline
from bots.hearing.messages import Utterance
from bots.space import SpaceBot
from spacesctl.audio.activity import SILENCE, Activity, Meter
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder, Encoder
from tests.bots import voices
from tests.bots.fake_api import FakeApi, info
from tests.bots.test_space import run
from tests.bots.voices import until

CAST = casts.load("cast_a")
WHO = CAST.troublemaker
PHRASE = WHO.phrases[0]
FIRST = max(0, int((PHRASE.start - 3) * 50))
LAST = int((PHRASE.end + 3) * 50)
STEP = 12
GAINS = {1: 0.12, 2: 1.0, 3: 0.3}
"""Of each lane: the second is the speaker's own, the others pick it up."""
LATER = {1: 4, 2: 0, 3: 7}
"""Ticks by which it comes later there."""


def frames(lane: int) -> tuple[list[voices.Frame], list[tuple[int, bool]]]:
    """(flags, packet) and (level, active) of each tick."""
    decoder, encoder, meter, activity = Decoder(), Encoder(), Meter(), Activity()
    packets = list(read_packets(WHO.clip.read_bytes()))[FIRST:LAST]
    found, levels = list[voices.Frame](), list[tuple[int, bool]]()
    silent = [np.zeros(960, np.int16)] * LATER[lane]
    for pcm in [*silent, *(decoder.decode(packet) for packet in packets)]:
        quieter = np.rint(pcm * GAINS[lane]).astype(np.int16)
        active = activity.update(meter.level(quieter))
        found.append((FLAG_ACTIVE if active else 0, encoder.encode(quieter)))
        levels.append((meter.level(quieter), active))
    return found, levels


@cache
def finals() -> dict[int, list[Utterance]]:
    """What the recogniser of each lane has in the end."""
    return {
        lane: [
            one
            for one in voices.heard(LanePipeline("s", lane, voices.engine()()), frames(lane)[0])
            if one.final
        ]
        for lane in GAINS
    }  # fmt: skip


@cache
def levels() -> list[dict[str, Any]]:
    """What the server tells of the lanes, four times a second."""
    by_lane = {lane: frames(lane)[1] for lane in GAINS}
    told = []
    for tick in range(STEP, max(map(len, by_lane.values())), STEP):
        each = [_level(lane, of[tick - STEP : tick]) for lane, of in by_lane.items()]
        told.append({"event": "levels", "tick": tick, "levels": each})
    return told


def _level(lane: int, ticks: list[tuple[int, bool]]) -> dict[str, Any]:
    loudest = max((level for level, _ in ticks), default=SILENCE)
    return {"lane": lane, "db": loudest, "active": bool(ticks) and ticks[-1][1], "clipped": 0, "noise": -60}


def _ready() -> FakeApi:
    levels()  # reads files
    api = FakeApi(CAST.rules)
    api.hello = [info(lane, f"account{lane}") for lane in GAINS]
    return api


def test_each_recogniser_has_the_words() -> None:
    """Otherwise the other tests would show nothing."""
    for lane, heard in finals().items():
        assert any(PHRASE.text in one.text for one in heard), lane


@pytest.mark.parametrize("order", list(permutations(GAINS)))
def test_one_voice_in_three_lanes_is_reported_once_and_is_the_speakers(order: tuple[int, ...]) -> None:
    api, _ = _ready(), finals()

    async def script(bot: SpaceBot) -> None:
        for told in levels():
            api.connections[0].queue.put_nowait(told)
        await until(lambda: bot._facts.sound.tick == levels()[-1]["tick"])
        for lane in order:
            for utterance in finals()[lane]:
                bot.on_utterance(utterance)
        await until(lambda: bool(api.acts))
        await asyncio.sleep(0)
        assert not bot._moderator._guard.waits

    run(api, script)
    mine = [act for act in api.acts if act["rule_id"] == PHRASE.rule]
    assert {act["account_id"] for act in mine} == {"account2"}
    assert len({act["key"] for act in mine}) == len(mine)
    assert len({(act["start_tick"], act["end_tick"]) for act in mine}) == 1


def test_without_the_guard_it_would_be_three_offences(monkeypatch: pytest.MonkeyPatch) -> None:
    from spacesctl.rules.bleed import BleedGuard

    monkeypatch.setattr(BleedGuard, "take", lambda self, decision, *_: [decision])
    api, _ = _ready(), finals()

    async def script(bot: SpaceBot) -> None:
        for lane in GAINS:
            for utterance in finals()[lane]:
                bot.on_utterance(utterance)
        await until(lambda: len({act["account_id"] for act in api.acts}) == 3)

    run(api, script)
