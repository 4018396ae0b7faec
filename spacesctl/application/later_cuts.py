"""Which evidence is to be cut again when all of its time has passed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spacesctl.domain.principals import Person

MOST_WAITING: Final = 1000
"""Clips that wait to be cut again. Of more the oldest stay as they are."""


@dataclass(frozen=True)
class Cut:
    """A stretch of what an account said: ticks `first` to `last`, `without` these spoken numbers (ticks). `cause` is who reports, or whose
    rules do."""

    cause: Person
    space_id: str
    account_id: str
    first: int
    last: int
    without: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class LaterCut:
    """A report whose `clip` (None: there was no sound) was cut before its time had passed. `by_rule`: a rule filed it, with the words."""

    report_id: str
    clip: str | None
    cut: Cut
    by_rule: bool


class LaterCuts:
    """One for a server."""

    def __init__(self) -> None:
        self._waiting: deque[LaterCut] = deque(maxlen=MOST_WAITING)

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, one: LaterCut) -> None:
        """Cut this one again when its time has passed."""
        self._waiting.append(one)

    def due(self, is_due: Callable[[Cut], bool]) -> list[LaterCut]:
        """Those whose time has passed. They are not told again."""
        found = [one for one in self._waiting if is_due(one.cut)]
        for one in found:
            self._waiting.remove(one)
        return found
