"""What a person is to decide on: sanctions for words that are too old, and what rules only suggest.

When recognition is far behind, a sanction hits somebody who has long gone on to something else. What protects or only tells goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from typing import Final

from spacesctl.domain.actions import ALWAYS_GRANTED, is_sanction
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.rules.rule_engine import Decision

TOO_OLD: Final = 10 * TICKS_PER_SECOND
"""Ticks from the end of the words until now, after which sanctions are only suggested."""


def in_time(decision: Decision, now: int) -> Iterator[Decision]:
    """The decision at the tick `now`; or its two parts, of which one is suggested."""
    if decision.mode == "suggest":
        yield from _parts(decision, ALWAYS_GRANTED)
    elif decision.mode == "enforce" and now - decision.end_tick > TOO_OLD:
        yield from _parts(decision, {one for one in decision.actions if not is_sanction(one)})
    else:
        yield decision


def _parts(decision: Decision, by_itself: Set[str]) -> Iterator[Decision]:
    """What is done by itself, and what is suggested."""
    if others := tuple(action for action in decision.actions if action in by_itself):
        yield replace(decision, mode="enforce", actions=others)
    if suggested := tuple(action for action in decision.actions if action not in by_itself):
        yield replace(decision, mode="suggest", actions=suggested)
