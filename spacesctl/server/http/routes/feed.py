"""The feed: live and scheduled Spaces of followed accounts, then their posts."""

from __future__ import annotations

from fastapi import APIRouter
from msgspec import structs

from spacesctl.api.profiles import Feed
from spacesctl.api.spaces import Pin
from spacesctl.api.spaces import Space as ShownSpace
from spacesctl.application.admission import seen
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role, State
from spacesctl.server.http import serializers
from spacesctl.server.http.routes.posts import post_cursor
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.server.http.wire_route import WireRoute
from spacesctl.store import accounts, posts
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["posts"], route_class=WireRoute)
PAGE = 100


@router.get("/feed")
async def feed(app: Here, caller: SignedIn, cursor: str | None = None) -> Feed:
    """Posts of the caller and of followed accounts, newest first; the first page also has their live and scheduled
    Spaces.

    Posts and Spaces of accounts with a block between them and the caller are left out. `blocked_speaking` of a Space
    lists the speakers that the caller has blocked.
    """
    me, before = caller.account_id or "", post_cursor(cursor)
    async with app.db.read() as db:
        followed = {one.id for one in await accounts.following(db, me)}
        mine, theirs = await accounts.blocked_ids(db, me)
        apart = mine | theirs
        live = [State.LIVE, State.SCHEDULED]
        hosts = (followed - apart) | {me}
        spaces = await seen(db, caller, await space_store.of_hosts(db, hosts, live)) if before is None else []
        found = await posts.feed(db, me, before=before, limit=PAGE)
        known = await accounts.by_ids(db, {post.author_id for post in found})
    kept = [space for space in spaces if space.host_id == me or not _led_by(space, apart)]
    return Feed(
        spaces=[_without(shown, apart) for shown in await serializers.spaces(app, kept, caller)],
        data=[serializers.post(post, known[post.author_id]) for post in found],
        next=found[-1].id if len(found) == PAGE else None,
    )


def _led_by(space: Space, accounts: set[str]) -> bool:
    return any(person.account_id in accounts for person in space.with_role(Role.COHOST))


def _without(shown: ShownSpace, apart: set[str]) -> ShownSpace:
    """A Space as shown, without the accounts in `apart`."""
    return structs.replace(
        shown,
        host_ids=_kept(shown.host_ids, apart),
        speaker_ids=_kept(shown.speaker_ids, apart),
        invited_user_ids=_kept(shown.invited_user_ids, apart),
        pinned=[pin for pin in shown.pinned if apart.isdisjoint(_accounts_of(pin))],
    )


def _kept(ids: list[str], apart: set[str]) -> list[str]:
    return [one for one in ids if one not in apart]


def _accounts_of(pin: Pin) -> set[str]:
    return {pin.by.id} if pin.post is None else {pin.by.id, pin.post.author.id}
