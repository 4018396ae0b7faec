"""Accounts, token scopes, and the caller of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an account stands for."""

    PERSON = "person"
    BRAND = "brand"
    BOT = "bot"


class Scope(StrEnum):
    """What a token may be used for. `use` is everything a person does with their own account."""

    USE = "use"
    ADMIN = "admin"
    """Create accounts and tokens, see every Space and the whole audit log."""
    BOT = "bot"
    """Serve as the bundled bot: assignments, captions, acts under a grant."""


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


@dataclass(frozen=True)
class Caller:
    """Who makes a request: an account with the scopes of its token, or nobody signed in (`ANONYMOUS`)."""

    account_id: str | None = None
    handle: str = ""
    kind: Kind = Kind.PERSON
    scopes: frozenset[Scope] = frozenset()

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    @property
    def is_service_bot(self) -> bool:
        return Scope.BOT in self.scopes


ANONYMOUS = Caller()
