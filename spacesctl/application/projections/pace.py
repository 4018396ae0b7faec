"""How many notices one account gets: what is done and undone over and over must flood nobody."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

MOST = 30
WITHIN = timedelta(hours=1)
KEYS = 10_000
"""Pairs of accounts that are remembered; of the others it is long ago."""


class Pace:
    """At most `MOST` notices `WITHIN` an hour for each key: a sender and an account, for the bundled bot also a Space."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, ...], deque[datetime]] = OrderedDict()

    def admits(self, key: tuple[str, ...], at: datetime) -> bool:
        """Whether one more may be written at this time; the call counts it."""
        times = self._sent.setdefault(key, deque(maxlen=MOST))
        self._sent.move_to_end(key)
        if len(times) == MOST and at - times[0] < WITHIN:
            return False
        times.append(at)
        while len(self._sent) > KEYS:
            self._sent.popitem(last=False)
        return True
