"""Redactions: what the audience of a Space with a delay is not to hear."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.by import By
from spacesctl.api.captions import Count, Lane
from spacesctl.api.people import Reason
from spacesctl.api.wire import Answer, Given, Meta, Time
from spacesctl.domain.words import RedactionMode, RedactionState

Seconds = Annotated[float, Meta(gt=0, le=10)]
"""The audience hears at most ten seconds behind the stage, so nothing older can be kept from it."""


class NewRedaction(Given, frozen=True, kw_only=True):
    """What the audience is not to hear: of one person (`account`, `id` or `@handle`) or of one microphone session (`lane`). Either the
    `last` seconds, or the ticks of the Space clock from `from_tick` to `to_tick`, both included.
    """

    account: str | None = None
    lane: Lane | None = None
    last: Seconds | None = None
    from_tick: Count | None = None
    to_tick: Count | None = None
    mode: RedactionMode = "silence"
    reason: Reason = ""
    number: bool = False
    """For the bundled bot: a spoken number. Evidence has silence in its place, unless the rules were set `with_numbers`."""
    rule_id: Annotated[str, Meta(max_length=100)] | None = None
    """For the bundled bot: the rule that redacts."""


class RedactionChange(Given, frozen=True, kw_only=True):
    """Another stretch, mode or reason. It can change as long as the stretch has not aired; what is left out stays."""

    from_tick: Count | None = None
    to_tick: Count | None = None
    mode: RedactionMode | None = None
    reason: Reason | None = None


class NewDump(Given, frozen=True, kw_only=True):
    """How much is cut. Left out: all that has not aired."""

    last: Seconds | None = None
    reason: Reason = ""


class NewCough(Given, frozen=True, kw_only=True):
    """How much of their own sound a speaker takes back. Left out: all that has not aired."""

    last: Seconds | None = None


class NewPanic(Given, frozen=True, kw_only=True):
    """How many seconds nobody but the staff can speak afterwards."""

    duration: Annotated[int, Meta(ge=1, le=3600)] = 300
    reason: Reason = ""


class Redaction(Answer, frozen=True, kw_only=True):
    """A redaction of ticks `from_tick` to `to_tick`, both included, of one lane; `lane` 0: of all. In a `cut`, the audience does not wait
    for the end of the stretch but jumps over it."""

    id: str
    lane: int
    account_id: str | None
    handle: str | None = None
    """Whose words, `@handle`; null: everybody's."""
    from_tick: int
    to_tick: int
    mode: RedactionMode
    cut: bool
    number: bool = False
    """A spoken number."""
    by: By
    reason: str
    state: RedactionState
    """`missed`: all of it had aired before."""
    missed_to: int | None
    """The last tick of the stretch that had aired before; null: it came in time."""
    created_at: Time
    sound: float | None = None
    """In the answer of `redactions` and `cough` when it is made: in how many seconds of it somebody talked, as far as is known then."""


class Panic(Answer, frozen=True, kw_only=True):
    """Nobody but the staff can speak `until` then; null: nobody is held back."""

    until: Time | None
