"""What the bot and its hearing workers say to each other (`support.messages` tells how).

To the worker (its stdin): `Open`, `Frames`, `Close`, `Rules`. From the worker (its stdout): `Ready`, `Beat`, and what it heard:
`Utterance`, `Armed`, `Disarmed`.
"""

from __future__ import annotations

from msgspec import Struct

from spacesctl.rules.rule_engine import Word
from spacesctl.rules.ruleset import Rule

MAX_TO_WORKER = 16 << 20
"""Bytes of a message to the worker. The longest are `Rules`, with at most `rulefile.MAX_REDACTED` spellings."""


class Open(Struct, frozen=True, tag=True):
    """A microphone session begins on this lane."""

    space: str
    lane: int


class Frames(Struct, frozen=True, tag=True):
    """The sound of one tick of one Space: (lane, flags, Opus payload of 20 ms) for each lane that has some."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]


class Close(Struct, frozen=True, tag=True):
    """The microphone session on this lane has ended."""

    space: str
    lane: int


class Rules(Struct, frozen=True, tag=True):
    """The rules of a Space that redact, in place of those that the worker had; none: it looks for nothing any more."""

    space: str
    rules: tuple[Rule, ...]


class Ready(Struct, frozen=True, tag=True):
    """The model is loaded."""


class Beat(Struct, frozen=True, tag=True):
    """The heartbeat of the worker, sent each second by a thread of its own. `resident` is its memory in RAM, in bytes; `busy` is for how
    many seconds it has been working on one message, so that work that takes long is told from a worker that hangs."""

    resident: int
    busy: float = 0.0


class Utterance(Struct, frozen=True, tag=True):
    """Recognised speech of one lane. A partial result is replaced by later ones with the same `utterance`, and at last by a final one.

    `utterance` is the tick at which it began; it only rises within a lane, even when the worker is restarted. `start_tick` and
    `end_tick` are the first and the last tick of its words. `words` is empty in a partial result if the recogniser gives no times there.
    """

    space: str
    lane: int
    utterance: int
    text: str
    words: tuple[Word, ...]
    final: bool
    start_tick: int
    end_tick: int


class Armed(Struct, frozen=True, tag=True):
    """A phrase or number that a rule redacts was heard: keep the ticks from `first_tick` to `last_tick`, both included, from the audience.

    The first is provisional, from a partial result, and may end in the future. A later one with the same `number` has another stretch: a
    longer one while the phrase goes on, and at last, from the `final` result, the one that the words' times give. `label` is what a number
    may be; words have none. A number that may still become an allowed one `waits`: it is not to be redacted if it is soon disarmed.
    """

    space: str
    lane: int
    utterance: int
    rule_id: str
    number: int
    first_tick: int
    last_tick: int
    final: bool = False
    label: str = ""
    waits: bool = False


class Disarmed(Struct, frozen=True, tag=True):
    """That phrase is no longer in the result: it was not said."""

    space: str
    lane: int
    utterance: int
    rule_id: str
    number: int


Arm = Armed | Disarmed
Heard = Utterance | Armed | Disarmed
ToWorker = Open | Frames | Close | Rules
FromWorker = Ready | Beat | Heard
