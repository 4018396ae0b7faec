"""Accounts, and the scopes of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain.words import CredentialKind, Kind


@dataclass(frozen=True)
class Credential:
    """The credential of a request. `id` names it without giving it away; what it opened carries it, and ends with it."""

    kind: CredentialKind
    id: str


OWNER = "owner"
"""The handle of the account that the first start makes."""
DELETED = "deleted"
"""What a deleted account is called; nobody else may be."""


RESERVED = {
    "me": "it stands for one's own account",
    DELETED: "it stands for deleted accounts",
    **dict.fromkeys(("system", "server", "spacesctl"), "it would be taken for the server"),
    **dict.fromkeys(("all", "everyone", "everybody", "here"), "it would be taken for everybody"),
}
"""Handles that nobody may have, and why."""


@dataclass(frozen=True)
class Suspension:
    """Until when an account may not act, and why. `until` None: until an operator restores it."""

    since: datetime
    until: datetime | None = None
    reason: str = ""

    def holds(self, now: datetime) -> bool:
        """Whether it is in effect."""
        return self.until is None or self.until > now


@dataclass(frozen=True)
class Account:
    """A registered account. `id` is a decimal string, `handle` is lower case without the `@`."""

    id: str
    handle: str
    name: str
    kind: Kind
    created_at: datetime
    description: str = ""
    """At most 160 characters."""
    suspension: Suspension | None = None
    deleted_at: datetime | None = None
    """Of a deleted account only its id is left, and that it was there."""
