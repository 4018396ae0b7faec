"""Ladders: offences give points, points lead to sanctions, and points expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Step:
    """From so many `points` on, the action `do` is taken, for so many `seconds` (None: until the Space ends)."""

    points: int
    do: str
    seconds: int | None = None


@dataclass(frozen=True)
class Ladder:
    """A ladder of a rule file. `steps` rise; points expire after so many seconds."""

    name: str
    steps: tuple[Step, ...]
    expire: int

    def step(self, points: int) -> Step | None:
        """The highest step that so many points reach."""
        return max((one for one in self.steps if one.points <= points), key=lambda one: one.points, default=None)


@dataclass(frozen=True)
class Points:
    """Points of an account on a ladder until a time, for the act `key`."""

    ladder: str
    account_id: str
    points: int
    key: str
    until: datetime
