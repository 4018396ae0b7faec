"""Spaces, users, topics and posts in X's format: the requested fields, as far as this server has them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.posts import Post
from spacesctl.server.http.xapi.space_query import FieldSelection
from spacesctl.store import accounts, posts

_PEOPLE = ("creator_id", "host_ids", "invited_user_ids", "speaker_ids")


def space(ours: dict[str, Any], wanted: FieldSelection) -> dict[str, Any]:
    """A Space, from our own API's form, which has the same names. Empty fields are left out, as X does."""
    return {name: ours[name] for name in sorted(wanted.space) if ours[name] not in (None, [])}


async def includes_of_spaces(db: AsyncConnection, ours: list[dict[str, Any]], wanted: FieldSelection) -> dict[str, Any]:
    """The users and topics of the requested expansions, each once."""
    found: dict[str, Any] = {}
    named = [name for name in _PEOPLE if name in wanted.expansions]
    people = dict.fromkeys(one for value in ours for name in named for one in _many(value[name]))
    if people:
        known = await accounts.by_ids(db, set(people))
        found["users"] = [await user(db, known[one], wanted) for one in people if one in known]
    topics = dict.fromkeys(topic for value in ours for topic in value["topic_ids"])
    if topics and "topic_ids" in wanted.expansions:
        found["topics"] = [_topic(one, wanted) for one in topics]
    return found


async def user(db: AsyncConnection, account: Account, wanted: FieldSelection) -> dict[str, Any]:
    """A user."""
    shown: dict[str, Any] = {
        "id": account.id,
        "name": account.name,
        "username": account.handle,
        "created_at": rfc3339(account.created_at),
        "description": account.description,
        "protected": False,
        "verified": False,
        "verified_type": "none",
    }
    if "public_metrics" in wanted.user:
        followers, following = await accounts.follow_counts(db, account.id)
        written = await posts.count_by(db, account.id)
        shown["public_metrics"] = {
            "followers_count": followers, "following_count": following, "listed_count": 0,
            "tweet_count": written, "post_count": written,
        }  # fmt: skip
    return {name: value for name, value in shown.items() if name in wanted.user}


def post(one: Post, wanted: FieldSelection) -> dict[str, Any]:
    """A post. Fields that X renamed have both names."""
    shown: dict[str, Any] = {
        "id": one.id,
        "text": one.text,
        "author_id": one.author_id,
        "conversation_id": one.id,
        "created_at": rfc3339(one.at),
        "lang": "und",
        "possibly_sensitive": False,
        "public_metrics": dict.fromkeys(
            ("retweet_count", "repost_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"), 0
        ),
        "reply_settings": "everyone",
    }  # fmt: skip
    history = {"edit_history_tweet_ids": [one.id], "edit_history_post_ids": [one.id]}
    return {name: value for name, value in shown.items() if name in wanted.post} | history


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _topic(name: str, wanted: FieldSelection) -> dict[str, str]:
    return {key: value for key, value in {"id": name, "name": name, "description": ""}.items() if key in wanted.topic}
