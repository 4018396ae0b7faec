"""What people do in one Space that rules may ask for: who came, reactions, requests to speak. Windows of a minute, in memory.

An account that comes counts once, however often it leaves and comes back. Whether a Space has seen it before only the store knows: it
`arrived` until somebody has looked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.conduct import MOST_REACTIONS, MOST_REQUESTS
from spacesctl.domain.words import Kind

WINDOW: Final = 60 * TICKS_PER_SECOND
MOST_ARRIVED: Final = 5_000
"""Accounts that wait to be looked up. Of more the oldest are forgotten."""


class Window:
    """Counts what happened in the last minute, by seconds: it never holds more than so many numbers. Ticks are of 20 ms."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque()
        """Second and count, in order."""

    def add(self, tick: int, count: int = 1) -> None:
        """Something happened, no earlier than what was added before."""
        second = tick // TICKS_PER_SECOND
        if self._seconds and self._seconds[-1][0] >= second:
            last, before = self._seconds.pop()
            second, count = last, before + count
        self._seconds.append((second, count))
        self._forget(tick)

    def count(self, tick: int) -> int:
        """How often it happened in the minute up to a tick."""
        self._forget(tick)
        return sum(count for _, count in self._seconds)

    def _forget(self, tick: int) -> None:
        while self._seconds and self._seconds[0][0] <= (tick - WINDOW) // TICKS_PER_SECOND:
            self._seconds.popleft()


MOST_ACCOUNTS: Final = 5_000
"""Accounts of which is counted what they did in a minute. Of more those are forgotten that did something longest ago."""


class ByAccount:
    """Counts what accounts did in the last minute, of each the newest `most` times: one account alone is not many people."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds: dict[str, deque[int]] = {}
        """By account, the one that did something longest ago first."""

    def add(self, tick: int, account_id: str) -> None:
        """An account did it, no earlier than what was added before."""
        mine = self._seconds.pop(account_id, None) or deque(maxlen=self._most)
        mine.append(tick // TICKS_PER_SECOND)
        self._seconds[account_id] = mine
        if len(self._seconds) > MOST_ACCOUNTS:
            del self._seconds[next(iter(self._seconds))]
        self._forget(tick)

    def count(self, tick: int) -> int:
        """How often it was done in the minute up to a tick."""
        self._forget(tick)
        since = (tick - WINDOW) // TICKS_PER_SECOND
        return sum(1 for mine in self._seconds.values() for second in mine if second > since)

    def _forget(self, tick: int) -> None:
        since = (tick - WINDOW) // TICKS_PER_SECOND
        while self._seconds and (first := next(iter(self._seconds.items())))[1][-1] <= since:
            del self._seconds[first[0]]


class Arrived(NamedTuple):
    """An account that came at a tick, and when that was."""

    account_id: str
    tick: int
    at: datetime


class Known(NamedTuple):
    """An account's kind, when it was made, and when it first came into the Space, in ticks of its clock, which may be before 0."""

    kind: Kind
    born: int
    came: int


class Conduct:
    """Owned by the Space's actor."""

    def __init__(self) -> None:
        self.reactions = ByAccount(MOST_REACTIONS)
        self.requests = ByAccount(MOST_REQUESTS)
        self._joins = Window()
        self._never_seen = Window()
        self._arrived: deque[Arrived] = deque(maxlen=MOST_ARRIVED)
        self.people: dict[str, Known] = {}
        """What was looked up of the people whom rules may be about."""
        self.reports: dict[str, float] = {}
        """The weight of those of the last minutes, by the account that they are about, as it was looked up last."""
        self.reports_changed = True
        """Whether one was filed or decided since they were looked up, or one that was counted is too old."""

    def arrived(self, account_id: str, tick: int, at: datetime) -> None:
        """An account came, which had not been here since the server knows the Space."""
        self._arrived.append(Arrived(account_id, tick, at))

    def take_arrived(self) -> list[Arrived]:
        """Those that have come since the last call, to be looked up."""
        found = list(self._arrived)
        self._arrived.clear()
        return found

    def not_looked_up(self, arrived: Sequence[Arrived]) -> None:
        """The store did not answer: ask again."""
        self._arrived.extendleft(reversed(arrived))
        self.reports_changed = True

    def joined(self, tick: int, *, seen: bool) -> None:
        """One of those that arrived was never in this Space; `seen`: but in another one."""
        self._joins.add(tick)
        if not seen:
            self._never_seen.add(tick)

    def joins(self, tick: int) -> tuple[int, int]:
        """How many joined in the last minute, and how many of them no Space had seen before."""
        return self._joins.count(tick), self._never_seen.count(tick)
