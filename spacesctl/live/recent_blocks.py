"""Blocks that were made since the server started: who is just coming in, and was checked before one of them, is sent out at once."""

from __future__ import annotations

from typing import Final

from spacesctl.domain.admission import Blocks

MOST: Final = 100_000
"""Blocks that are remembered; the oldest go first. A request that was checked before takes seconds at most."""


class RecentBlocks:
    """Pairs of ids, who blocked and who is blocked."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], None] = {}

    @property
    def pairs(self) -> Blocks:
        return self._pairs.keys()

    def add(self, blocker_id: str, blocked_id: str) -> None:
        """Remember one: before it is committed, so that nobody is checked in between."""
        self._pairs[blocker_id, blocked_id] = None
        while len(self._pairs) > MOST:
            del self._pairs[next(iter(self._pairs))]

    def forget(self, blocker_id: str, blocked_id: str) -> None:
        """It was undone, or did not come about."""
        self._pairs.pop((blocker_id, blocked_id), None)
