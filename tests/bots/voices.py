"""What the tests of hearing share: clips as packets with the engine's own activity flags."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from bots import casts, models
from bots.hearing.lane import LanePipeline
from bots.hearing.messages import Heard, Utterance
from bots.hearing.recogniser import Recogniser
from spacesctl.audio.activity import Activity, Meter
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Decoder

Frame = tuple[int, bytes]
PEOPLE = [(name, person.handle) for name in casts.names() for person in casts.load(name).people]


def person(cast: str, handle: str) -> casts.Person:
    return next(each for each in casts.load(cast).people if each.handle == handle)


@cache
def frames_of(cast: str, handle: str) -> tuple[Frame, ...]:
    """(flags, packet) for each tick of a clip, flagged as the engine would."""
    decoder, meter, activity = Decoder(), Meter(), Activity()
    packets = list(read_packets(person(cast, handle).clip.read_bytes()))
    return tuple((FLAG_ACTIVE if activity.update(meter.level(decoder.decode(each))) else 0, each) for each in packets)


@cache
def engine() -> Callable[[], Recogniser]:
    from bots.hearing.vosk_recogniser import load

    return load(models.SHIPPED)


def heard(lane: LanePipeline, frames: Iterable[Frame], first_tick: int = 0) -> list[Utterance]:
    return only_utterances(all_heard(lane, frames, first_tick))


def all_heard(lane: LanePipeline, frames: Iterable[Frame], first_tick: int = 0) -> list[Heard]:
    """The same, with the phrases that are redacted."""
    found: list[Heard] = []
    for tick, (flags, packet) in enumerate(frames, first_tick):
        found += lane.frame(tick, flags, packet)
    return found + list(lane.rest())


def only_utterances(found: Iterable[Heard]) -> list[Utterance]:
    return [each for each in found if isinstance(each, Utterance)]


def text_of(utterances: Sequence[Utterance]) -> str:
    return " ".join(each.text for each in utterances if each.final)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to become true; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        await asyncio.sleep(0.02)
