"""Direct messages."""

from __future__ import annotations

from spacesctl.api.posts import Message, NewMessage, ReadMessages, SentMessage
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup


def _inbox(cursor: str | None = None, *, unread: bool = False) -> Call[Page[Message]]:
    """Direct messages to the caller, newest first: all, or those before a message's id, or the unread ones."""
    asked = {"cursor": cursor, "unread": "true" if unread else None}
    return Call("GET", "/v1/dms", Page[Message], parameters=asked)


def _mark_read(ids: list[str]) -> Call[None]:
    """Note that the caller has read these messages, at most 100."""
    return Call("POST", "/v1/dms/read", type(None), ReadMessages(ids=ids))


def _send(new: NewMessage, *, idempotency_key: str | None = None) -> Call[SentMessage]:
    """Send a direct message."""
    return Call("POST", "/v1/dms", SentMessage, new, idempotency_key=idempotency_key)


class _Calls:
    inbox = Listing(_inbox)
    mark_read = Operation(_mark_read)
    send = Operation(_send)


class Messages(_Calls, SyncGroup):
    """`client.messages`."""


class AsyncMessages(_Calls, AsyncGroup):
    """`client.messages`."""
