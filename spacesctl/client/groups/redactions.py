"""Redactions: what the audience of a Space with a delay is not to hear."""

from __future__ import annotations

from spacesctl.api import redactions as wire
from spacesctl.api.redactions import Redaction
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup
from spacesctl.client.groups.spaces import NOTHING, place

ALL = wire.NewDump()
ALL_OF_MINE = wire.NewCough()
FIVE_MINUTES = wire.NewPanic()


def _make(space_id: str, new: wire.NewRedaction, *, idempotency_key: str | None = None) -> Call[Redaction]:
    """Keep a stretch of somebody's sound from the audience."""
    return Call("POST", place(space_id, "redactions"), Redaction, new, idempotency_key=idempotency_key)


def _list(space_id: str) -> Call[Page[Redaction]]:
    """The redactions of a Space, newest first."""
    return Call("GET", place(space_id, "redactions"), Page[Redaction])


def _change(space_id: str, redaction_id: str, change: wire.RedactionChange) -> Call[Redaction]:
    """Move, narrow or widen a redaction that has not aired."""
    return Call("PATCH", place(space_id, "redactions", redaction_id), Redaction, change)


def _withdraw(space_id: str, redaction_id: str) -> Call[Redaction]:
    """Take back a redaction that has not aired: the audience hears what it would have silenced."""
    return Call("DELETE", place(space_id, "redactions", redaction_id), Redaction)


def _dump(space_id: str, what: wire.NewDump = ALL) -> Call[Redaction]:
    """Cut what was said last out of what the audience will hear."""
    return Call("POST", place(space_id, "dump"), Redaction, what)


def _cough(space_id: str, what: wire.NewCough = ALL_OF_MINE) -> Call[Redaction]:
    """Take back the caller's own last seconds."""
    return Call("POST", place(space_id, "cough"), Redaction, what)


def _panic(space_id: str, how: wire.NewPanic = FIVE_MINUTES) -> Call[wire.Panic]:
    """Cut all that has not aired, mute everybody below the caller, and let nobody new speak for a while."""
    return Call("POST", place(space_id, "panic"), wire.Panic, how)


def _calm(space_id: str) -> Call[None]:
    """End a panic before its time."""
    return Call("DELETE", place(space_id, "panic"), NOTHING)


class _Calls:
    make = Operation(_make)
    list = Listing(_list)
    change = Operation(_change)
    withdraw = Operation(_withdraw)
    dump = Operation(_dump)
    cough = Operation(_cough)
    panic = Operation(_panic)
    calm = Operation(_calm)


class Redactions(_Calls, SyncGroup):
    """`client.redactions`."""


class AsyncRedactions(_Calls, AsyncGroup):
    """`client.redactions`."""
