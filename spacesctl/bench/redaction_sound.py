"""What a listener of a delayed audience decodes where phrases are redacted: made by the parts of the engine that take words out, mixed,
encoded and decoded as for a listener, and measured against the sound of the phrase itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bots.hearing.vosk_recogniser import load
from spacesctl.audio.audience_clock import Heard
from spacesctl.audio.delay import DelayLine
from spacesctl.audio.limiter import Limiter, Limiters
from spacesctl.audio.mix import Mixer
from spacesctl.audio.opus import FRAME, RATE, Decoder, Encoder, Pcm
from spacesctl.audio.redactions import Redactions, Stretch
from spacesctl.bench.redaction_live import Recorded, results
from spacesctl.bench.redaction_score import fates
from spacesctl.bench.redaction_speech import HEARD_RATE, Lane
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND

BITRATE: Final = 32_000
CODEC_DELAY: Final = 312
"""Samples (48 kHz) by which Opus delays sound: 6.5 ms."""
FLOOR_DB: Final = -90.0
ALONE_DB: Final = -40.0
"""The level below which a phrase that nobody talks over is not there."""
OTHERS_DB: Final = -20.0
"""The same of its projection while two others talk: a lane that never was in the mix comes near."""
AFTER_SECONDS: Final = 2.0
"""How long after a phrase's end a recogniser may find it."""

Sound = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Inaudible:
    """Phrases that were redacted whole, in what a listener decoded. `alone_db`: the highest level in 99 of 100, in dB of the phrase;
    `alone_silent` and `others_silent`: the share below `ALONE_DB` and `OTHERS_DB`; `floor_silent`: that in mixes that never had the lane.
    `found`: how many of the `sought` a recogniser finds again."""

    alone: int
    alone_silent: float | None
    alone_db: float | None
    others: int
    others_silent: float | None
    floor_silent: float | None
    sought: int
    found: int


@dataclass
class _Counts:
    alone: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    sought: int = 0
    found: int = 0


def inaudible(
    lanes: Sequence[Lane],
    recorded: Mapping[tuple[str, int], Recorded],
    shown: Sequence[Sequence[float | None]],
    delay: float,
    model: Path,
) -> Inaudible:
    """Play what was redacted to a listener of each Space. It takes about a quarter of the sound's length."""
    counts, make = _Counts(), load(model)
    seen = dict(zip(((lane.space, lane.number) for lane in lanes), shown, strict=True))
    for space in dict.fromkeys(lane.space for lane in lanes):
        there = [lane for lane in lanes if lane.space == space]
        whole = {lane.number: _whole(lane, recorded, seen[space, lane.number], delay) for lane in there}
        if not any(whole.values()):
            continue
        own = {lane.number: _decoded(lane) for lane in there}
        ticks = max(len(lane.frames) for lane in there)
        packets = list(_listened(there, own, recorded, delay, ticks))
        heard, text = _played(packets), results(make(), _played(packets, HEARD_RATE).astype(np.int16))
        for lane in there:
            spans = [_span(lane, index) for index in whole[lane.number]]
            voice = own[lane.number].astype(np.float64)
            if lane.with_others:
                rest = [one for one in there if one is not lane]
                without = _played(list(_listened(rest, own, recorded, delay, ticks)))
                counts.others += [_projection(heard[at], voice[at]) for at in spans]
                counts.floor += [_projection(without[at], voice[at]) for at in spans]
            else:
                counts.alone += [_level(heard[at], voice[at]) for at in spans]
            counts.sought += len(spans)
            counts.found += sum(_is_found(lane, index, text) for index in whole[lane.number])
    return Inaudible(
        len(counts.alone),
        _share(counts.alone, ALONE_DB),
        round(float(np.percentile(counts.alone, 99)), 1) if counts.alone else None,
        len(counts.others),
        _share(counts.others, OTHERS_DB),
        _share(counts.floor, OTHERS_DB),
        counts.sought,
        counts.found,
    )


def _whole(
    lane: Lane, recorded: Mapping[tuple[str, int], Recorded], shown: Sequence[float | None], delay: float
) -> list[int]:
    """The phrases of a lane that were redacted whole."""
    found = fates(lane, recorded[lane.space, lane.number], shown, delay)
    return [index for index, one in enumerate(found) if one.whole and one.lag is not None]


def _decoded(lane: Lane) -> Pcm:
    decoder = Decoder()
    return np.concatenate([decoder.decode(packet) for _, packet in lane.frames])


def _listened(
    lanes: Sequence[Lane],
    own: Mapping[int, Pcm],
    recorded: Mapping[tuple[str, int], Recorded],
    delay: float,
    ticks: int,
) -> Iterator[bytes]:
    """The packets of a listener; the first is that of the stage's first tick."""
    late = round(delay * TICKS_PER_SECOND)
    lines = {lane.number: DelayLine(late) for lane in lanes}
    redactions, due = Redactions(), _Steps(lanes, recorded)
    mixer, limiters, limiter, encoder = Mixer(), Limiters(), Limiter(), Encoder(bitrate=BITRATE)
    for tick in range(ticks + late):
        due.apply(redactions, tick * TICK_SECONDS)
        mixer.clear()
        for lane in lanes:
            line = lines[lane.number]
            line.put(tick, own[lane.number][tick * FRAME : (tick + 1) * FRAME] if tick < len(lane.frames) else None)
            if tick >= late:
                taken = line.take(Heard(tick - late), redactions.around(lane.number, tick - late))
                if taken is not None:
                    mixer.add(taken)
        if tick >= late:
            yield encoder.encode(limiters.run(mixer.total[None, :], [limiter])[0].copy())


class _Steps:
    """The steps of all redactions of a Space, in the order of their moments."""

    def __init__(self, lanes: Sequence[Lane], recorded: Mapping[tuple[str, int], Recorded]) -> None:
        self._left = sorted(
            (
                (step.moment, lane.number, f"{lane.number}:{name}", step.stretch)
                for lane in lanes
                for name, steps in recorded[lane.space, lane.number].redactions.items()
                for step in steps
            ),
            key=lambda one: one[0],
            reverse=True,
        )

    def apply(self, redactions: Redactions, moment: float) -> None:
        """Do all that was done by `moment`, in seconds."""
        while self._left and self._left[-1][0] <= moment:
            _, lane, name, stretch = self._left.pop()
            if stretch is None:
                redactions.remove(name)
            else:
                redactions.put(name, Stretch(lane, *stretch))


def _played(packets: Sequence[bytes], rate: int = RATE) -> Sound:
    """What they decode to, without the delay of the codec."""
    decoder = Decoder(rate)
    sound = np.concatenate([decoder.decode(packet) for packet in packets])
    late = CODEC_DELAY * rate // RATE
    return np.concatenate((sound[late:], np.zeros(late))).astype(np.float64)


def _span(lane: Lane, index: int) -> slice:
    """The samples of a phrase without its first and last tick: a redaction is no finer than that."""
    phrase = lane.phrases[index]
    start, end = lane.words[phrase.first].start, lane.words[phrase.last].end
    first, last = round(start / TICK_SECONDS) + 1, round(end / TICK_SECONDS) - 1
    return slice(first * FRAME, max(first + 1, last) * FRAME)


def _level(heard: Sound, voice: Sound) -> float:
    """What is heard in the place of a voice, in dB of the voice."""
    return _db(float(np.dot(heard, heard)) / max(1.0, float(np.dot(voice, voice))) if len(voice) else 0.0)


def _projection(heard: Sound, voice: Sound) -> float:
    """How much of what is heard is like the voice, in dB of the voice."""
    return _db((float(np.dot(heard, voice)) / max(1.0, float(np.dot(voice, voice)))) ** 2)


def _db(power: float) -> float:
    return max(FLOOR_DB, 10 * float(np.log10(max(power, 1e-12))))


def _share(levels: Sequence[float], most: float) -> float | None:
    return round(sum(level <= most for level in levels) / len(levels), 4) if levels else None


def _is_found(lane: Lane, index: int, texts: Iterable[tuple[float, str]]) -> bool:
    """Whether some result within two seconds of a phrase has it."""
    phrase = lane.phrases[index]
    start, end = lane.words[phrase.first].start, lane.words[phrase.last].end + AFTER_SECONDS
    return any(start <= at <= end and f" {phrase.text} " in f" {text} " for at, text in texts)
