"""The engine's two internal interfaces: `Source`, where a lane's sound comes from, and `Sink`, where an encoded output goes.

A room mixes any number of sources and feeds any number of sinks, whatever their kind. A microphone or a program is a source, and later
a room or another machine may be one. The UDP fan-out, the listeners over TCP and the outputs that control subscribed to are sinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from spacesctl.audio.opus import Pcm


class Taken(NamedTuple):
    """What a source gives for one tick.

    `flags` are `FLAG_ACTIVE` and `FLAG_LOST` of `engine.messages`. `payload` is the Opus packet: None when the source is silent, empty
    when its frame was lost. `pcm` (`int16[960]`, 48 kHz mono, with the lane's gain) is mixed; None mixes nothing. `said` is True when
    `pcm` is decoded speech, and not concealment or comfort noise: only then is the loudness of the channel learned from it.
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
        """The sound of the Space's tick `tick`; `now` is monotonic seconds. Tick numbers rise from call to call; some may be skipped."""


class Frame(NamedTuple):
    """One encoded tick of an output: 20 ms of Opus and its RTP timestamp. A `withheld` frame is silence that a receiver fills in by
    itself (DTX): it is sent only when it shares a packet with sound."""

    payload: bytes
    timestamp: int
    withheld: bool = False


class Sink(Protocol):
    """Takes one encoded frame a tick. There is one for each output and packet time, never one for each listener."""

    def send(self, frame: Frame, now: float) -> None:
        """Send this tick's frame; `now` is monotonic seconds. Never waits: what cannot be sent at once is dropped and counted."""

    def losses(self) -> Iterator[int]:
        """The packet loss that each listener of this sink reports, in percent."""
