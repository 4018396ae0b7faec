"""Posts and profiles."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from spacesctl.application import accounts as accounts_use
from spacesctl.application import messages as use
from spacesctl.application import pins
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Invalid, NotSignedIn
from spacesctl.domain.posts import Post, is_post_id
from spacesctl.domain.principals import Person
from spacesctl.domain.words import State
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.store import accounts, posts
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["posts"])
PAGE = 100
LAST = 10
"""Posts in a profile."""


class NewPost(Body):
    """The body of `POST /posts`."""

    text: str = Field("", max_length=2_000)
    """At most 280 characters; may be empty if there is a voice clip."""
    clip: str | None = Field(None, max_length=13)
    """The id of a voice clip that the caller has uploaded."""


class AboutMe(Body):
    """Fields that are left out stay unchanged."""

    name: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    description: Annotated[str, Field(max_length=160)] | None = None


@router.post("/posts", status_code=201)
async def create_post(app: Here, caller: SignedIn, body: NewPost, idempotency_key: IdempotencyKey = None) -> Any:
    """Create a public post. A voice clip can be used in one post or message only."""
    return await answer_once(app, caller, idempotency_key, "posts", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: NewPost, once: Once) -> Any:
    if body.clip is None:
        app.rates.by_account("post", caller)  # a clip was counted when it was uploaded
    return _shown(await use.create_post(app, caller, body.text, body.clip, once.keeping(_shown)))


def _shown(made: tuple[Post, Account]) -> dict[str, Any]:
    return serializers.post(*made)


@router.get("/posts/{ref}")
async def get_post(app: Here, ref: str) -> dict[str, Any]:
    """One post."""
    async with app.db.read() as db:
        found = await posts.get(db, ref)
        return serializers.post(found, await accounts.get(db, found.author_id))


@router.delete("/posts/{ref}", status_code=204)
async def delete_post(app: Here, caller: SignedIn, ref: str) -> Response:
    """Delete a post and its voice clip, and remove its pins. Only the author and admins may."""
    await pins.delete_post(app, caller, ref)
    return Response(status_code=204)


@router.get("/accounts/{ref}/posts")
async def list_posts(app: Here, ref: str, cursor: str | None = None) -> dict[str, Any]:
    """An account's posts, newest first."""
    async with app.db.read() as db:
        author = await accounts.get(db, ref)
        found = await posts.by_author(db, author.id, before=post_cursor(cursor), limit=PAGE)
    return {
        "data": [serializers.post(one, author) for one in found],
        "next": found[-1].id if len(found) == PAGE else None,
    }


@router.get("/accounts/{ref}/profile")
async def profile(app: Here, caller: Anyone, ref: str) -> dict[str, Any]:
    """An account, its live and scheduled Spaces, and its last posts."""
    if ref == "me" and caller.account_id is None:
        raise NotSignedIn
    async with app.db.read() as db:
        found = await accounts.get(db, caller.account_id or "" if ref == "me" else ref)
        followers, following = await accounts.follow_counts(db, found.id)
        spaces = await space_store.of_hosts(db, {found.id}, [State.LIVE, State.SCHEDULED])
        last = await posts.by_author(db, found.id, before=None, limit=LAST)
    return {
        **serializers.account(found),
        "description": found.description,
        "followers": followers,
        "following": following,
        "spaces": await serializers.spaces(app, spaces, caller),
        "posts": [serializers.post(one, found) for one in last],
    }


@router.patch("/accounts/me")
async def describe(app: Here, caller: SignedIn, body: AboutMe) -> dict[str, Any]:
    """Change the caller's name and description."""
    found = await accounts_use.describe(app, caller, body.name, body.description)
    return {**serializers.account(found), "description": found.description}


def post_cursor(text: str | None) -> str | None:
    """Check a cursor of a list of posts. Raises Invalid."""
    if text is not None and not is_post_id(text):
        raise Invalid("cursor", "is not a cursor that this list returned")
    return text
