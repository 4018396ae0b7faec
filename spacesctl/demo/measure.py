"""Finds each voice in the sound of one listener: where its sentences are, their likeness, and when the voice was silenced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from bots.casts import Sentence
from spacesctl.demo import likeness
from spacesctl.demo.likeness import RATE, Sound
from spacesctl.demo.script import Script
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.probe import probe_listener
from spacesctl.probe.probe_listener import TICK, Heard

AROUND = 3.0
"""Seconds around the expected beginning of a voice in which it is searched for."""
PART = 0.5
"""Seconds of a voice that are located and compared as one part."""
SLIP_TICKS = 10
"""Ticks by which a part may be shifted against the previous one: late ticks are skipped, and jitter buffers wait or skip."""
FOUND = 0.25
"""Matches with a lower score are chance: the voice is absent or too faint."""
CLEARLY = 0.1
"""How much higher the score of another place must be for a part to count as shifted."""
OPENINGS = 4
"""Sentences that are searched for; the best match locates the rest."""
LEAST_OPENING = 0.7
"""Seconds of a sentence by which a voice is found."""
SURE = 0.2
"""Seconds before a mute in which a voice may be silent already: when it began is known to some ticks."""
QUIET = 0.1
"""Parts with less than this share of the clip's mean power are too quiet to be compared."""
GATE_TICKS = 5
"""Ticks (100 ms) that a mute may take to silence a voice; sound after that counts as heard after the mute."""


@dataclass(frozen=True)
class Spoken:
    """A person said `seconds` of a script, beginning at about `tick`. `muted` is the tick of their mute, None without one."""

    script: Script
    tick: float
    seconds: float
    muted: int | None = None


class Place(NamedTuple):
    """A part of what somebody said: `start` to `end` in seconds of the script, `first` to `last` in samples of the listener's sound."""

    start: float
    end: float
    first: int
    last: int


@dataclass
class Voice:
    """A voice in the sound of one listener. `track` is its clip at the places where it was heard, and silence elsewhere."""

    spoken: Spoken
    track: Sound
    places: list[Place] = field(default_factory=list)

    def sample_of(self, seconds: float) -> int:
        """The sample at which a moment of the script was heard, or would have been."""
        near = [one for one in self.places if one.start <= seconds] or self.places[:1]
        return near[-1].first + round((seconds - near[-1].start) * RATE)


class Silenced(NamedTuple):
    """The effect of a mute at a listener. Likenesses and level are None when nothing was said before or after it."""

    last_sound_tick: float | None
    likeness_before: float | None
    likeness_after: float | None
    heard_after_mute_db: float | None
    seconds_sent_after: float


def place(heard: Heard, spoken: Spoken) -> Voice | None:
    """Find a voice by its best sentence, then each part near its expected place; None when the voice is not heard."""
    pcm, sentences = probe_listener.clip(spoken.script), spoken.script.sentences(spoken.seconds)
    opening = _opening(spoken, sentences)
    found = [(one, _search(heard, spoken, one, _cut(pcm, spoken.script, one.start, one.end))) for one in opening]
    matches = [(match.score, match.at - round(one.start * RATE)) for one, match in found if match is not None]
    best, begins = max(matches, default=(0.0, 0))
    if best < FOUND:
        return None
    voice = Voice(spoken, np.zeros(len(heard.sound), np.float32))
    for sentence in sentences:
        for start, end in _parts(sentence):
            begins = _lay(heard, voice, start, end, _cut(pcm, spoken.script, start, end), begins)
    return voice if voice.places else None


def _opening(spoken: Spoken, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The first sentences before a mute or, if it came in the middle of the first one, its beginning."""
    whole = [one for one in sentences if not is_muted_at(spoken, one.end)][:OPENINGS]
    if whole or not sentences or spoken.muted is None:
        return whole
    until = (spoken.muted - spoken.tick) / TICKS_PER_SECOND - SURE
    first = sentences[0]
    return [Sentence(first.text, first.start, until)] if until - first.start >= LEAST_OPENING else []


def likeness_of(heard: Heard, spoken: Spoken, voice: Voice | None, others: Sequence[Voice]) -> float | None:
    """The median likeness over the parts before a mute; None when nothing was said then, 0 when the voice was not found."""
    if voice is None:
        said = any(not is_muted_at(spoken, one.end) for one in spoken.script.sentences(spoken.seconds))
        return 0.0 if said else None
    loud = QUIET * float(np.mean(np.square(probe_listener.clip(spoken.script))))
    places = [one for one in voice.places if not is_muted_at(spoken, one.end)]
    heard_well = [one for one in places if np.mean(np.square(voice.track[one.first : one.last])) > loud]
    return round(median(_likeness(heard, voice, others, one) for one in heard_well), 3) if heard_well else None


def silenced(heard: Heard, voice: Voice | None, others: Sequence[Voice]) -> Silenced | None:
    """The effect of a mute on a voice at this listener; None when it was not muted or never heard."""
    if voice is None or voice.spoken.muted is None:
        return None
    mute = heard.sample_of(voice.spoken.muted)
    begin, end = voice.sample_of(0.0), min(len(heard.sound), voice.sample_of(voice.spoken.seconds))
    shut = min(end, mute + GATE_TICKS * TICK)
    before, after = slice(max(0, begin), max(0, mute)), slice(shut, max(shut, end))
    rest = [one.track for one in others]
    strength = likeness.gain(heard.sound[before], voice.track[before], [one[before] for one in rest])
    whole = slice(max(0, begin), end)
    last = likeness.fell_silent(heard.sound[whole], voice.track[whole], [one[whole] for one in rest], strength)
    said_after = bool(np.any(voice.track[after]))
    return Silenced(
        heard.tick_of(whole.start + last) if last else None,
        likeness_of(heard, voice.spoken, voice, others),
        likeness.likeness(heard.sound[after], voice.track[after], [one[after] for one in rest]) if said_after else None,
        likeness.level_after(
            strength, likeness.gain(heard.sound[after], voice.track[after], [one[after] for one in rest])
        )
        if said_after
        else None,
        round((end - shut) / RATE, 2),
    )


def is_muted_at(spoken: Spoken, seconds: float) -> bool:
    """Whether a moment of the script is after the mute. It may be off by a tick or two: a mute comes a second after its words."""
    return spoken.muted is not None and spoken.tick + seconds * TICKS_PER_SECOND > spoken.muted


def voices(heard: Heard, spoken: Mapping[str, Spoken]) -> dict[str, Voice | None]:
    """Every speaker's voice in a listener's sound, by handle; None for one that was not found."""
    return {handle: place(heard, one) for handle, one in spoken.items()}


def tick_of(heard: Heard, voice: Voice, seconds: float = 0.0) -> float:
    """The tick of the Space clock at which a moment of the script was heard; `seconds` 0 is its first frame."""
    return heard.tick_of(voice.sample_of(seconds))


def aligned(heard: Heard, found: Mapping[str, Voice | None], begins: Mapping[str, float]) -> Heard:
    """The same sound, with its clock corrected so that voices begin at the ticks `begins`. WebRTC listeners know ticks only roughly."""
    off = [begins[who] - tick_of(heard, voice) for who, voice in found.items() if voice is not None and who in begins]
    return Heard(heard.first + median(off), heard.sound) if off else heard


def _likeness(heard: Heard, voice: Voice, others: Sequence[Voice], at: Place) -> float:
    part = slice(at.first, at.last)
    return likeness.likeness(heard.sound[part], voice.track[part], [one.track[part] for one in others])


def _search(heard: Heard, spoken: Spoken, sentence: Sentence, pattern: Sound) -> likeness.Match | None:
    expected, around = heard.sample_of(spoken.tick) + round(sentence.start * RATE), round(AROUND * RATE)
    return likeness.find(heard.sound, pattern, expected - around, expected + around)


def _parts(sentence: Sentence) -> list[tuple[float, float]]:
    """A sentence in parts of equal length, as (start, end) in seconds."""
    edges = np.linspace(sentence.start, sentence.end, max(1, round((sentence.end - sentence.start) / PART)) + 1)
    return list(pairwise(edges.tolist()))


def _lay(heard: Heard, voice: Voice, start: float, end: float, pattern: Sound, begins: int) -> int:
    """Put a part on the track where it was heard, or else at its expected place; the script's first sample that follows from it.

    Only shifts by whole ticks are tried, since a vowel also matches itself one pitch period later. Speech after a mute is put at its
    expected place: the best of many chance matches would make it look as if it were heard.
    """
    expected = begins + round(start * RATE)
    here = likeness.score(heard.sound, pattern, expected)
    slips = [expected + ticks * TICK for ticks in range(-SLIP_TICKS, SLIP_TICKS + 1)]
    there, at = max((likeness.score(heard.sound, pattern, one), one) for one in slips)
    if there < max(FOUND, here + CLEARLY) or is_muted_at(voice.spoken, end):
        at = expected
    first, last = max(0, at), min(len(voice.track), at + len(pattern))
    if first < last:
        voice.track[first:last] = pattern[first - at : last - at]
        voice.places.append(Place(start, end, first, last))
    return at - round(start * RATE)


def _cut(pcm: Sound, script: Script, start: float, end: float) -> Sound:
    """The sound between two seconds of the script, which may be in a later pass of the clip."""
    first = round(start * RATE) % (script.period * TICK)
    return pcm[first : first + round((end - start) * RATE)]
