"""What is said in `bench redaction`: lanes of continuous talk with phrases in it, spoken by espeak-ng, with the time of every word."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from bots.clips.espeak import Espeak, Voice
from bots.clips.make import AUDIBLE, CASTS, PEAK, resample
from spacesctl.audio.activity import Activity, Meter
from spacesctl.audio.opus import FRAME, RATE, Decoder, Encoder, Pcm
from spacesctl.domain.clock import TICKS_PER_SECOND

GAP: Final = 0.1
"""Seconds between two sentences: nobody pauses."""
LEAD: Final = 0.6
"""Seconds of silence before a lane's first sentence."""
BITRATE: Final = 32_000
HEARD_RATE: Final = 16_000
"""The sample rate of recognisers."""

PHRASES: Final = {
    "crypto giveaway": "free crypto giveaway join now",
    "password now": "send me your password now please",
    "an idiot": "you are an idiot and a loser",
    "stupid clown": "shut the phone you stupid clown please",
    "hurt you": "i will find you and hurt you today",
    "free bitcoin": "click the link for free bitcoin and more",
    "a liar": "the host is a liar and everyone knows",
    "ugly creep": "go away you ugly creep and stay there",
    "total scam": "the product is a scam and you know it",
    "card number": "tell me your card number and your name",
    "go to hell": "you can go to hell with your show",
    "a thief": "my brother said you are a thief again",
    "shut up": "please shut up and listen to me",
    "fake prize": "they sent a fake prize to my friend",
}
"""A phrase that a rule redacts, and a sentence with it. One of them is not in its sentence: what is never said must not be found."""

VOICES: Final = [
    *(person["voice"] for _, people in CASTS.values() for person in people),
    Voice("en-us+pedro", 150, 45),
    Voice("en+ed", 140, 50),
]


@dataclass(frozen=True)
class SaidWord:
    """A word as it was spoken: seconds from the lane's beginning. It begins and ends with an audible sample."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class SaidPhrase:
    """A phrase, and its first and last word in the lane's list of words."""

    text: str
    first: int
    last: int


@dataclass(frozen=True)
class Lane:
    """One voice. `frames` are (flags, Opus packet) of each tick, flagged as the engine does; `heard` is what the recogniser gets of them
    (`int16[n]`, 16 kHz). With others: two more lanes talk in the same Space."""

    space: str
    number: int
    with_others: bool
    frames: list[tuple[int, bytes]]
    heard: Pcm
    words: list[SaidWord]
    phrases: list[SaidPhrase]


Spoken = tuple[list[bytes], list[SaidWord], float]
"""A sentence: packets, words with seconds from its beginning, and its length in seconds."""


class Studio:
    """Speaks sentences, each once for a voice."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._made: dict[tuple[str, Voice], Spoken] = {}

    def say(self, text: str, voice: Voice) -> Spoken:
        """Raises ValueError for an unknown voice."""
        if (text, voice) not in self._made:
            self._made[text, voice] = self._say(text, voice)
        return self._made[text, voice]

    def _say(self, text: str, voice: Voice) -> Spoken:
        pcm, all_marks = self._espeak.say(text, voice)
        marks = [
            (sample, at) for sample, at in all_marks if text[at : at + 1].strip()
        ]  # some are of the pause after a comma
        pcm = resample(pcm, self._espeak.rate, RATE)
        loud = np.flatnonzero(np.abs(pcm) > AUDIBLE)
        pcm = pcm[: loud[-1] + 1] * (PEAK / np.abs(pcm).max())
        starts = [sample / self._espeak.rate for sample, _ in marks]
        texts = [text[at : (text + " ").index(" ", at)].rstrip(",") for _, at in marks]
        spans = pairwise([*starts, len(pcm) / RATE])
        words = [SaidWord(text, *_audible(pcm, *span)) for text, span in zip(texts, spans, strict=True)]
        silence = np.zeros(int(GAP * RATE) + -(len(pcm) + int(GAP * RATE)) % FRAME)
        packets = list(encoded(np.concatenate((pcm, silence))))
        return packets, words, len(packets) / TICKS_PER_SECOND


def _audible(pcm: npt.NDArray[np.float64], start: float, after: float) -> tuple[float, float]:
    """The audible part of a word that begins after `start` seconds and is over `after` that many: espeak-ng pauses before some words, and
    many a consonant begins with silence."""
    first, end = int(start * RATE), int(after * RATE)
    loud = np.flatnonzero(np.abs(pcm[first:end]) > AUDIBLE)
    return ((first + int(loud[0])) / RATE, (first + int(loud[-1]) + 1) / RATE) if len(loud) else (start, after)


def encoded(pcm: npt.NDArray[np.float64]) -> Iterator[bytes]:
    """Sound (48 kHz, 1 is full scale) as packets of 20 ms."""
    encoder = Encoder(bitrate=BITRATE)
    samples = np.round(pcm * 32767).astype(np.int16)
    for at in range(0, len(samples), FRAME):
        yield encoder.encode(samples[at : at + FRAME])


def lanes(phrases: int, count: int, seed: int = 1) -> list[Lane]:
    """`count` lanes with `phrases` phrases in all. As many talk alone as there is room for beside two Spaces of three."""
    studio, others = Studio(), 6 if count >= 7 else 0
    made = []
    for index in range(count):
        of_three = index < others
        space, number = (f"three{index // 3}", index % 3 + 1) if of_three else (f"alone{index}", 1)
        wanted = phrases // count + (index < phrases % count)
        voice, choice = VOICES[index % len(VOICES)], random.Random(seed * 1000 + index)
        made.append(_lane(studio, voice, space, number, of_three, wanted, choice))
    return made


def _lane(
    studio: Studio, voice: Voice, space: str, number: int, with_others: bool, wanted: int, choice: random.Random
) -> Lane:
    packets = list(encoded(np.zeros(round((LEAD + choice.random()) * TICKS_PER_SECOND) * FRAME)))
    words, phrases = list[SaidWord](), list[SaidPhrase]()
    for phrase, sentence in _talk(wanted, choice):
        frames, said, _ = studio.say(sentence, voice)
        at, first = len(packets) / TICKS_PER_SECOND, len(words)
        packets += frames
        words += [SaidWord(one.text, one.start + at, one.end + at) for one in said]
        if phrase is not None and (found := _place([one.text for one in said], phrase.split())) is not None:
            phrases.append(SaidPhrase(phrase, first + found, first + found + len(phrase.split()) - 1))
    packets += encoded(np.zeros(TICKS_PER_SECOND * FRAME))
    frames_of, heard = flagged(packets)
    return Lane(space, number, with_others, frames_of, heard, words, phrases)


def _talk(wanted: int, choice: random.Random) -> Iterator[tuple[str | None, str]]:
    """Sentences without a phrase and with one in turns. A phrase comes again only after all others have."""
    fillers = [
        sentence
        for _, people in CASTS.values()
        for person in people
        for sentence in person["sentences"]
        if not any(f" {phrase} " in f" {sentence} " for phrase in PHRASES)
    ]
    said = [phrase for phrase, sentence in PHRASES.items() if phrase in sentence]
    choice.shuffle(said)
    for index in range(wanted):
        yield None, choice.choice(fillers)
        phrase = said[index % len(said)]
        yield phrase, PHRASES[phrase]
    yield None, choice.choice(fillers)


def _place(words: Sequence[str], phrase: Sequence[str]) -> int | None:
    places = range(len(words) - len(phrase) + 1)
    return next((at for at in places if list(words[at : at + len(phrase)]) == list(phrase)), None)


def flagged(packets: Sequence[bytes]) -> tuple[list[tuple[int, bytes]], Pcm]:
    """Packets with the engine's flags, and what a recogniser gets of them (`int16[n]`, 16 kHz)."""
    decoder, meter, activity = Decoder(HEARD_RATE), Meter(), Activity()
    sounds = [decoder.decode(packet) for packet in packets]
    flags = [int(activity.update(meter.level(sound))) for sound in sounds]
    return list(zip(flags, packets, strict=True)), np.concatenate(sounds)
