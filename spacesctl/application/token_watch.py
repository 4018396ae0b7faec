"""What is known of tokens in memory: when and from where each was last used, and when the next one expires."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from spacesctl.domain.accounts import Credential
from spacesctl.store import tokens
from spacesctl.store.ports import Database

STORED_EVERY: Final = 30.0
"""Seconds between two writes of the uses: a write with each request would cost more than the request."""
MOST: Final = 100_000
"""Uses that are remembered until they are stored. Further tokens are not noted until then."""


class TokenWatch:
    """One for a server."""

    def __init__(self) -> None:
        self.uses: dict[str, tuple[datetime, str]] = {}
        """The last use of each token since that was last stored, by its id: the time and the address."""
        self.next_expiry: datetime | None = None

    async def open(self, db: Database) -> None:
        """Read when the next token expires."""
        async with db.read() as connection:
            self.next_expiry = await tokens.next_expiry(connection)

    def used(self, credential: Credential | None, at: datetime, host: str) -> None:
        """Note a request."""
        if credential is not None and (credential.id in self.uses or len(self.uses) < MOST):
            self.uses[credential.id] = (at, host[:45])

    def see(self, expires_at: datetime | None) -> None:
        """A token with this time was made."""
        if expires_at is not None:
            self.next_expiry = expires_at if self.next_expiry is None else min(expires_at, self.next_expiry)

    def is_due(self, now: datetime) -> bool:
        """Whether a token has expired."""
        return self.next_expiry is not None and self.next_expiry <= now

    async def store(self, db: Database) -> None:
        """Write the uses."""
        if not self.uses:
            return
        uses, self.uses = self.uses, {}
        try:
            async with db.begin() as connection:
                await tokens.note_uses(connection, uses)
        except BaseException:
            self.uses = {**uses, **self.uses}
            raise
