"""Challenges that passkeys sign: in memory, good for one use and for minutes, and of a bounded number."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain.errors import NotSignedIn
from spacesctl.domain.ids import CHALLENGE_PREFIX

LASTS: Final = timedelta(minutes=5)
MOST_CHALLENGES: Final = 1_000
"""The oldest go: a flood of them spoils only the sign-ins of that moment."""
UNKNOWN: Final = "this passkey is unknown here, or what it says is wrong or too late"


class Challenges:
    """One for a server. A challenge is of an account that registers a passkey, or of nobody who signs in."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[bytes, str | None, datetime]] = {}

    def make(self, account_id: str | None, now: datetime) -> tuple[str, bytes]:
        """Its id, and the challenge."""
        while len(self._waiting) >= MOST_CHALLENGES:
            del self._waiting[next(iter(self._waiting))]
        name, challenge = CHALLENGE_PREFIX + secrets.token_urlsafe(16), secrets.token_bytes(32)
        self._waiting[name] = challenge, account_id, now + LASTS
        return name, challenge

    def take(self, name: str, account_id: str | None, now: datetime) -> bytes:
        """The challenge, once. Raises NotSignedIn."""
        challenge, whose, until = self._waiting.pop(name, (b"", None, now))
        if until <= now or whose != account_id:
            raise NotSignedIn(UNKNOWN, hint="try again")
        return challenge
