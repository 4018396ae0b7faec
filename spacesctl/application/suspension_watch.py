"""When the next suspension ends by itself, so that nothing is asked of the database until then."""

from __future__ import annotations

from datetime import datetime

from spacesctl.store import suspensions
from spacesctl.store.ports import Database


class SuspensionWatch:
    """One for a server."""

    def __init__(self) -> None:
        self.next_end: datetime | None = None

    async def open(self, db: Database) -> None:
        """Read when the next one ends."""
        async with db.read() as connection:
            self.next_end = await suspensions.next_end(connection)

    def see(self, until: datetime | None) -> None:
        """An account was suspended until then."""
        if until is not None:
            self.next_end = until if self.next_end is None else min(until, self.next_end)

    def is_due(self, now: datetime) -> bool:
        """Whether one has had its time."""
        return self.next_end is not None and self.next_end <= now
