"""What is erased of a person, what is kept, and what is on legal hold."""

from __future__ import annotations

from typing import Annotated

from spacesctl.api.accounts import Who
from spacesctl.api.wire import Answer, Given, Meta, Time


class ErasedThing(Answer, frozen=True, kw_only=True):
    """One kind of data: how many of it are erased, and how many are kept, why and until when."""

    what: str
    erased: int
    kept: int
    why: str
    until: str


class Erasure(Answer, frozen=True, kw_only=True):
    """What is erased of an account, and what is kept."""

    id: str
    handle: str
    things: list[ErasedThing]


class NewHold(Given, frozen=True, kw_only=True):
    """A legal hold on an account (a handle or an id) or a Space (its id)."""

    subject: str
    reason: Annotated[str, Meta(min_length=1, max_length=280)]
    tell: bool = False
    """Whether the account gets a message."""


class Hold(Answer, frozen=True, kw_only=True):
    """A legal hold: nothing of its subject is purged or erased."""

    id: str
    account_id: str | None
    space_id: str | None
    subject: str
    """The handle, or the title, when it began."""
    reason: str
    by: Who
    since: Time
    told: bool
    released_at: Time | None
