"""Suggestions: what rules leave to a person."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.accounts import Who
from spacesctl.api.captions import SpokenWord
from spacesctl.api.wire import Answer, Time

Why = Literal["suggested", "held", "unanswered"]
State = Literal["open", "confirmed", "dismissed", "expired"]


class Suggestion(Answer, frozen=True, kw_only=True):
    """What a rule would do to `target` (null: to the Space itself), until a person confirms or dismisses it. Ticks are of 20 ms on the
    Space clock, those of the newest act.
    """

    id: str
    state: State
    why: Why
    """The rule only suggests; the circuit breaker held it; or no second recognition answered."""
    rule_id: str
    action: str
    target: Who | None
    duration: int | None
    """Seconds that it would last, from when it is confirmed; null: until the Space ends."""
    times: int
    """How often the rule asked for it."""
    words: list[SpokenWord]
    text: str
    found: str
    """The facts by which a rule without words decided."""
    start_tick: int | None
    end_tick: int | None
    since: Time
    """When it was asked for last."""
    until: Time
    """When it expires, unless the Space ends before."""
    decided_by: Who | None
    sanction_id: str | None
    """What a confirmed one became; null for a block, which is on the block list."""
