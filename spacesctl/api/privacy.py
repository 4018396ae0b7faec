"""What is erased of a person, and what is kept."""

from __future__ import annotations

from spacesctl.api.wire import Answer


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
