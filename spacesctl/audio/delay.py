"""The delay line of one lane: its sound waits until the audience hears it, without what was redacted in the meantime.

A redacted tick has nothing of the lane, from its first sample to its last: the fades are in the ticks around it. Only when the tick before
it was already sent (at no delay, or at the last moment), the first 5 ms of the redacted tick are the fade-out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spacesctl.audio.audience_clock import Heard
from spacesctl.audio.fades import cut_short, faded_in, faded_out
from spacesctl.audio.mix import added
from spacesctl.audio.opus import FRAME, RATE, Pcm
from spacesctl.audio.redactions import UNTOUCHED, Around

MAX_DELAY: Final = 500
"""The longest delay in ticks: 10 s."""
TONE_HZ: Final = 1_000
"""Has whole periods in a tick, so that each tick of the tone is the same."""
TONE_PEAK: Final = 2_300
"""About -26 dBFS in RMS: softer than speech."""
TONE: Final[Pcm] = np.rint(TONE_PEAK * np.sin(2 * np.pi * TONE_HZ * np.arange(FRAME) / RATE)).astype(np.int16)


class DelayLine:
    """Keeps a lane's last `delay` ticks, 0 to 500 (raises ValueError otherwise). In each tick, `put` the lane's frame and then `take` the
    audience's."""

    def __init__(self, delay: int = 0) -> None:
        self._ring: Pcm = np.zeros((0, FRAME), np.int16)
        self._ticks: list[int] = []
        self._newest = -1
        self._faded = True  # what was taken last ended in silence
        self.resize(delay)

    @property
    def is_sounding(self) -> bool:
        """Whether what was taken last did not end in silence: the next tick begins at least with a fade-out."""
        return not self._faded

    def resize(self, delay: int) -> None:
        """Keep another number of ticks from now on."""
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"a delay of {delay} ticks")
        ring, ticks = self._ring, self._ticks
        places = delay + 2  # the present tick, and the one before the first: a cut at the last moment fades it out
        self._ring, self._ticks = np.zeros((places, FRAME), np.int16), [-1] * places
        for frame, tick in sorted(zip(ring, ticks, strict=True), key=lambda kept: kept[1]):
            if tick >= 0:
                self.put(tick, frame)

    def put(self, tick: int, pcm: Pcm | None) -> None:
        """Store the lane's frame of `tick` (`pcm: int16[960]`, after its gain), or None for silence."""
        place = tick % len(self._ticks)
        if pcm is None:
            self._ticks[place] = -1
            return
        self._ring[place] = pcm
        self._ticks[place] = tick
        self._newest = max(self._newest, tick)

    def frame(self, tick: int) -> Pcm | None:
        """What was put at a tick, or None for silence. Valid until the next `put`."""
        place = tick % len(self._ticks)
        return self._ring[place] if tick >= 0 and self._ticks[place] == tick else None

    def take(self, heard: Heard, around: Around = UNTOUCHED) -> Pcm | None:
        """What the audience hears of the lane (`int16[960]`), or None for silence. Valid until the next `put`."""
        tail = self._cut_off(heard, around)
        if around.now is not None or heard.held:
            sound = _tone(heard, around) if around.now == "tone" and not heard.held else None
            self._faded = True
        else:
            sound = self._edged(heard, around)
        if tail is None:
            return sound
        return tail if sound is None else added(sound, tail)

    def is_empty(self, source: int) -> bool:
        """Whether no frame is left for the audience that heard tick `source`."""
        return self._newest <= source

    def _cut_off(self, heard: Heard, around: Around) -> Pcm | None:
        """The fade-out of what was sent and does not go on."""
        if self._faded:
            return None
        frame = (
            self.frame(heard.left)
            if heard.left is not None
            else self.frame(heard.source)
            if around.now is not None
            else None
        )
        return None if frame is None else cut_short(frame)

    def _edged(self, heard: Heard, around: Around) -> Pcm | None:
        """The lane's own frame, faded where its neighbour is not heard."""
        frame = self.frame(heard.source)
        if frame is None:
            self._faded = True
            return None
        if heard.rises or (self._faded and around.before is not None):
            frame = faded_in(frame)
        self._faded = heard.falls or around.after is not None
        return faded_out(frame) if self._faded else frame


def _tone(heard: Heard, around: Around) -> Pcm:
    sound = TONE
    if heard.rises or around.before != "tone":
        sound = faded_in(sound)
    if heard.falls or around.after != "tone":
        sound = faded_out(sound)
    return sound
