"""The audience's mix of one Space: the lanes' delay lines, the audience's clock, and what is redacted."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from spacesctl.audio.audience_clock import AudienceClock, Heard
from spacesctl.audio.delay import MAX_DELAY, DelayLine
from spacesctl.audio.mix import Mixer
from spacesctl.audio.opus import Pcm
from spacesctl.audio.redactions import MOST, Redactions, Stretch

News = tuple[int, int, bool]
_NEVER: Final = (0, 0, False)


class Delayed:
    """In each tick, `put` the lanes' frames and then `air`: `mix` is what the audience hears. It begins with a whole delay (in ticks)."""

    def __init__(self, delay: int = 0) -> None:
        self.clock = AudienceClock(delay)
        self.redactions = Redactions()
        self.mix = Mixer()
        self._lines: dict[int, DelayLine] = {}
        self._places = delay
        self._silent_from: dict[str, int] = {}
        """Name of a redaction -> the tick from which nothing is heard of its lane, as far as it goes."""
        self._told: News | None = None
        self._heard = Heard(-1)
        self._tick = -1

    def open(self, lane: int) -> None:
        """Make the line of a lane."""
        self._lines.setdefault(lane, DelayLine(self._places))

    def aim(self, delay: int, *, now: bool = False) -> None:
        """Change the delay. Raises ValueError for one that no line can have."""
        if not 0 <= delay <= MAX_DELAY:
            raise ValueError(f"a delay of {delay} ticks")
        self._resize(max(delay, self.clock.behind))
        self.clock.aim(delay, now=now)

    def redact(self, name: str, stretch: Stretch, *, cut: bool = False) -> int:
        """Keep a stretch from the audience, in place of the one that had this name. Returns the first of its ticks that is not heard:
        what was silent already under this name stays so. Raises ValueError when it is reversed."""
        before = self.redactions.get(name)
        self.redactions.put(name, stretch)
        if cut:
            self.clock.cut(stretch.first, stretch.last)
        silent = self._next_silent(stretch)
        if before is not None and before.lane == stretch.lane and before.covers(before.lane, silent - 1):
            silent = min(silent, max(before.first, self._silent_from.get(name, silent)))
        self._silent_from[name] = silent
        if len(self._silent_from) > MOST:
            self._silent_from = {each: at for each, at in self._silent_from.items() if self.redactions.get(each)}
        return max(stretch.first, silent)

    def _next_silent(self, stretch: Stretch) -> int:
        """The first tick of which nothing will be heard if it is redacted now: the next one, or, when that one has to fade out because
        the tick before it was sent, the one after it."""
        following = self._heard.source + 1
        sends = any(line.is_sounding for number, line in self._lines.items() if stretch.covers(number, following))
        return following + 1 if sends else following

    def put(self, tick: int, frames: Mapping[int, Pcm]) -> None:
        """Store the frames of a tick by lane; a lane without one is silent."""
        for number, line in self._lines.items():
            line.put(tick, frames.get(number))

    def air(self, tick: int, lanes: Container[int]) -> Heard:
        """Mix what the audience hears now. The empty lines of lanes that are not among `lanes` are dropped."""
        heard = self._heard = self.clock.step(tick, self._is_pause, empty=not self._lines)
        self._tick = tick
        self.mix.clear()
        for number, line in self._lines.items():
            pcm = line.take(heard, self.redactions.around(number, heard.source))
            if pcm is not None:
                self.mix.add(pcm)
        for number in [n for n, line in self._lines.items() if n not in lanes and line.is_empty(heard.source)]:
            del self._lines[number]
        if self.redactions:
            self.redactions.forget_before(heard.source)
        if self.clock.behind == self.clock.target < self._places:
            self._resize(self.clock.target)
        return heard

    def news(self) -> News | None:
        """Tick, source, and whether the audience hears a silence that fills up the delay, if control cannot know it from the last time."""
        heard = self._heard
        now = (self._tick, heard.source, heard.held and self.clock.is_filling)
        last = self._told or _NEVER
        if self._told is not None and (now[0] - now[1], now[2]) == (last[0] - last[1], last[2]):
            return None
        self._told = now
        return now

    def clear(self) -> None:
        """Drop all lines."""
        self._lines.clear()

    def _is_pause(self, source: int) -> bool:
        return all(
            line.frame(source) is None or self.redactions.mode(number, source) == "silence"
            for number, line in self._lines.items()
        )

    def _resize(self, delay: int) -> None:
        self._places = delay
        for line in self._lines.values():
            line.resize(delay)
