"""The suggestions of a Space: how events change them. What makes and decides on them is in `suggestions.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from spacesctl.domain import events as e
from spacesctl.domain.space import Space
from spacesctl.domain.suggestion import UNDECIDED

MOST: Final = 100
"""Suggestions that are kept. Of more those are forgotten that are decided, then the oldest."""


def pending(space: Space, ladder: str, account_id: str) -> int:
    """Points on a ladder that open suggestions would give an account."""
    found = (one for one in space.suggestions.values() if one.state == "open" and one.account_id == account_id)
    return sum(one.points for one in found if one.ladder == ladder)


def made(space: Space, event: e.SuggestionMade) -> Space:
    """The Space with one that is new, or was asked for again."""
    one = event.suggestion
    count = space.suggestion_count + (one.id not in space.suggestions)
    kept = {**space.suggestions, one.id: one}
    for undecided in (False, True):
        oldest = (name for name, each in kept.items() if (each.state in UNDECIDED) is undecided and name != one.id)
        for name in list(oldest)[: max(0, len(kept) - MOST)]:
            del kept[name]
    return replace(space, suggestions=kept, suggestion_count=count)


def ended(space: Space, event: e.SuggestionEnded) -> Space:
    """The Space after one was decided on; what was answered is forgotten."""
    kept = dict(space.suggestions)
    one = kept.pop(event.suggestion_id, None)
    if one is not None and event.how != "answered":
        kept[one.id] = replace(one, state=event.how, by=event.by, sanction=event.sanction)
    return replace(space, suggestions=kept)
