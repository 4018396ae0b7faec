"""Accounts, and the scopes of tokens."""

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
