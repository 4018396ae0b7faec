"""Make all clips again: `python -m bots.clips.make` (needs espeak-ng, for instance Debian's 1.51).

All words are in the vocabulary of the shipped model. Each voice was chosen from a few dozen because that model, which understands only
such voices, recognises its sentences (almost) without errors. Nothing is random: the same espeak-ng makes the same clips.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from bots.clips.espeak import Espeak, Voice
from spacesctl.audio.ogg import OggOpusWriter
from spacesctl.audio.opus import FRAME, RATE, Encoder

HERE = Path(__file__).parent
LEAD, GAP = 0.5, 1.0
"""Seconds of silence before the first sentence, and after each sentence so that the recogniser ends the utterance."""
PEAK = 0.5
"""The loudest sample of a sentence; 1 is full scale."""
BITRATE = 32_000
AUDIBLE = 0.01
"""Samples below this at the end of a sentence are cut off; 1 is full scale."""


class _Person(TypedDict):
    handle: str
    name: str
    role: str
    kind: str
    voice: Voice
    sentences: list[str]


class Person(_Person, total=False):
    """Somebody in a cast. `phrases` are (rule, phrase) for each phrase of the sentences that breaks a rule."""

    troublemaker: bool
    phrases: list[tuple[str, str]]


CASTS: dict[str, tuple[str, list[Person]]] = {
    "cast_a": (
        "Acme customer care hour",
        [
            {
                "handle": "acme",
                "name": "Acme Phones",
                "role": "host",
                "kind": "brand",
                "voice": Voice("en-gb-x-rp+caleb", 152, 42, 41),
                "sentences": [
                    "hello everyone and welcome to the live show",
                    "today we talk about the new product and the price",
                    "please raise your hand if you have a question",
                    "the agent can help you with your order",
                    "thank you for joining tonight",
                    "the first speaker is on the line now",
                    "let's start with the first question please",
                ],
            },
            {
                "handle": "mara",
                "name": "Mara",
                "role": "speaker",
                "kind": "person",
                "voice": Voice("en+f1", 130, 62, 49),
                "sentences": [
                    "good evening everyone can you hear me now",
                    "i have a question about my order",
                    "my package was late again last week",
                    "the invoice is wrong and i want a refund",
                    "my account number is four seven two nine one one eight",
                    "i would like to talk to a manager please",
                    "thank you so much for your help",
                ],
                "phrases": [("numbers", "four seven two nine one one eight")],
            },
            {
                "handle": "theo",
                "name": "Theo",
                "role": "speaker",
                "kind": "person",
                "voice": Voice("en-us+m7", 143, 26, 65),
                "sentences": [
                    "hi there i am happy to be here",
                    "i like this show and the music",
                    "how much is the new phone today",
                    "it costs twenty five dollars",
                    "the service is very good",
                    "can you repeat the question please",
                    "we will listen to the radio tomorrow",
                ],
            },
            {
                "handle": "rex",
                "name": "Rex",
                "role": "speaker",
                "kind": "person",
                "troublemaker": True,
                "voice": Voice("en-us+benjamin", 159, 50, 47),
                "sentences": [
                    "hello friends can everyone hear me",
                    "free crypto giveaway join now",
                    "click the link and win money",
                    "send me your password now please",
                    "follow my channel for a free prize",
                    "you are an idiot and a liar",
                ],
                "phrases": [
                    ("scam-pitch", "crypto giveaway"),
                    ("scam-pitch", "send me your password"),
                    ("insults", "idiot"),
                    ("insults", "liar"),
                ],
            },
        ],
    ),
    "cast_b": (
        "Nova community evening",
        [
            {
                "handle": "nova",
                "name": "Nova Community",
                "role": "host",
                "kind": "brand",
                "voice": Voice("en-us+ed", 145, 56, 58),
                "sentences": [
                    "good morning everybody and welcome back to the space",
                    "the next topic is privacy and security",
                    "please mute your microphone when you listen",
                    "the rules are simple be nice to each other",
                    "you can raise your hand at the end",
                    "the meeting is recorded and it is public",
                    "let's talk about the future of technology",
                ],
            },
            {
                "handle": "ines",
                "name": "Ines",
                "role": "speaker",
                "kind": "person",
                "voice": Voice("en-gb-x-rp+grandma", 151, 75, 40),
                "sentences": [
                    "good morning i am ready to start",
                    "i want to change my password today",
                    "how do i close my old account",
                    "the email from the service was fake",
                    "i did not click the link",
                    "yes that is correct thank you",
                    "see you next time everyone",
                ],
            },
            {
                "handle": "omar",
                "name": "Omar",
                "role": "speaker",
                "kind": "person",
                "voice": Voice("en+michael", 162, 41, 53),
                "sentences": [
                    "hello i can hear you very well",
                    "we need to talk about the community",
                    "there are three hundred people in the room tonight",
                    "the weather is nice and the city is good",
                    "i bought a black car yesterday",
                    "my brother is here with the dog",
                    "one two three four five six seven",
                ],
            },
            {
                "handle": "zed",
                "name": "Zed",
                "role": "speaker",
                "kind": "person",
                "troublemaker": True,
                "voice": Voice("en-us+boris", 146, 42, 50),
                "sentences": [
                    "hey everyone this is a boring show",
                    "nobody wants to listen to the host",
                    "shut up you stupid clown",
                    "i will find you and hurt you",
                    "turn the music up and stop talking",
                    "this is a scam and you are a thief",
                ],
                "phrases": [("abuse", "shut up"), ("abuse", "stupid clown"), ("threats", "hurt you")],
            },
        ],
    ),
}


def main(place: Path = HERE) -> None:
    """Write every cast's clips and its cast.json into `place`."""
    espeak = Espeak()
    for name, (title, people) in CASTS.items():
        folder = place / name
        folder.mkdir(exist_ok=True)
        cast = {"title": title, "rules": "rules.toml", "people": [_clip(espeak, folder, each) for each in people]}
        (folder / "cast.json").write_text(json.dumps(cast, indent=1) + "\n")


def _clip(espeak: Espeak, folder: Path, person: Person) -> dict[str, Any]:
    """Write one person's clip; their entry of cast.json."""
    voice = person["voice"]
    parts, sentences, phrases = [np.zeros(int(LEAD * RATE))], [], []
    for text in person["sentences"]:
        at = sum(map(len, parts)) / RATE
        pcm, words = espeak.say(text, voice)
        pcm = _trimmed(resample(pcm, espeak.rate, RATE))
        sentences.append({"text": text, "start": round(at, 3), "end": round(at + len(pcm) / RATE, 3)})
        for rule, phrase in person.get("phrases", []):
            if phrase in text:
                start, end = _span(text, phrase, words, espeak.rate, len(pcm) / RATE)
                phrases.append({"rule": rule, "text": phrase, "start": round(at + start, 3), "end": round(at + end, 3)})
        parts += [pcm * (PEAK / np.abs(pcm).max()), np.zeros(int(GAP * RATE))]
    whole = np.concatenate(parts)
    frames = _encode(np.pad(whole, (0, -len(whole) % FRAME)))
    file = f"{person['handle']}.ogg"
    (folder / file).write_bytes(_ogg(frames, serial=sum(person["handle"].encode())))
    sys.stdout.write(f"{folder.name}/{file}: {len(frames) / 50:.1f} s\n")
    return {
        "handle": person["handle"],
        "name": person["name"],
        "role": person["role"],
        "kind": person["kind"],
        "troublemaker": person.get("troublemaker", False),
        "voice": voice.name,
        "clip": file,
        "seconds": len(frames) / 50,
        "sentences": sentences,
        "phrases": phrases,
    }


def _span(text: str, phrase: str, words: list[tuple[int, int]], rate: int, seconds: float) -> tuple[float, float]:
    """When a phrase is spoken within its sentence, in seconds: from its first word to the word after its last."""
    first = text.index(phrase)
    after = first + len(phrase)
    start = max((sample for sample, char in words if char <= first), default=0)
    end = min((sample / rate for sample, char in words if char >= after), default=seconds)
    return start / rate, end


def resample(pcm: npt.NDArray[np.float64], source: int, target: int) -> npt.NDArray[np.float64]:
    """Resample by the Fourier transform of the whole clip: band-limited and exact, but too slow for live sound."""
    length = round(len(pcm) * target / source)
    spectrum = np.fft.rfft(pcm)
    wanted = np.zeros(length // 2 + 1, complex)
    shared = min(len(spectrum), len(wanted))
    wanted[:shared] = spectrum[:shared]
    return np.fft.irfft(wanted, length) * (length / len(pcm))


def _trimmed(pcm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    loud = np.flatnonzero(np.abs(pcm) > AUDIBLE)
    return pcm[: loud[-1] + 1]


def _encode(pcm: npt.NDArray[np.float64]) -> list[bytes]:
    encoder = Encoder(bitrate=BITRATE, complexity=10, fec=False)
    samples = np.round(pcm * 32767).astype(np.int16)
    return [encoder.encode(samples[at : at + FRAME]) for at in range(0, len(samples), FRAME)]


def _ogg(frames: list[bytes], serial: int) -> bytes:
    writer = OggOpusWriter(serial=serial)
    return writer.headers() + writer.page(frames, last=True)


if __name__ == "__main__":
    main()
