"""What the bot, its model process and the recognisers forked from it say to each other (`support.messages` tells how).

To the model process: `Fork`, with the recogniser's end of a socket pair, and `Kill`. From it: `Ready`, `Beat`, `Forked`, `Ended`.
To a recogniser: `Open`, `Rules`, `Lean`, `Sound`, `Close`. From it: `Told`, with what it heard (`Utterance`, `Armed`, `Disarmed`), and
`Figures`. To the one for second recognitions: `Confirm`. From it: `Confirmed`.
"""

from __future__ import annotations

from msgspec import Struct

from spacesctl.rules.rule_engine import Word
from spacesctl.rules.ruleset import Phrase, Rule

MAX_TO_RECOGNISER = 16 << 20
"""Bytes of a message to a recogniser. The longest are `Rules`, with at most `rulefile.MAX_REDACTED` spellings."""


class Fork(Struct, frozen=True, tag=True):
    """Fork a recogniser that is called `number`, of a lane or for `second` recognitions. The descriptor of its socket comes with this
    message."""

    number: int
    second: bool = False


class Kill(Struct, frozen=True, tag=True):
    """End that recogniser at once: it hangs."""

    number: int


class Ready(Struct, frozen=True, tag=True):
    """The model is loaded."""


class Beat(Struct, frozen=True, tag=True):
    """The heartbeat of the model process, sent each second once the model is loaded. `resident` is its memory in RAM, in bytes."""

    resident: int


class Forked(Struct, frozen=True, tag=True):
    """The recogniser has this process id."""

    number: int
    pid: int


class Ended(Struct, frozen=True, tag=True):
    """The recogniser has ended with this exit code; below 0, by this signal."""

    number: int
    code: int


class Open(Struct, frozen=True, tag=True):
    """The lane that is recognised. Its utterances get numbers above `after`. `phase`: at which ticks sound comes, see `lane.CHUNK`."""

    space: str
    lane: int
    after: int = -1
    phase: int = 0


class Rules(Struct, frozen=True, tag=True):
    """The rules of the Space that redact, in place of those before, and what they except; none: nothing is looked for any more."""

    space: str
    rules: tuple[Rule, ...]
    exceptions: tuple[Phrase, ...] = ()


class Lean(Struct, frozen=True, tag=True):
    """Whether partial results are kept back, to save time. Phrases that are redacted are told all the same."""

    on: bool


class Sound(Struct, frozen=True, tag=True):
    """Sound of the lane: (tick, flags, Opus payload of 20 ms), in the order of ticks. `number` rises."""

    number: int
    frames: list[tuple[int, int, bytes]]


class Close(Struct, frozen=True, tag=True):
    """No more sound comes."""


class Utterance(Struct, frozen=True, tag=True):
    """Recognised speech of one lane. A partial result is replaced by later ones with the same `utterance`, and at last by a final one.

    `utterance` is the tick at which it began; it only rises within a lane, even when its recogniser is replaced. `start_tick` and
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


class Confirm(Struct, frozen=True, tag=True):
    """Recognise this stretch of a lane, as of the tick `first`, once more: is one of the `phrases` said there, which are normalised? What
    was `written` there at first is one of them, or only sounds like it. Frames before `first` are for the decoder alone."""

    number: int
    frames: list[tuple[int, int, bytes]]
    first: int
    phrases: list[str]
    written: str


class Confirmed(Struct, frozen=True, tag=True):
    """Whether it is. `private`: bytes of memory that this process shares with nobody."""

    number: int
    heard: bool
    private: int


Arm = Armed | Disarmed
Heard = Utterance | Armed | Disarmed


class Told(Struct, frozen=True, tag=True):
    """The sound up to `number` was recognised, and this was heard in it. `under_way` is the first tick of the utterance that has not
    ended, and its number: from that tick on a new recogniser would have to hear the sound again. `closed`: nothing else comes."""

    number: int
    heard: list[Heard]
    under_way: tuple[int, int] | None = None
    closed: bool = False


class Figures(Struct, frozen=True, tag=True):
    """What a recogniser has cost so far: bytes of memory that it shares with nobody, seconds of CPU time, and those of them in the
    speech engine."""

    private: int
    cpu: float
    engine: float


ToModel = Fork | Kill
FromModel = Ready | Beat | Forked | Ended
ToRecogniser = Open | Rules | Lean | Sound | Close
FromRecogniser = Told | Figures | Confirmed
