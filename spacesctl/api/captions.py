"""Captions, and whether they can be had."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.wire import Answer, Given, Meta

Lane = Annotated[int, Meta(ge=0, le=0xFFFF)]
Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
"""What JavaScript can count to."""


class Word(Given, frozen=True, kw_only=True):
    """A recognised word `w`, with its confidence (0 to 1) and its times in seconds on the Space clock."""

    w: Annotated[str, Meta(max_length=100)]
    start: float
    end: float
    conf: float


class NewCaption(Given, frozen=True, kw_only=True):
    """A caption from the bot. Ticks are of 20 ms on the Space clock."""

    lane: Lane
    utterance: Count
    """The number of the utterance in its lane: a final caption replaces the partial ones with the same number."""
    text: Annotated[str, Meta(max_length=10_000)]
    final: bool
    start_tick: Count
    end_tick: Count
    words: Annotated[list[Word], Meta(max_length=1_000)]


class NewCaptions(Given, frozen=True, kw_only=True):
    """Captions to publish."""

    captions: Annotated[list[NewCaption], Meta(max_length=200)]


class Taken(Answer, frozen=True, kw_only=True):
    """How many captions were taken: not those of unknown lanes, nor those that were posted before."""

    taken: int


class SpokenWord(Answer, frozen=True, kw_only=True):
    """A recognised word `w`, with its confidence (0 to 1) and its times in seconds on the Space clock."""

    w: str
    start: float
    end: float
    conf: float


class CaptionText(Answer, frozen=True, kw_only=True):
    """What `speaker` said in a lane, from `start_tick` to `end_tick` of the Space clock."""

    account_id: str
    speaker: str
    lane: int
    utterance: int
    text: str
    start_tick: int
    end_tick: int
    words: list[SpokenWord]


class Caption(CaptionText, frozen=True, kw_only=True):
    """A final caption. `seq` is its number among the events of the Space."""

    seq: int


class CaptionsStatus(Answer, frozen=True, kw_only=True):
    """Whether captions come, with which `model` and which `notice` to speakers; if not, the `reason`."""

    ready: bool
    model: str | None = None
    notice: str | None = None
    reason: str | None = None


class Hearing(Given, frozen=True, kw_only=True):
    """The recogniser's figures: lanes that it hears, ticks of sound (20 ms) that wait for it and that it had to drop, restarts and memory
    of its process."""

    lanes: Count
    ticks_waiting: Count
    ticks_dropped: Count
    restarts: Count
    resident_bytes: Count


class BotStatus(Given, frozen=True, kw_only=True):
    """The bundled bot's status. `reason` says why it is not ready. It is told when it changes, and now and then for the figures in
    `hearing`."""

    ready: bool
    model: Annotated[str, Meta(max_length=200)] | None = None
    notice: Annotated[str, Meta(max_length=500)] | None = None
    reason: Annotated[str, Meta(max_length=500)] | None = None
    hearing: Hearing | None = None


class Assignment(Answer, frozen=True, kw_only=True):
    """A live Space that needs the bundled bot, and what it may do there."""

    space_id: str
    captions: bool
    rules_hash: str | None
    host_id: str
    actions: list[str]


class Assignments(Answer, frozen=True, kw_only=True):
    """The whole list, each time it changes."""

    type: Literal["assignments"] = "assignments"
    data: list[Assignment]
