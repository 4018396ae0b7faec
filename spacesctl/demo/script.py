"""What each person of the demo says, and when: their clip, repeated with a pause in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bots.casts import Cast, Person, Sentence
from spacesctl.audio.ogg import SILENCE, read_packets
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND

PAUSE = 4 * TICKS_PER_SECOND
"""Ticks between two passes of a clip."""
WHOLE_AT = 30.0
"""Seconds that the whole story needs; in a shorter demo people begin earlier."""
LAST_WORDS = 1.5
"""Seconds without speech at the end, in which the last captions arrive."""
_BEGINNINGS = {"host": 0.3, "first": 5.0, "troublemaker": 9.0, "second": 13.0}
"""Seconds after the beginning at which each starts to speak. The previous one is still speaking then, so voices overlap."""


@dataclass(frozen=True)
class Script:
    """A person's clip, repeated without end. `packets` are 20 ms of Opus each. Times are seconds since the first packet."""

    person: Person
    packets: tuple[bytes, ...]

    @property
    def period(self) -> int:
        """Ticks from one pass to the next."""
        return len(self.packets) + PAUSE

    def packet(self, tick: int) -> bytes:
        """The Opus packet for this tick of the script."""
        at = tick % self.period
        return self.packets[at] if at < len(self.packets) else SILENCE

    def sentences(self, seconds: float) -> list[Sentence]:
        """The sentences that are complete within the first `seconds`, over all passes."""
        length = self.period * TICK_SECONDS
        passes = int(seconds // length) + 1
        said = [
            Sentence(one.text, one.start + number * length, one.end + number * length)
            for number in range(passes)
            for one in self.person.sentences
        ]
        return [one for one in said if one.end <= seconds]

    def text(self, seconds: float) -> str:
        """The words of those sentences, as the reference for a word error rate."""
        length = self.period * TICK_SECONDS
        passes = [self.person.text] * int(seconds // length)
        return " ".join([*passes, self.person.said_by(seconds % length)]).strip()

    def whole_until(self, seconds: float) -> float:
        """The end of the last sentence that is complete within `seconds`; 0 when there is none."""
        return max((one.end for one in self.sentences(seconds)), default=0.0)


@dataclass(frozen=True)
class Turn:
    """A person's part: they begin `start` seconds into the demo and say `length` seconds of their script (None: without end)."""

    script: Script
    start: float
    length: float | None

    @cached_property
    def ticks(self) -> int | None:
        """Ticks of the script that are said, after which there is silence; None: without end."""
        return None if self.length is None else round(self.length * TICKS_PER_SECOND) + 5 * (self.length > 0)

    def packet(self, tick: int) -> bytes:
        """The Opus packet for this tick of the part."""
        return self.script.packet(tick) if self.is_said(tick) else SILENCE

    def is_said(self, tick: int) -> bool:
        """Whether this tick of the script belongs to the part."""
        return tick >= 0 and (self.ticks is None or tick < self.ticks)


def read(person: Person) -> Script:
    """A person's script, read from their clip. Raises OSError."""
    return Script(person, tuple(read_packets(person.clip.read_bytes())))


def turns(cast: Cast, seconds: float | None) -> list[Turn]:
    """Everybody's part in a demo of `seconds` (None: until it is interrupted), in the order of their starts.

    Nobody is cut off by the end: each stops after the last sentence that is complete by then.
    """
    haste = 1.0 if seconds is None else min(1.0, max(0.05, (seconds - 8) / (WHOLE_AT - 8)))
    parts = []
    for name, person in _parts(cast.people):
        start = round(_BEGINNINGS[name] * haste, 2)
        script = read(person)
        left = None if seconds is None else seconds - LAST_WORDS - start
        parts.append(Turn(script, start, None if left is None else script.whole_until(max(0.0, left))))
    return sorted(parts, key=lambda turn: turn.start)


def _parts(people: Sequence[Person]) -> list[tuple[str, Person]]:
    guests = [one for one in people if one.role != "host" and not one.troublemaker]
    special = [("host" if one.role == "host" else "troublemaker", one) for one in people if one not in guests]
    return [*special, *zip(("first", "second"), guests, strict=True)]
