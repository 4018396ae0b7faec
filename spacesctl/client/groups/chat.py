"""The chat of a Space, and typed speech."""

from __future__ import annotations

from typing import Literal

from spacesctl.api import chat as wire
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Operation, SyncGroup
from spacesctl.client.groups.spaces import NOTHING, place


def _write(space_id: str, text: str, *, idempotency_key: str | None = None) -> Call[wire.ChatLine]:
    """Write in the chat."""
    new = wire.NewChat(text=text)
    return Call("POST", place(space_id, "chat"), wire.ChatLine, new, idempotency_key=idempotency_key)


def _read(
    space_id: str, after: int | None = None, view: Literal["audience", "staff"] | None = None
) -> Call[Page[wire.ChatLine]]:
    """At most 500 messages, oldest first: those after an event's number, or the newest. Staff may see what was redacted and erased."""
    asked = {"after": after, "view": view}
    return Call("GET", place(space_id, "chat"), Page[wire.ChatLine], parameters=asked)


def _erase(space_id: str, number: int) -> Call[None]:
    """Take a message, or typed speech, from the audience."""
    return Call("DELETE", place(space_id, "chat", str(number)), NOTHING)


def _mask(space_id: str, number: int, new: wire.NewMask) -> Call[None]:
    """Keep words of a message, or of typed speech, from the audience."""
    return Call("POST", place(space_id, "chat", str(number), "mask"), NOTHING, new)


def _type(space_id: str, text: str, *, final: bool = False) -> Call[wire.Typed]:
    """Speak on the stage by typing: all characters so far, and at last the final text."""
    return Call("POST", place(space_id, "typed"), wire.Typed, wire.NewTyped(text=text, final=final))


def _hide_typed(space_id: str, new: wire.NewDraftMask) -> Call[None]:
    """For the bundled bot: show the audience no more of what somebody types, until it is final."""
    return Call("POST", place(space_id, "typed", "mask"), NOTHING, new)


class _Calls:
    write = Operation(_write)
    read = Operation(_read)
    erase = Operation(_erase)
    mask = Operation(_mask)
    type = Operation(_type)
    hide_typed = Operation(_hide_typed)


class Chat(_Calls, SyncGroup):
    """`client.chat`."""


class AsyncChat(_Calls, AsyncGroup):
    """`client.chat`."""
