"""The two seams inside the engine: where a lane's sound comes from, and where an encoded output goes.

A room mixes any number of `Source`s and feeds any number of `Sink`s. It never asks what kind one is: a microphone, a program, and later
a room or another machine are sources; the UDP fan-out, the listeners over TCP and what control subscribed to are sinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from spacesctl.audio.opus import Pcm


class Taken(NamedTuple):
    """What a source gives for one tick.

    `flags` are `FLAG_ACTIVE` and `FLAG_LOST` of `engine.messages`. `payload` is the Opus packet as it came: None when the source is
    silent, empty when its frame was lost. `pcm` (`int16[960]`, 48 kHz mono, with the lane's gain) is what is mixed, None for nothing.
    `said` is True when the voice itself is in `pcm`, and not concealment or comfort noise: only then its loudness is learned.
    """

    flags: int
    payload: bytes | None
    pcm: Pcm | None
    said: bool = False


SILENT: Final = Taken(0, None, None)
"""Nothing was said in this tick."""


class Source(Protocol):
    """One lane's sound, one frame a tick: a frame, silence, or a loss."""

    def take(self, tick: int, now: float) -> Taken:
        """The part of tick `tick` of the Space; `now` is monotonic seconds. Called with rising numbers, of which some may be left out."""


class Frame(NamedTuple):
    """One encoded tick of an output: 20 ms of Opus and its RTP timestamp. `withheld` frames are silence that a receiver makes by itself:
    they are sent only in a packet with sound."""

    payload: bytes
    timestamp: int
    withheld: bool = False


class Sink(Protocol):
    """Takes one encoded frame a tick. There is one for each output and packet time, never one for each listener."""

    def send(self, frame: Frame, now: float) -> None:
        """The frame of this tick; `now` is monotonic seconds. Never waits: what cannot be sent is lost and counted."""

    def losses(self) -> Iterator[int]:
        """What each listener behind it reports as lost, in percent."""
