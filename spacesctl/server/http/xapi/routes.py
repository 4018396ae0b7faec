"""`/2/spaces`: lookup by id and by creator, search, posts that were shared into a Space, and ticket buyers (always none)."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import x
from spacesctl.api.wire import UNSET, UnsetType
from spacesctl.application.admission import readable, seen
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, TooMany
from spacesctl.domain.posts import Post
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.server.http import serializers
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.wire_route import may_fail
from spacesctl.server.http.xapi import problems, shapes
from spacesctl.server.http.xapi.problems import BadParameter, XRoute
from spacesctl.server.http.xapi.quota import Metered
from spacesctl.server.http.xapi.space_query import FieldSelection, PostQuery, SpaceQuery, ids
from spacesctl.store import accounts
from spacesctl.store import posts as post_store
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/2/spaces", tags=["x"], route_class=XRoute)
MOST = 100
_SPACE_ID = re.compile(r"[A-Za-z0-9]{1,13}")
_USER_ID = re.compile(r"[0-9]{1,19}")
_STATES = {"all": [State.LIVE, State.SCHEDULED], "live": [State.LIVE], "scheduled": [State.SCHEDULED]}

MaxResults = Annotated[int, Query(ge=1, le=MOST)]


@router.get("")
@may_fail(NotAllowed, TooMany)
async def by_ids(
    app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, ids_: Annotated[str, Query(alias="ids")]
) -> x.XSpaces:
    """Spaces by `ids`, up to 100; those that do not exist are in `errors`."""
    asked = [_checked(_SPACE_ID, "ids", one) for one in ids("ids", ids_)]
    return await _found(app, caller, wanted, asked, "ids")


@router.get("/by/creator_ids")
@may_fail(NotAllowed, TooMany)
async def by_creators(app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, user_ids: str) -> x.XSpaces:
    """Live and scheduled Spaces of up to 100 creators."""
    asked = [_checked(_USER_ID, "user_ids", one) for one in ids("user_ids", user_ids)]
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(asked))
        found = await seen(db, caller, await space_store.of_creators(db, set(known), _STATES["all"]))
    missing = [problems.not_found("user_ids", one, "user") for one in asked if one not in known]
    return await _shown(app, caller, wanted, found, missing, counted=True)


@router.get("/search")
@may_fail(NotAllowed, TooMany)
async def search(
    app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered,
    query: Annotated[str, Query(min_length=1, max_length=2048)],
    state: Literal["all", "live", "scheduled"] = "all",
    max_results: MaxResults = MOST,
) -> x.XSpaces:  # fmt: skip
    """Live and scheduled Spaces whose title and topics contain all words of the query, newest first."""
    words = [word.lstrip("#").casefold() for word in query.split()]
    found: list[Space] = []
    before = None
    while len(found) < max_results:
        async with app.db.read() as db:
            page = await space_store.visible(db, None, states=_STATES[state], before=before, limit=MOST)
            found += await seen(db, caller, [one for one in page if _holds(one, words)])
        if len(page) < MOST:
            break
        before = page[-1].created_at
    return await _shown(app, caller, wanted, found[:max_results], [], counted=True)


@router.get("/{space_id}")
@may_fail(NotAllowed, TooMany)
async def by_id(app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, space_id: str) -> x.XOneSpace:
    """One Space. If it does not exist, there is an entry in `errors` and no `data`."""
    found = await _found(app, caller, wanted, [_checked(_SPACE_ID, "id", space_id)], "id")
    one = found.data[0] if found.data is not UNSET else UNSET
    return x.XOneSpace(data=one, includes=found.includes, errors=found.errors)


@router.get("/{space_id}/tweets")
@may_fail(NotAllowed, TooMany)
async def shared(
    app: Here, caller: SignedIn, wanted: PostQuery, quota: Metered, space_id: str,
    max_results: MaxResults = MOST, pagination_token: str | None = None,
) -> x.XPosts:  # fmt: skip
    """The posts that were shared into the Space, in that order."""
    after = _after(pagination_token)
    _, problem = await _one(app, caller, _checked(_SPACE_ID, "id", space_id), "id")
    if problem is not None:
        return x.XPosts(errors=[problem])
    async with app.db.read() as db:
        pins = await space_store.events_after(db, space_id, after, limit=max_results + 1, types=["pin.added"])
        more = pins.pop().seq if len(pins) > max_results else None
        known = await post_store.by_ids(db, {pin.body["pin"]["ref"] for pin in pins})
        posts = [known[ref] for ref in dict.fromkeys(pin.body["pin"]["ref"] for pin in pins) if ref in known]
        return await _posts(db, posts, wanted, UNSET if more is None else _token(pins[-1].seq))


@router.get("/{space_id}/buyers")
@may_fail(NotAllowed, TooMany)
async def buyers(app: Here, caller: SignedIn, wanted: PostQuery, quota: Metered, space_id: str) -> x.XPosts:
    """Always empty: Spaces of this server have no tickets."""
    _, problem = await _one(app, caller, _checked(_SPACE_ID, "id", space_id), "id")
    return x.XPosts(errors=[problem]) if problem is not None else x.XPosts(meta=x.XMeta(result_count=0))


async def _found(app: Services, caller: Person, wanted: FieldSelection, asked: list[str], parameter: str) -> x.XSpaces:
    spaces, errors = list[Space](), list[x.XMissing]()
    for one in asked:
        space, problem = await _one(app, caller, one, parameter)
        if space is not None:
            spaces.append(space)
        if problem is not None:
            errors.append(problem)
    return await _shown(app, caller, wanted, spaces, errors)


async def _one(app: Services, caller: Person, space_id: str, parameter: str) -> tuple[Space | None, x.XMissing | None]:
    """The Space, or its entry of `errors`."""
    try:
        return await readable(app, caller, space_id), None
    except (NotFound, Gone):
        return None, problems.not_found(parameter, space_id)
    except NotAllowed:
        return None, problems.not_authorized(parameter, space_id)


async def _shown(
    app: Services,
    caller: Person,
    wanted: FieldSelection,
    spaces: list[Space],
    errors: list[x.XMissing],
    *,
    counted: bool = False,
) -> x.XSpaces:
    ours = await serializers.spaces(app, spaces, caller)
    async with app.db.read() as db:
        includes = await shapes.includes_of_spaces(db, ours, wanted)
    return x.XSpaces(
        data=[shapes.space(one, wanted) for one in ours] or UNSET,
        includes=includes or UNSET,
        errors=errors or UNSET,
        meta=x.XMeta(result_count=len(ours)) if counted else UNSET,
    )


async def _posts(db: AsyncConnection, posts: list[Post], wanted: FieldSelection, more: str | UnsetType) -> x.XPosts:
    includes: x.XIncludes | UnsetType = UNSET
    if posts and "author_id" in wanted.expansions:
        known = await accounts.by_ids(db, {one.author_id for one in posts})
        authors = dict.fromkeys(one.author_id for one in posts)
        includes = x.XIncludes(users=[await shapes.user(db, known[one], wanted) for one in authors])
    data = [shapes.post(one, wanted) for one in posts] or UNSET
    return x.XPosts(data=data, includes=includes, meta=x.XMeta(result_count=len(posts), next_token=more))


def _holds(space: Space, words: list[str]) -> bool:
    text = " ".join([space.title, *space.topics]).casefold()
    return all(word in text for word in words)


def _checked(pattern: re.Pattern[str], parameter: str, value: str) -> str:
    if not pattern.fullmatch(value):
        raise BadParameter(
            parameter, value[:200], f"The `{parameter}` query parameter value [{value[:200]}] is not valid"
        )
    return value


def _token(seq: int) -> str:
    return base64.b32hexencode(seq.to_bytes(5, "big")).decode().lower()


def _after(token: str | None) -> int:
    """The sequence number in a token. Raises BadParameter for a malformed one."""
    if token is None:
        return 0
    try:
        raw = base64.b32hexdecode(token.upper())
    except ValueError:
        raw = b""
    if len(raw) != 5:
        raise BadParameter(
            "pagination_token", token[:200], "The `pagination_token` query parameter is not one that was given"
        )
    return int.from_bytes(raw, "big")
