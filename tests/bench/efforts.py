"""How so many voices at once sound at each level of an encoder's effort, and what it costs: wide-band PESQ, microseconds.

python tests/bench/efforts.py [--voices 1]... [--mixes 4] [--json]

Needs `pip install pesq`. The voices are the demo's, levelled; `auto` is libopus' own choice between speech and music. Medians: now and then
PESQ loses its place among many voices, and takes away a whole point.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from typing import Any

import numpy as np

from bots import casts
from spacesctl.api.wire import plain
from spacesctl.audio.limiter import Limiter, Limiters
from spacesctl.audio.loudness import Channel, Leveller, LoudnessBank
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import FRAME, RATE, Decoder, Encoder, Pcm
from spacesctl.probe import machine, quality

EFFORTS = {"auto": (8, False), "music": (8, True), "simple music": (5, True), "simplest music": (0, True)}
VOICES = (1, 2, 4, 6, 7, 8, 10)
SECONDS = 16
SCORED = 8 * RATE
DELAY = 312
"""Samples by which libopus is late: 6.5 ms."""


def said() -> list[Pcm]:
    """Everybody in the demo, as loud as the engine makes them, in frames."""
    clips = [person.clip.read_bytes() for name in casts.names() for person in casts.load(name).people]
    return [levelled(np.concatenate([*map(Decoder().decode, read_packets(clip))])) for clip in clips]


def levelled(pcm: Pcm) -> Pcm:
    frames, desk, leveller = np.resize(pcm, (SECONDS * RATE // FRAME, FRAME)), LoudnessBank(), Leveller()
    for frame in frames:  # once to learn the voice
        desk.run([Channel(frame, leveller)])
    return np.array([desk.run([Channel(frame, leveller)])[0].copy() for frame in frames])


def mixed(people: list[Pcm], count: int, first: int) -> Pcm:
    """So many of them at once, none beginning with another; who is in it twice is so at another place."""
    places = range(first * 3, first * 3 + count)
    total = sum(np.roll(people[place % len(people)].astype(np.int32), place * 37, axis=0) for place in places)
    limiters, limiter = Limiters(), [Limiter()]
    return np.array([limiters.run(frame[None], limiter)[0].copy() for frame in np.asarray(total)])


def measure(mix: Pcm, effort: tuple[int, bool]) -> tuple[list[float], list[float]]:
    """PESQ of each eight seconds, and microseconds of each frame."""
    encoder, decoder, heard, spent = Encoder(dtx=True), Decoder(), [], []
    encoder.work(*effort)
    for frame in mix:
        began = time.thread_time()
        packet = encoder.encode(frame)
        spent.append((time.thread_time() - began) * 1e6)
        heard.append(decoder.decode(packet))
    sound = np.concatenate(heard)[DELAY:]
    begins = range(RATE, len(sound) - SCORED, SCORED // 2)
    return [quality.pesq(mix.reshape(-1)[at : at + SCORED], sound[at : at + SCORED]) for at in begins], spent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", action="append", type=int)
    parser.add_argument("--mixes", type=int, default=6)
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    options = parser.parse_args()
    people = said()
    rows: list[dict[str, Any]] = []
    for count in options.voices or VOICES:
        mixes = [mixed(people, count, first) for first in range(options.mixes)]
        for name, effort in EFFORTS.items():
            found = [measure(mix, effort) for mix in mixes]
            score, microseconds = (float(np.median(np.concatenate(each))) for each in zip(*found, strict=True))
            rows.append({"voices": count, "effort": name, "pesq": round(score, 3), "us": round(microseconds)})
            if not options.json:
                print("{voices:>3} voices, {effort:<14} PESQ {pesq:.2f}, {us:>4} us".format(**rows[-1]), flush=True)
    if options.json:
        print(json.dumps({"efforts": rows, "machine": plain(machine.described())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
