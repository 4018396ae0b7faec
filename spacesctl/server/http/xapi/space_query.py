"""The fields that a request selects: `space.fields`, `expansions` and so on, each a comma-separated list.

Older names (`tweet.fields`, `referenced_tweets.id`) and newer ones (`post.fields`, `referenced_posts`) are both
accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from spacesctl.server.http.xapi.problems import BadParameter

SPACE = frozenset(
    {
        "created_at", "creator_id", "ended_at", "host_ids", "id", "invited_user_ids", "is_ticketed", "lang",
        "participant_count", "scheduled_start", "speaker_ids", "started_at", "state", "subscriber_count", "title",
        "topic_ids", "updated_at",
    }
)  # fmt: skip
USER = frozenset(
    {
        "affiliation", "confirmed_email", "connection_status", "created_at", "description", "entities", "id",
        "is_identity_verified", "location", "most_recent_post_id", "most_recent_tweet_id", "name", "parody",
        "pinned_post_id", "pinned_tweet_id", "profile_banner_url", "profile_image_url", "protected", "public_metrics",
        "receives_your_dm", "subscribes_to_you", "subscription", "subscription_type", "url", "username", "verified",
        "verified_followers_count", "verified_type", "withheld",
    }
)  # fmt: skip
TOPIC = frozenset({"description", "id", "name"})
POST = frozenset(
    {
        "article", "article_title", "attachments", "author_id", "card_uri", "community_id", "context_annotations",
        "conversation_id", "created_at", "display_text_range", "edit_controls", "edit_history_post_ids",
        "edit_history_tweet_ids", "entities", "geo", "id", "in_reply_to_user_id", "lang", "matched_media_notes",
        "media_metadata", "non_public_metrics", "note_post", "note_request_suggestions", "note_tweet",
        "organic_metrics", "paid_partnership", "possibly_sensitive", "promoted_metrics", "public_metrics",
        "referenced_posts", "referenced_tweets", "reply_settings", "scopes", "source", "suggested_source_links",
        "suggested_source_links_with_counts", "text", "withheld",
    }
)  # fmt: skip
SPACE_EXPANSIONS = frozenset({"creator_id", "host_ids", "invited_user_ids", "speaker_ids", "topic_ids"})
POST_EXPANSIONS = frozenset(
    {
        "affiliation", "article.cover_media", "article.media_entities", "attachments.media_keys",
        "attachments.media_source_tweet", "attachments.poll_ids", "author_id", "edit_history_post_ids",
        "edit_history_tweet_ids", "entities.mentions.username", "entities.note.mentions.username", "geo.place_id",
        "in_reply_to_user_id", "most_recent_post_id", "most_recent_tweet_id", "pinned_post_id", "pinned_tweet_id",
        "referenced_posts", "referenced_posts.author_id", "referenced_tweets.id", "referenced_tweets.id.author_id",
        "username",
    }
)  # fmt: skip
"""Includes what this server does not have (media, polls, places): it may be requested and is left out of the answer."""


@dataclass(frozen=True)
class FieldSelection:
    """The selected fields per kind of object, and the expansions."""

    space: frozenset[str]
    user: frozenset[str]
    topic: frozenset[str]
    post: frozenset[str]
    expansions: frozenset[str]


async def of_spaces(request: Request) -> FieldSelection:
    """The selection of a request for Spaces. Raises BadParameter."""
    return _read(request.query_params, SPACE_EXPANSIONS)


async def of_posts(request: Request) -> FieldSelection:
    """The selection of a request for posts. Raises BadParameter."""
    return _read(request.query_params, POST_EXPANSIONS)


SpaceQuery = Annotated[FieldSelection, Depends(of_spaces)]
PostQuery = Annotated[FieldSelection, Depends(of_posts)]


def _read(query: Mapping[str, str], expansions: frozenset[str]) -> FieldSelection:
    expanded = _listed(query, "expansions", expansions)
    return FieldSelection(
        # Expanded fields are always shown.
        _listed(query, "space.fields", SPACE) | (expanded & SPACE) | {"id", "state"},
        _listed(query, "user.fields", USER) | {"id", "name", "username"},
        _listed(query, "topic.fields", TOPIC) | {"id", "name"},
        _listed(query, "tweet.fields", POST) | _listed(query, "post.fields", POST) | (expanded & POST) | {"id", "text"},
        expanded,
    )


def _listed(query: Mapping[str, str], parameter: str, known: frozenset[str]) -> frozenset[str]:
    words = frozenset(word for word in query.get(parameter, "").split(",") if word)
    if unknown := sorted(words - known):
        raise BadParameter(
            parameter,
            unknown[0],
            f"The `{parameter}` query parameter value [{unknown[0]}] is not one of [{','.join(sorted(known))}]",
        )
    return words


def ids(parameter: str, text: str, most: int = 100) -> list[str]:
    """The values of a list parameter, each once. Raises BadParameter when there are none or more than `most`."""
    found = list(dict.fromkeys(word for word in text.split(",") if word))
    if not 1 <= len(found) <= most:
        raise BadParameter(
            parameter,
            text[:200],
            f"The number of values in the `{parameter}` query parameter list is not between 1 and {most}",
        )
    return found
