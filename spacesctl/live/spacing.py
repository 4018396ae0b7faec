"""Who sent a request to speak or a reaction when, so that a Space can be slowed down: also what was sent before counts then."""

from __future__ import annotations

import math
from collections.abc import Callable

from spacesctl.domain.errors import TooMany

MOST = 10_000
"""Accounts that are remembered in one Space, those that were last active."""


class Spacing:
    """In memory only, owned by the Space's actor: a restart forgets when, not that it is slow. `now` is in monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sent: dict[str, float] = {}

    def require(self, account_id: str, every: int, what: str = "requests and reactions: this Space is slow") -> None:
        """Check that the account has sent nothing for `every` seconds. Raises TooMany, which says `what`."""
        sent = self._sent.get(account_id)
        left = 0.0 if sent is None else sent + every - self._now()
        if left > 0:
            raise TooMany(f"{what}, one in {every} s", math.ceil(left))

    def sent(self, account_id: str) -> None:
        """The account sent something now."""
        self._sent.pop(account_id, None)  # so that the dictionary is in the order of time
        self._sent[account_id] = self._now()
        if len(self._sent) > MOST:
            del self._sent[next(iter(self._sent))]
