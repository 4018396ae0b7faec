"""Facts of sound from real sound: what lanes tell of clipping, noise, level and of who talks over whom."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from bots import casts
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.engine.clock import SpaceClock
from spacesctl.engine.engine import LEVEL_TICKS
from spacesctl.engine.messages import OpenSpace
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.transport.ports import Ports
from spacesctl.rules.room_sound import LaneLevel, RoomSound
from tests.listening import RATE, Sound

SECONDS = 12
CAST = casts.load("cast_a")


@cache
def spoken(handle: str) -> Sound:
    """The first seconds of a shipped clip."""
    person = next(one for one in CAST.people if one.handle == handle)
    decoder = Decoder()
    packets = list(read_packets(person.clip.read_bytes()))[: SECONDS * 50]
    return np.concatenate([decoder.decode(packet) for packet in packets])


HANDLES = [one.handle for one in CAST.people][:2]


def scaled(pcm: Sound, factor: float) -> Sound:
    made: Sound = np.clip(np.rint(pcm * factor), -32_768, 32_767).astype(np.int16)
    return made


def hiss(pcm: Sound, level_db: float) -> Sound:
    """The same with white noise of so many dBFS."""
    noise = np.random.default_rng(1).normal(0, 32_768 * 10 ** (level_db / 20), len(pcm))
    made: Sound = np.clip(pcm + noise, -32_768, 32_767).astype(np.int16)
    return made


def heard(lanes: Mapping[int, Sound], ticks: int = SECONDS * 50) -> RoomSound:
    """What is known after lanes with this sound went through Opus and the engine's room."""
    nowhere: Any = None  # nothing is sent by a socket
    room = Room(OpenSpace("space", 0.0, 0, 7, 0), SpaceClock(0), Metrics(), Ports(nowhere, nowhere))
    packets = {lane: _packets(pcm) for lane, pcm in lanes.items()}
    for lane in lanes:
        room.open_lane(lane, True)
    known = RoomSound()
    for number in range(ticks):
        for lane, sound in packets.items():
            if number < len(sound):
                room.lanes[lane].push(number & 0xFFFF, number * FRAME, sound[number], None, number * 0.02)
        room.run(number, number * 0.02)
        told = room.levels(number) if number % 25 in LEVEL_TICKS else None
        if told is not None:
            quality = {lane: (clipped, noise) for lane, clipped, noise in told.quality}
            known.take(told.tick, [LaneLevel(lane, db, active, *quality[lane]) for lane, db, active in told.levels])
    return known


def _packets(pcm: Sound) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(frame) for frame in pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)]


def test_speech_that_is_clipped_says_so_and_loud_speech_does_not() -> None:
    pcm = spoken(HANDLES[0])
    just_below = 28_000 / np.abs(pcm).max()
    clean, clipped = (heard({1: scaled(pcm, factor)}) for factor in (just_below, 12 * just_below))
    assert known(clean.clipping(1)) < 0.02
    assert known(clipped.clipping(1)) > 0.3
    assert known(clipped.level_lately(1)) > known(clean.level_lately(1)) + 6


def test_a_level_is_that_of_the_microphone_before_loudness_is_evened_out() -> None:
    pcm = spoken(HANDLES[0])
    levels = [known(heard({1: scaled(pcm, factor)}).level_lately(1)) for factor in (1.0, 0.5, 0.25)]
    assert levels[0] - levels[1] == pytest.approx(6, abs=1)
    assert levels[1] - levels[2] == pytest.approx(6, abs=1)


def test_a_steady_tone_has_its_level() -> None:
    tone = np.rint(32_767 * 0.25 * np.sin(2 * np.pi * 400 * np.arange(SECONDS * RATE) / RATE)).astype(np.int16)
    found = heard({1: tone})
    assert known(found.level_lately(1)) == pytest.approx(20 * np.log10(0.25) - 3, abs=1)
    assert found.clipping(1) == 0.0


@pytest.mark.parametrize("level", [-50, -40, -30])
def test_noise_is_the_level_of_what_is_behind_a_voice(level: int) -> None:
    assert known(heard({1: hiss(spoken(HANDLES[0]), level)}).noise(1)) == pytest.approx(level, abs=4)


def test_a_quiet_room_has_little_noise() -> None:
    assert known(heard({1: spoken(HANDLES[0])}).noise(1)) < -55


def test_who_comes_in_later_talks_over_who_was_talking() -> None:
    first, second = (spoken(handle) for handle in HANDLES)
    later = np.concatenate([np.zeros(4 * RATE, np.int16), second])[: SECONDS * RATE]
    found = heard({1: first, 2: later})
    assert known(found.crosstalk(2)) > 0.3
    assert known(found.crosstalk(2)) > known(found.crosstalk(1))
    alone = heard({1: first, 2: np.zeros(SECONDS * RATE, np.int16)})
    assert alone.crosstalk(1) == 0.0


def known(value: float | None) -> float:
    assert value is not None
    return value
