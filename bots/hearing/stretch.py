"""Which ticks to silence for words whose times are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.rules.rule_engine import Word

PAD = 5
"""Ticks silenced on each side of the words: 100 ms, as a recogniser's word times are that wrong (99 of 100 words are covered whole)."""
INTO_NEIGHBOUR = 0.050
"""Seconds of a neighbouring word that the pad may take at most: less than half of the shortest words."""
_ROUNDING = 1e-6


def narrowed(words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """The ticks, both included, that cover `words[first]` to `words[last]` and as much around them as their neighbours allow."""
    begin, end = words[first].start_tick - PAD, words[last].end_tick + PAD
    if first > 0:
        border = (words[first - 1].end - INTO_NEIGHBOUR) / TICK_SECONDS
        begin = max(begin, math.ceil(border - _ROUNDING))
    if last + 1 < len(words):
        border = (words[last + 1].start + INTO_NEIGHBOUR) / TICK_SECONDS
        end = min(end, math.floor(border + _ROUNDING) - 1)
    return max(0, min(begin, words[first].start_tick)), max(end, words[last].end_tick)
