"""Acts on words that are too old to be acted on by itself: a person decides on them.

When recognition is far behind, a sanction hits somebody who has long gone on to something else. What protects or only tells goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from spacesctl.domain.actions import SANCTIONS
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.rules.rule_engine import Decision

TOO_OLD: Final = 10 * TICKS_PER_SECOND
"""Ticks from the end of the words until now, after which sanctions are only suggested."""


def in_time(decision: Decision, now: int) -> Iterator[Decision]:
    """The decision at the tick `now`; or its two parts, of which the sanctions are suggested."""
    if decision.mode != "enforce" or now - decision.end_tick <= TOO_OLD:
        yield decision
        return
    sanctions = tuple(action for action in decision.actions if action in SANCTIONS)
    others = tuple(action for action in decision.actions if action not in SANCTIONS)
    if others:
        yield replace(decision, actions=others)
    if sanctions:
        yield replace(decision, mode="suggest", actions=sanctions)
