"""Posts and profiles."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from spacesctl.api import posts as api
from spacesctl.api.accounts import AboutMe, DescribedAccount
from spacesctl.api.profiles import Profile
from spacesctl.api.wire import Page
from spacesctl.application import accounts as accounts_use
from spacesctl.application import messages as use
from spacesctl.application import pins
from spacesctl.application.admission import seen
from spacesctl.application.once import Once
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.domain.posts import Post, is_post_id
from spacesctl.domain.principals import Person
from spacesctl.domain.words import State
from spacesctl.server.http import cursors, serializers
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, posts
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["posts"], route_class=WireRoute)
PAGE = 100
LAST = 10
"""Posts in a profile."""


@router.post("/posts", status_code=201)
@may_fail(NotFound, Refused, Conflict, TooMany)
@limited("post", cost=lambda body: int(body.clip is None))  # a clip was counted when it was uploaded
async def create_post(
    app: Here, caller: SignedIn, body: api.NewPost, idempotency_key: IdempotencyKey = None
) -> api.Post | Response:
    """Create a public post. A voice clip can be used in one post or message only."""
    return await answer_once(app, caller, idempotency_key, "posts", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: api.NewPost, once: Once) -> api.Post:
    return _shown(await use.create_post(app, caller, body.text, body.clip, keeping(once, _shown)))


def _shown(made: tuple[Post, Account]) -> api.Post:
    return serializers.post(*made)


@router.get("/posts/{ref}")
@may_fail(NotFound)
async def get_post(app: Here, ref: str) -> api.Post:
    """One post."""
    async with app.db.read() as db:
        found = await posts.get(db, ref)
        return serializers.post(found, await accounts.get(db, found.author_id))


@router.delete("/posts/{ref}", status_code=204)
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def delete_post(app: Here, caller: SignedIn, ref: str) -> None:
    """Delete a post and its voice clip, and remove its pins. Only the author and admins may."""
    await pins.delete_post(app, caller, ref)


@router.get("/accounts/{ref}/posts")
@may_fail(NotFound)
async def list_posts(app: Here, ref: str, cursor: str | None = None) -> Page[api.Post]:
    """An account's posts, newest first."""
    async with app.db.read() as db:
        author = await accounts.get(db, ref)
        found = await posts.by_author(db, author.id, before=post_cursor(cursor), limit=PAGE)
    more = found[-1].id if len(found) == PAGE else None
    return Page(data=[serializers.post(one, author) for one in found], next=more)


@router.get("/accounts/{ref}/profile")
@may_fail(NotFound)
async def profile(app: Here, caller: Anyone, ref: str) -> Profile:
    """An account, its live and scheduled Spaces, and its last posts."""
    if ref == "me" and caller.account_id is None:
        raise NotSignedIn
    async with app.db.read() as db:
        found = await accounts.get(db, caller.account_id or "" if ref == "me" else ref)
        followers, following = await accounts.follow_counts(db, found.id)
        spaces = await seen(db, caller, await space_store.of_hosts(db, {found.id}, [State.LIVE, State.SCHEDULED]))
        last = await posts.by_author(db, found.id, before=None, limit=LAST)
    return Profile(
        **serializers.account_fields(found),
        description=found.description,
        followers=followers,
        following=following,
        spaces=await serializers.spaces(app, spaces, caller),
        posts=[serializers.post(one, found) for one in last],
    )


@router.patch("/accounts/me")
@limited("change")
async def describe(app: Here, caller: SignedIn, body: AboutMe) -> DescribedAccount:
    """Change the caller's name and description."""
    found = await accounts_use.describe(app, caller, body.name, body.description)
    return DescribedAccount(**serializers.account_fields(found), description=found.description)


def post_cursor(text: str | None) -> str | None:
    """Check a cursor of a list of posts. Raises Invalid."""
    if text is not None and not is_post_id(text):
        raise cursors.unknown()
    return text
