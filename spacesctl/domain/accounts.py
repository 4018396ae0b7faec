"""Accounts, and the scopes of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spacesctl.domain.words import Kind


class CredentialKind(StrEnum):
    """What somebody shows to be let in: a token of the API, a session of the page, or a link that signs in once."""

    TOKEN = "token"
    SESSION = "session"
    LINK = "link"


@dataclass(frozen=True)
class Credential:
    """The credential of a request. `id` names it without giving it away; what it opened carries it, and ends with it."""

    kind: CredentialKind
    id: str


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
