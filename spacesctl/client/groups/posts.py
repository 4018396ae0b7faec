"""Posts, the feed, and voice clips."""

from __future__ import annotations

from spacesctl.api.posts import NewPost, Post
from spacesctl.api.profiles import Feed
from spacesctl.client.call import AsyncGroup, Call, Operation, SyncGroup, segment

NOTHING = type(None)


def _create(new: NewPost, *, idempotency_key: str | None = None) -> Call[Post]:
    """Create a public post."""
    return Call("POST", "/v1/posts", Post, new, idempotency_key=idempotency_key)


def _get(post_id: str) -> Call[Post]:
    """One post."""
    return Call("GET", f"/v1/posts/{segment(post_id)}", Post)


def _delete(post_id: str) -> Call[None]:
    """Delete a post, its voice clip and its pins."""
    return Call("DELETE", f"/v1/posts/{segment(post_id)}", NOTHING)


def _feed(cursor: str | None = None) -> Call[Feed]:
    """Posts of the caller and of followed accounts; on the first page also their live and scheduled Spaces."""
    return Call("GET", "/v1/feed", Feed, parameters={"cursor": cursor})


def _clip(clip_id: str) -> Call[bytes]:
    """The audio of a voice clip, Ogg Opus."""
    return Call("GET", f"/v1/clips/{segment(clip_id)}.ogg", bytes, media="audio/ogg")


class _Calls:
    create = Operation(_create)
    get = Operation(_get)
    delete = Operation(_delete)
    feed = Operation(_feed)
    clip = Operation(_clip)


class Posts(_Calls, SyncGroup):
    """`client.posts`."""


class AsyncPosts(_Calls, AsyncGroup):
    """`client.posts`."""
