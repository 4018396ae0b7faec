"""Direct messages."""

from __future__ import annotations

from spacesctl.api.posts import Message, NewMessage, SentMessage
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup


def _inbox(cursor: str | None = None) -> Call[Page[Message]]:
    """Direct messages to the caller, newest first: all, or those before a message's id."""
    return Call("GET", "/v1/dms", Page[Message], parameters={"cursor": cursor})


def _send(new: NewMessage, *, idempotency_key: str | None = None) -> Call[SentMessage]:
    """Send a direct message."""
    return Call("POST", "/v1/dms", SentMessage, new, idempotency_key=idempotency_key)


class _Calls:
    inbox = Listing(_inbox)
    send = Operation(_send)


class Messages(_Calls, SyncGroup):
    """`client.messages`."""


class AsyncMessages(_Calls, AsyncGroup):
    """`client.messages`."""
