"""Accounts and their tokens."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.wire import LINES, Answer, Given, Meta, Time
from spacesctl.domain.words import CredentialKind, Kind, Scope

Name = Annotated[str, Meta(max_length=50)]


class NewBlock(Given, frozen=True, kw_only=True):
    """What goes with who is blocked."""

    erase: bool = False
    """The audience of the caller's live Spaces reads nothing of what they said and shared there, until the block is undone."""
    reason: Annotated[str, Meta(max_length=280)] = ""


class BlockedAccount(Answer, frozen=True, kw_only=True):
    """An account on the caller's block list, and why."""

    id: str
    handle: str
    reason: str
    since: Time


class NewPreview(Given, frozen=True, kw_only=True):
    """Handles or ids of accounts that the caller may come to block."""

    accounts: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=500)]


class BlockEffect(Answer, frozen=True, kw_only=True):
    """What a block of this account would end. One that is not here has no `handle`."""

    asked: str
    handle: str | None
    blocked: bool = False
    """It is blocked already."""
    follows_you: bool = False
    you_follow: bool = False
    hosts: bool = False
    """It hosts a Space that is scheduled or live, which the caller could not join."""
    speaks: bool = False
    """It is on the stage of a live Space that the caller hosts."""


class Who(Answer, frozen=True, kw_only=True):
    """An account as others are named: by its id and its handle (with the `@`)."""

    id: str
    handle: str


class Account(Who, frozen=True, kw_only=True):
    """An account: a person, brand or bot. `id` is a decimal number."""

    name: str
    kind: Kind
    created_at: Time
    ai: bool = False
    """It is a program that listens, writes or acts."""


class Me(Account, frozen=True, kw_only=True):
    """The caller's account, and what the token may be used for."""

    scopes: list[Scope]


class MadeAccount(Account, frozen=True, kw_only=True):
    """A new account with its first token, which no other answer contains. Null when the request is repeated."""

    token: str | None

    def __repr__(self) -> str:
        return "MadeAccount(...)"  # it has a secret


class MadeToken(Account, frozen=True, kw_only=True):
    """A further token of an account, which no other answer contains. `token_id` names it without giving it away."""

    token: str
    token_id: str
    scopes: list[Scope]
    expires_at: Time | None

    def __repr__(self) -> str:
        return "MadeToken(...)"  # it has a secret


class Token(Answer, frozen=True, kw_only=True):
    """A token, or a browser's session, without its secret. `used_from` is the address of the last request with it. `current`: this request
    has it."""

    id: str
    kind: CredentialKind = CredentialKind.TOKEN
    label: str
    scopes: list[Scope]
    created_at: Time
    expires_at: Time | None
    used_at: Time | None
    used_from: str | None
    current: bool


class RevokedTokens(Account, frozen=True, kw_only=True):
    """How many tokens were revoked."""

    revoked: int


class OverseenAccount(Account, frozen=True, kw_only=True):
    """An account as operators see it. `suspended_at` is null unless it is suspended; `suspended_until` is null, too, when it is until
    somebody restores it."""

    suspended_at: Time | None = None
    suspended_until: Time | None = None
    suspended_why: str | None = None


class DescribedAccount(Account, frozen=True, kw_only=True):
    """An account with what it says about itself."""

    description: str


class NewAccount(Given, frozen=True, kw_only=True):
    """An account to create."""

    handle: str
    name: Name | None = None
    kind: Kind = Kind.PERSON


class NewSuspension(Given, frozen=True, kw_only=True):
    """Why an account is suspended, and for how long."""

    reason: Annotated[str, Meta(max_length=280)] = ""
    duration: Annotated[int, Meta(ge=1, le=3660 * 24 * 3600)] | None = None
    """Seconds; left out, until an operator restores it."""


class NewToken(Given, frozen=True, kw_only=True):
    """A token to create."""

    label: Name = ""
    scopes: list[Scope] | None = None
    """A subset of the scopes that the caller may give; left out, all of them."""
    expires_at: Time | None = None
    """When it ends, with all that it opened; left out, never."""


class AboutMe(Given, frozen=True, kw_only=True):
    """Fields that are left out stay unchanged."""

    name: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    description: Annotated[str, Meta(max_length=160, extra=LINES)] | None = None
