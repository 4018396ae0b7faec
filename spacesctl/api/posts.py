"""Posts, voice clips, the feed and direct messages."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.accounts import Who
from spacesctl.api.wire import LINES, Answer, Given, Meta, Time

ClipId = Annotated[str, Meta(max_length=13)]


class Clip(Answer, frozen=True, kw_only=True):
    """A voice clip, mono Ogg Opus at `url`."""

    id: str
    url: str
    duration_ms: int
    bytes: int


class Post(Answer, frozen=True, kw_only=True):
    """A public post."""

    id: str
    author: Who
    text: str
    clip: Clip | None
    created_at: Time


class NewPost(Given, frozen=True, kw_only=True):
    """A post to create."""

    text: Annotated[str, Meta(max_length=2_000, extra=LINES)] = ""
    """At most 280 characters; may be empty if there is a voice clip."""
    clip: ClipId | None = None
    """The id of a voice clip that the caller has uploaded."""


class NewMessage(Given, frozen=True, kw_only=True):
    """A direct message to send."""

    to: str
    """The handle of an account."""
    text: Annotated[str, Meta(max_length=10_000, extra=LINES)] = ""
    """May be empty if there is a voice clip."""
    clip: ClipId | None = None
    """The id of a voice clip that the caller has uploaded."""


class SentMessage(Answer, frozen=True, kw_only=True):
    """A direct message that was sent."""

    id: str
    to: Who
    clip: Clip | None
    created_at: Time


class Message(Answer, frozen=True, kw_only=True):
    """A direct message to the caller: written by `by`, or sent in its name. `link` is the Space's page."""

    id: str
    kind: Literal["message", "invite", "reminder", "notice"]
    by: Who
    space_id: str | None
    link: str | None
    text: str
    clip: Clip | None
    created_at: Time
    unread: bool
    """Until the caller says that it was read."""


class ReadMessages(Given, frozen=True, kw_only=True):
    """Direct messages that the caller has read, by their ids."""

    ids: Annotated[list[str], Meta(min_length=1, max_length=100)]
