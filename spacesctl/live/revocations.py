"""The credentials that were revoked since the server started: what is being opened with one, after it was checked, ends at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.domain.errors import NotSignedIn
from spacesctl.domain.principals import Person

MOST: Final = 100_000
"""Credentials that are remembered; the oldest go first. A request that was checked before takes seconds at most."""


class Revocations:
    """Ids of credentials."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def add(self, credentials: Iterable[str]) -> None:
        """Remember them."""
        self._ids.update(dict.fromkeys(credentials))
        while len(self._ids) > MOST:
            del self._ids[next(iter(self._ids))]

    def forget(self, credentials: Iterable[str]) -> None:
        """Their revocation did not come about."""
        for one in credentials:
            self._ids.pop(one, None)

    def require(self, person: Person) -> None:
        """Called in a writing transaction, after it has waited for others. Raises NotSignedIn when what this person shows was revoked
        meanwhile."""
        if self.hit(person):
            raise NotSignedIn("this token was revoked")

    def hit(self, person: Person) -> bool:
        """Whether what this person shows was revoked."""
        return person.credential is not None and person.credential.id in self._ids
