"""What the demo's rules kept from the audience: each phrase, how loud it was on the stage, and how loud at those who only listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bots.casts import Cast
from spacesctl.api.redactions import Redaction
from spacesctl.api.wire import Wire
from spacesctl.audio.delay import TONE_HZ
from spacesctl.demo import likeness, measure
from spacesctl.demo.likeness import RATE, Sound
from spacesctl.demo.measure import Voice
from spacesctl.probe.probe_listener import Heard

NEARLY_ALL = 0.95
"""The share of a phrase's ticks that must be redacted for it to count as kept back: its times are known to a tick or two."""
JOINED = 10
"""Ticks between two redactions of a voice that a mute joins: nothing is said in so short a time."""


class DemoKept(Wire, frozen=True, kw_only=True):
    """A phrase or a number that a rule kept from the audience. Levels are in dB of the same voice's other words: `on_stage_db` where the
    host listens, `in_audience_db` the highest at a listener, `tone_db` the tone in its place at the first (dBFS)."""

    handle: str
    rule: str
    number: bool
    phrase: str
    from_tick: float
    to_tick: float
    on_stage_db: float | None
    in_audience_db: float | None
    tone_db: float | None


@dataclass(frozen=True)
class Ear:
    """One listener: its sound on the stage's clock, and the voices in it by handle."""

    heard: Heard
    voices: Mapping[str, Voice | None]

    def others(self, handle: str) -> list[Voice]:
        """All voices but one."""
        return [voice for name, voice in self.voices.items() if name != handle and voice is not None]


def silent_from(redactions: Sequence[Redaction], account_id: str, muted: int) -> int:
    """The tick from which the audience hears nothing of a voice that a rule muted: what it had not heard went with the mute."""
    own = sorted(
        (one for one in redactions if _in_force(one) and one.account_id == account_id), key=lambda one: -one.to_tick
    )
    start = muted
    for one in own:
        if one.from_tick < start <= one.to_tick + JOINED:
            start = one.from_tick if one.missed_to is None else max(one.from_tick, one.missed_to + 1)
    return start


def kept(
    cast: Cast, ids: Mapping[str, str], redactions: Sequence[Redaction], stage: Ear | None, audience: Sequence[Ear]
) -> list[DemoKept]:
    """Every phrase of the cast that was said and redacted by its rule, in the order in which they were said."""
    rows = []
    for person in cast.people:
        voice = audience[0].voices.get(person.handle) if audience else None
        if voice is None:
            continue
        account = ids[person.handle]
        own = [one for one in redactions if _in_force(one) and one.account_id == account]
        for phrase in person.phrases:
            first, last = (measure.tick_of(audience[0].heard, voice, at) for at in (phrase.start, phrase.end))
            by = [one for one in own if one.by.id == phrase.rule and one.from_tick < last and first <= one.to_tick]
            said = phrase.end <= voice.spoken.seconds
            if said and by and _covered(own, first, last) >= NEARLY_ALL:
                levels = [_level(ear, person.handle, phrase.start, phrase.end, own) for ear in audience]
                is_number = by[0].number
                rows.append(
                    DemoKept(
                        handle=f"@{person.handle}",
                        rule=phrase.rule,
                        number=is_number,
                        phrase=phrase.text,
                        from_tick=first,
                        to_tick=last,
                        on_stage_db=None
                        if stage is None
                        else _level(stage, person.handle, phrase.start, phrase.end, own),
                        in_audience_db=max((one for one in levels if one is not None), default=None),
                        tone_db=_tone(audience[0].heard, first, last) if is_number else None,
                    )
                )
    return sorted(rows, key=lambda row: row.from_tick)


def _in_force(one: Redaction) -> bool:
    return one.state == "in_force"


def _covered(redactions: Sequence[Redaction], first: float, last: float) -> float:
    """The share of ticks `first` to `last` that are redacted and were not heard."""
    ticks = range(round(first), max(round(first) + 1, round(last)))
    gone = [(one.from_tick if one.missed_to is None else one.missed_to + 1, one.to_tick) for one in redactions]
    return sum(any(at <= tick <= to for at, to in gone) for tick in ticks) / len(ticks)


def _level(ear: Ear, handle: str, start: float, end: float, redactions: Sequence[Redaction]) -> float | None:
    """The level of a voice from second `start` to `end` of its script, in dB of its words that nothing touches."""
    voice = ear.voices.get(handle)
    if voice is None:
        return None
    others = [one.track for one in ear.others(handle)]
    free = [
        slice(one.first, one.last)
        for one in voice.places
        if not measure.is_muted_at(voice.spoken, one.end)
        and not _covered(redactions, *(ear.heard.tick_of(at) for at in (one.first, one.last)))
    ]
    if not free:
        return None
    before = likeness.gain(
        _joined(ear.heard.sound, free), _joined(voice.track, free), [_joined(one, free) for one in others]
    )
    part = slice(voice.sample_of(start), voice.sample_of(start) + round((end - start) * RATE))
    after = likeness.gain(ear.heard.sound[part], voice.track[part], [one[part] for one in others])
    return likeness.level_after(before, after)


def _joined(sound: Sound, parts: Sequence[slice]) -> Sound:
    joined: Sound = np.concatenate([sound[part] for part in parts])
    return joined


def _tone(heard: Heard, first: float, last: float) -> float:
    """The level of the redactions' tone in the middle of ticks `first` to `last`, in dBFS (RMS of the tone alone)."""
    edge = (last - first) / 4
    sound = heard.sound[heard.sample_of(first + edge) : heard.sample_of(last - edge)].astype(np.float64)
    if not len(sound):
        return likeness.FLOOR_DB
    wave = np.exp(-2j * np.pi * TONE_HZ * np.arange(len(sound)) / RATE)
    peak = 2 * abs(float(np.abs(np.dot(sound, wave)))) / len(sound)
    return round(max(likeness.FLOOR_DB, 20 * float(np.log10(max(peak, 1e-9) / np.sqrt(2)))), 1)
