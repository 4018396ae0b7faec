"""`python -m bots.hearing.of_file MODEL FILE`: what a model hears in a sound file, as one lane: a JSON line for each utterance.

A process of its own, since errors in Kaldi end a process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from bots.hearing.lane import LanePipeline
from bots.hearing.messages import Heard, Utterance
from bots.hearing.recogniser import Recogniser
from bots.models import ModelError
from spacesctl.audio.activity import Activity, Meter
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.opus import Decoder
from spacesctl.client.sound import packets
from spacesctl.domain.errors import Invalid
from spacesctl.support.terminal import write_line


def heard(make: Callable[[], Recogniser], sound: Iterable[bytes]) -> Iterator[Utterance]:
    """The final utterances of Opus packets of 20 ms; the first one is tick 0. What is silent is skipped, as in a Space."""
    lane, activity, meter, decoder = LanePipeline("", 1, make()), Activity(), Meter(), Decoder()
    for tick, packet in enumerate(sound):
        flags = FLAG_ACTIVE if activity.update(meter.level(decoder.decode(packet))) else 0
        yield from _finals(lane.frame(tick, flags, packet))
    yield from _finals(lane.rest())


def _finals(found: Iterable[Heard]) -> Iterator[Utterance]:
    return (each for each in found if isinstance(each, Utterance) and each.final and each.words)


def main(model: str, path: str) -> int:
    """Print what is heard; the exit code."""
    from bots.hearing.engines import load

    try:
        for each in heard(load(Path(model)), packets(Path(path))):
            write_line(msgspec.json.encode(each).decode())
    except (Invalid, ModelError, OSError) as error:
        write_line(str(error), err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
