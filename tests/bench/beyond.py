"""`python -m tests.bench.beyond`: CPU time of a recogniser beside its speech engine, with all of its messages in one go.

`spacesctl bench hearing` measures the same in real time; what it has more is what waking a process costs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from bots import models
from bots.hearing.feed import LATER, Feed
from bots.hearing.messages import MAX_TO_RECOGNISER, Open, ToRecogniser
from bots.hearing.recogniser_process import RecogniserProcess
from bots.hearing.vosk_recogniser import load
from spacesctl.bench.hearing_speech import Talk, talks
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.support.messages import Unpacker, pack
from spacesctl.support.terminal import write_line

SECONDS = 60


def messages(talk: Talk) -> Iterator[bytes]:
    """What the pool sends of a lane."""
    feed = Feed(0)
    feed.step = LATER
    for tick, (flags, payload) in enumerate(talk.frames):
        feed.frame(tick, flags, payload, tick * TICK_SECONDS)
        while (sound := feed.next()) is not None:
            yield pack(sound)
            feed.told(sound.number, None)


def main() -> int:
    """Print milliseconds for each second of speech; the exit code."""
    [talk] = talks(1, SECONDS, korean=False)
    process = RecogniserProcess(load(models.find().path)())
    unpacker = Unpacker[ToRecogniser](ToRecogniser, MAX_TO_RECOGNISER)
    list(process.take(Open("bench", 1)))
    sent = list(messages(talk))
    began = time.process_time()
    for one in sent:
        for message in unpacker.feed(one):
            for answer in process.take(message):
                pack(answer)
    spent = time.process_time() - began
    engine = process.figures().engine
    spoken = sum(flags for flags, _ in talk.frames) * TICK_SECONDS
    write_line(f"engine {1000 * engine / spoken:.1f} ms, beside it {1000 * (spent - engine) / spoken:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
