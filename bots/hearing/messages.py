"""What the bot and its hearing workers say to each other (`support.messages` tells how).

Down (the worker's stdin): `Open`, `Frames`, `Close`. Up (its stdout): `Ready`, `Utterance`, `Beat`.
"""

from __future__ import annotations

from msgspec import Struct

from spacesctl.rules.rule_engine import Word


class Open(Struct, frozen=True, tag=True):
    """A microphone session begins."""

    space: str
    lane: int


class Frames(Struct, frozen=True, tag=True):
    """What one tick of one Space had, as (lane, flags, Opus payload of 20 ms)."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]


class Close(Struct, frozen=True, tag=True):
    space: str
    lane: int


class Ready(Struct, frozen=True, tag=True):
    """The model is loaded."""


class Beat(Struct, frozen=True, tag=True):
    """Sent each second: the worker is alive. `resident` is its memory in bytes."""

    resident: int


class Utterance(Struct, frozen=True, tag=True):
    """What was understood of a stretch of one lane; a partial is replaced by later ones of the same number, then by a final.

    `utterance` is the tick at which the stretch began: it rises within a lane, also over a restart of the worker. Ticks are the
    first and last that the words cover; the words of a partial are empty where the recogniser gives no times for them.
    """

    space: str
    lane: int
    utterance: int
    text: str
    words: tuple[Word, ...]
    final: bool
    start_tick: int
    end_tick: int


ToWorker = Open | Frames | Close
FromWorker = Ready | Beat | Utterance
