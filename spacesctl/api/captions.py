"""Captions, and whether they can be had."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.wire import UNSET, Answer, Given, Meta, UnsetType

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
    ai: bool = True
    """A program wrote it: speech recognition."""
    typed: bool = False
    """The speaker typed it."""


class Caption(CaptionText, frozen=True, kw_only=True):
    """A final caption. `seq` is its number among the events of the Space."""

    seq: int
    erased: bool = False
    """Only staff read it: its speaker was removed, and what they said with them."""


class LateLane(Answer, frozen=True, kw_only=True):
    """A lane of which captions come `lag_seconds` after the words."""

    lane: int
    lag_seconds: float


class UnheardLane(Answer, frozen=True, kw_only=True):
    """A lane that is not recognised, since there is no time for it: no captions, and no rules. `unprotected`: rules of the Space would
    redact words there."""

    lane: int
    account_id: str
    unprotected: bool


class CaptionsStatus(Answer, frozen=True, kw_only=True):
    """Whether captions come, with which `model` and which `notice` to speakers; if not, the `reason`. `behind`: they come more than two
    seconds after the words, or not from everybody; `late` says from whom, and `unheard`, for staff only, who is not recognised."""

    ready: bool
    model: str | None = None
    notice: str | None = None
    reason: str | None = None
    behind: bool = False
    late: list[LateLane] | UnsetType = UNSET
    unheard: list[UnheardLane] | UnsetType = UNSET


class LaneHearing(Given, frozen=True, kw_only=True):
    """How late a lane is recognised. `behind`: by more than two seconds, until it was on time for a while; `shed`: it is not recognised,
    for want of time; `unprotected`: so that nothing is redacted there, though rules would."""

    space_id: Annotated[str, Meta(max_length=32)]
    lane: Lane
    lag_seconds: Annotated[float, Meta(ge=0)]
    behind: bool = False
    shed: bool = False
    unprotected: bool = False


class Hearing(Given, frozen=True, kw_only=True):
    """The recognisers' figures: lanes that are open, recognisers that run, ticks of sound (20 ms) that wait for them and that they had to
    drop, restarts and memory of all processes. `late` has the lanes that are behind, those that are shed, and others that are late."""

    lanes: Count
    ticks_waiting: Count
    ticks_dropped: Count
    restarts: Count
    resident_bytes: Count
    recognisers: Count = 0
    late: Annotated[list[LaneHearing], Meta(max_length=256)] = []


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
