"""Spaces, users, topics and posts in X's format: the requested fields, as far as this server has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import spaces as ours
from spacesctl.api import x
from spacesctl.api.wire import UNSET, Answer, Time
from spacesctl.domain.accounts import Account
from spacesctl.domain.posts import Post
from spacesctl.server.http.xapi.space_query import FieldSelection
from spacesctl.store import accounts, posts

T = TypeVar("T", bound=Answer)


def space(one: ours.Space, wanted: FieldSelection) -> x.XSpace:
    """A Space, from our own API's form, which has the same names. Empty fields are left out, as X does."""
    found = x.XSpace(
        id=one.id,
        state=one.state.value,
        created_at=one.created_at,
        creator_id=one.creator_id,
        ended_at=one.ended_at or UNSET,
        host_ids=one.host_ids or UNSET,
        invited_user_ids=one.invited_user_ids or UNSET,
        is_ticketed=one.is_ticketed,
        lang=one.lang,
        participant_count=one.participant_count,
        scheduled_start=one.scheduled_start or UNSET,
        speaker_ids=one.speaker_ids or UNSET,
        started_at=one.started_at or UNSET,
        subscriber_count=one.subscriber_count,
        title=one.title,
        topic_ids=one.topic_ids or UNSET,
        updated_at=one.updated_at,
    )
    return _selected(found, wanted.space)


async def includes_of_spaces(
    db: AsyncConnection, shown: list[ours.Space], wanted: FieldSelection
) -> x.XIncludes | None:
    """The users and topics of the requested expansions, each once; None when there are none."""
    people = dict.fromkeys(one for value in shown for one in _people(value, wanted))
    known = await accounts.by_ids(db, set(people))
    users = [await user(db, known[one], wanted) for one in people if one in known]
    topics = dict.fromkeys(topic for value in shown for topic in value.topic_ids)
    named = [_topic(one, wanted) for one in topics] if "topic_ids" in wanted.expansions else []
    if not people and not named:
        return None
    return x.XIncludes(users=users if people else UNSET, topics=named or UNSET)


def _people(one: ours.Space, wanted: FieldSelection) -> Iterable[str]:
    lists = {
        "creator_id": [one.creator_id],
        "host_ids": one.host_ids,
        "invited_user_ids": one.invited_user_ids,
        "speaker_ids": one.speaker_ids,
    }
    return [who for name, ids in lists.items() if name in wanted.expansions for who in ids]


async def user(db: AsyncConnection, account: Account, wanted: FieldSelection) -> x.XUser:
    """A user."""
    metrics: x.XUserMetrics | None = None
    if "public_metrics" in wanted.user:
        followers, following = await accounts.follow_counts(db, account.id)
        written = await posts.count_by(db, account.id)
        metrics = x.XUserMetrics(
            followers_count=followers,
            following_count=following,
            listed_count=0,
            tweet_count=written,
            post_count=written,
        )
    found = x.XUser(
        id=account.id,
        name=account.name,
        username=account.handle,
        created_at=Time.of(account.created_at),
        description=account.description,
        protected=False,
        verified=False,
        verified_type="none",
        public_metrics=metrics or UNSET,
    )
    return _selected(found, wanted.user)


def post(one: Post, wanted: FieldSelection) -> x.XPost:
    """A post. Fields that X renamed have both names."""
    found = x.XPost(
        id=one.id,
        text=one.text,
        edit_history_tweet_ids=[one.id],
        edit_history_post_ids=[one.id],
        author_id=one.author_id,
        conversation_id=one.id,
        created_at=Time.of(one.at),
        lang="und",
        possibly_sensitive=False,
        public_metrics=x.XPostMetrics(),
        reply_settings="everyone",
    )
    return _selected(found, wanted.post | {"edit_history_tweet_ids", "edit_history_post_ids"})


def _topic(name: str, wanted: FieldSelection) -> x.XTopic:
    return _selected(x.XTopic(id=name, name=name, description=""), wanted.topic)


def _selected(whole: T, fields: frozenset[str]) -> T:
    """Without the fields that were not asked for."""
    left_out = {name: UNSET for name in whole.__struct_fields__ if name not in fields}
    return structs.replace(whole, **left_out)
