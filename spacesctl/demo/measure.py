"""Each voice in what one listener decoded: where its sentences are, how like themselves, and when it fell silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

import numpy as np

from bots.casts import Sentence
from spacesctl.demo import ear, likeness
from spacesctl.demo.ear import TICK, Heard
from spacesctl.demo.likeness import RATE, Sound
from spacesctl.demo.script import Script
from spacesctl.domain.clock import TICKS_PER_SECOND

AROUND = 3.0
"""Seconds by which a voice may begin before or after it is expected."""
SLIP = 0.3
"""Seconds by which a sentence may lie off the one before: a jitter buffer that waited or skipped."""
FOUND = 0.25
"""A worse match is a chance one: the voice is not there, or drowned."""
GATE_TICKS = 5
"""A gate shuts within 100 ms; what is heard later is heard after the mute."""


@dataclass(frozen=True)
class Spoken:
    """Somebody said `seconds` of a script, beginning at about `tick`; muted at `muted` if they were."""

    script: Script
    tick: float
    seconds: float
    muted: int | None = None


class Place(NamedTuple):
    """Samples of what was heard."""

    sentence: Sentence
    first: int
    last: int


@dataclass
class Voice:
    """A voice in what one listener heard. `track` is its clip laid where it was heard, silence elsewhere."""

    spoken: Spoken
    begins: int
    """The sample of the script's first frame."""
    track: Sound
    places: list[Place] = field(default_factory=list)


class Silenced(NamedTuple):
    """A mute as heard. Likenesses and level are None where nothing was said before, or after."""

    last_sound_tick: float | None
    likeness_before: float | None
    likeness_after: float | None
    heard_after_mute_db: float | None
    seconds_sent_after: float


def place(heard: Heard, spoken: Spoken) -> Voice | None:
    """Find a voice by its first sentences, then each further one near where it should be; None when it is not heard."""
    pcm, sentences = ear.clip(spoken.script), spoken.script.sentences(spoken.seconds)
    before_mute = [one for one in sentences if _is_before_mute(spoken, one)]
    if not before_mute:
        return None
    opening = _cut(pcm, spoken.script, before_mute[0].start, before_mute[min(1, len(before_mute) - 1)].end)
    expected = heard.sample_of(spoken.tick) + round(before_mute[0].start * RATE)
    found = likeness.find(heard.sound, opening, expected - round(AROUND * RATE), expected + round(AROUND * RATE))
    if found is None or found.score < FOUND:
        return None
    begins = found.at - round(before_mute[0].start * RATE)
    voice = Voice(spoken, begins, np.zeros(len(heard.sound), np.float32))
    for sentence in sentences:
        begins = _lay(heard, voice, sentence, _cut(pcm, spoken.script, sentence.start, sentence.end), begins)
    return voice


def likeness_of(heard: Heard, spoken: Spoken, voice: Voice | None, others: Sequence[Voice]) -> float | None:
    """The median over its sentences that nobody muted; None when it said none, 0 when it said some and was not found."""
    if voice is None:
        said = any(_is_before_mute(spoken, one) for one in spoken.script.sentences(spoken.seconds))
        return 0.0 if said else None
    places = [one for one in voice.places if _is_before_mute(voice.spoken, one.sentence)]
    return round(median(_likeness(heard, voice, others, one) for one in places), 3) if places else None


def silenced(heard: Heard, voice: Voice | None, others: Sequence[Voice]) -> Silenced | None:
    """What a mute did to a voice, as this listener heard it; None when nobody muted it or it was never heard."""
    if voice is None or voice.spoken.muted is None:
        return None
    mute = heard.sample_of(voice.spoken.muted)
    begin, end = voice.begins, min(len(heard.sound), voice.begins + round(voice.spoken.seconds * RATE))
    shut = min(end, mute + GATE_TICKS * TICK)
    before, after = slice(max(0, begin), max(0, mute)), slice(shut, max(shut, end))
    rest = [one.track for one in others]
    strength = likeness.gain(heard.sound[before], voice.track[before], [one[before] for one in rest])
    whole = slice(max(0, begin), end)
    last = likeness.fell_silent(heard.sound[whole], voice.track[whole], [one[whole] for one in rest], strength)
    said_after = bool(np.any(voice.track[after]))
    return Silenced(
        heard.tick_of(whole.start + last) if last else None,
        likeness.likeness(heard.sound[before], voice.track[before], [one[before] for one in rest]),
        likeness.likeness(heard.sound[after], voice.track[after], [one[after] for one in rest]) if said_after else None,
        likeness.level_after(
            strength, likeness.gain(heard.sound[after], voice.track[after], [one[after] for one in rest])
        )
        if said_after
        else None,
        round((end - shut) / RATE, 2),
    )


def voices(heard: Heard, spoken: Mapping[str, Spoken]) -> dict[str, Voice | None]:
    """Every speaker's voice by handle."""
    return {handle: place(heard, one) for handle, one in spoken.items()}


def first_tick(heard: Heard, voice: Voice) -> float:
    """The tick at which the first frame of the clip was on the Space clock."""
    return heard.tick_of(voice.begins)


def aligned(heard: Heard, found: Mapping[str, Voice | None], begins: Mapping[str, float]) -> Heard:
    """The same sound on the clock by which voices began at the ticks `begins`; only some listeners are told the ticks exactly."""
    off = [
        begins[who] - first_tick(heard, voice) for who, voice in found.items() if voice is not None and who in begins
    ]
    return Heard(heard.first + median(off), heard.sound) if off else heard


def _is_before_mute(spoken: Spoken, sentence: Sentence) -> bool:
    """By the expected beginning: a mute falls seconds after the words that it is for, so half a tick is no matter."""
    return spoken.muted is None or spoken.tick + sentence.end * TICKS_PER_SECOND <= spoken.muted


def _likeness(heard: Heard, voice: Voice, others: Sequence[Voice], at: Place) -> float:
    part = slice(at.first, at.last)
    return likeness.likeness(heard.sound[part], voice.track[part], [one.track[part] for one in others])


def _lay(heard: Heard, voice: Voice, sentence: Sentence, pattern: Sound, begins: int) -> int:
    """Lay a sentence on the track where it was heard, else where it would be; returns the script's beginning by it."""
    slip, expected = round(SLIP * RATE), begins + round(sentence.start * RATE)
    found = likeness.find(heard.sound, pattern, expected - slip, expected + slip)
    at = found.at if found is not None and found.score >= FOUND else expected
    first, last = max(0, at), min(len(voice.track), at + len(pattern))
    if first < last:
        voice.track[first:last] = pattern[first - at : last - at]
        voice.places.append(Place(sentence, first, last))
    return at - round(sentence.start * RATE)


def _cut(pcm: Sound, script: Script, start: float, end: float) -> Sound:
    """Seconds of the script, which may lie in a later pass of the clip."""
    first = round(start * RATE) % (script.period * TICK)
    return pcm[first : first + round((end - start) * RATE)]
