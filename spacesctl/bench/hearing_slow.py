"""A model process whose recognisers are slower than they need be: `python -m spacesctl.bench.hearing_slow --model DIR --rtf 0.3`.

It really computes: a recogniser that slept would leave the processor to the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bots.hearing import entry
from bots.hearing.recogniser import BYTES_PER_SECOND, Capabilities, HeardWord, Recogniser, Result
from bots.hearing.vosk_recogniser import load


class Slowed:
    """A recogniser that uses `rtf` seconds of CPU time for each second of sound."""

    def __init__(self, inner: Recogniser, rtf: float) -> None:
        self._inner = inner
        self._rtf = rtf

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    def feed(self, pcm: bytes, *, partial: bool = True) -> Result:
        until = time.thread_time() + self._rtf * len(pcm) / BYTES_PER_SECOND
        found = self._inner.feed(pcm, partial=partial)
        while time.thread_time() < until:
            pass
        return found

    def timed(self) -> tuple[HeardWord, ...]:
        return self._inner.timed()

    def finish(self) -> Result:
        return self._inner.finish()

    def begin(self) -> None:
        self._inner.begin()

    def again(self, pcm: bytes, *, most: int = 1, among: Sequence[str] = ()) -> tuple[str, ...]:
        return self._inner.again(pcm, most=most, among=among)

    def vocabulary(self) -> Collection[str]:
        return self._inner.vocabulary()


def main() -> int:
    """Serve as `bots.hearing` does; the exit code."""
    parser = argparse.ArgumentParser(prog="hearing_slow")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rtf", type=float, required=True)
    options = parser.parse_args()

    def slowed() -> Callable[[], Recogniser]:
        make = load(options.model)
        return lambda: Slowed(make(), options.rtf)

    return entry.serve(slowed)


if __name__ == "__main__":
    sys.exit(main())
