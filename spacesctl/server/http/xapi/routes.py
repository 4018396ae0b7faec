"""`/2/spaces`: lookup by id and by creator, search, posts that were shared into a Space, and ticket buyers (always none)."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.admission import readable
from spacesctl.domain.errors import Gone, NotAllowed, NotFound
from spacesctl.domain.posts import Post
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.server.http import serializers
from spacesctl.server.http.services import Here, Services, SignedIn
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
async def by_ids(
    app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, ids_: Annotated[str, Query(alias="ids")]
) -> dict[str, Any]:
    """Spaces by `ids`, up to 100; those that do not exist are in `errors`."""
    asked = [_checked(_SPACE_ID, "ids", one) for one in ids("ids", ids_)]
    return await _found(app, caller, wanted, asked, "ids")


@router.get("/by/creator_ids")
async def by_creators(app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, user_ids: str) -> dict[str, Any]:
    """Live and scheduled Spaces of up to 100 creators."""
    asked = [_checked(_USER_ID, "user_ids", one) for one in ids("user_ids", user_ids)]
    async with app.db.read() as db:
        known = await accounts.by_ids(db, set(asked))
        found = await space_store.of_creators(db, set(known), _STATES["all"])
    missing = [problems.not_found("user_ids", one, "user") for one in asked if one not in known]
    return await _shown(app, caller, wanted, await _admitted(app, caller, found), missing, counted=True)


@router.get("/search")
async def search(
    app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered,
    query: Annotated[str, Query(min_length=1, max_length=2048)],
    state: Literal["all", "live", "scheduled"] = "all",
    max_results: MaxResults = MOST,
) -> dict[str, Any]:  # fmt: skip
    """Live and scheduled Spaces whose title and topics contain all words of the query, newest first."""
    words = [word.lstrip("#").casefold() for word in query.split()]
    found: list[Space] = []
    before = None
    while len(found) < max_results:
        async with app.db.read() as db:
            page = await space_store.visible(db, None, states=_STATES[state], before=before, limit=MOST)
        matching = [one for one in page if _holds(one, words)]
        found += await _admitted(app, caller, matching)
        if len(page) < MOST:
            break
        before = page[-1].created_at
    return await _shown(app, caller, wanted, found[:max_results], [], counted=True)


@router.get("/{space_id}")
async def by_id(app: Here, caller: SignedIn, wanted: SpaceQuery, quota: Metered, space_id: str) -> dict[str, Any]:
    """One Space. If it does not exist, there is an entry in `errors` and no `data`."""
    found = await _found(app, caller, wanted, [_checked(_SPACE_ID, "id", space_id)], "id")
    if "data" in found:
        found["data"] = found["data"][0]
    return found


@router.get("/{space_id}/tweets")
async def shared(
    app: Here, caller: SignedIn, wanted: PostQuery, quota: Metered, space_id: str,
    max_results: MaxResults = MOST, pagination_token: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The posts that were shared into the Space, in that order."""
    after = _after(pagination_token)
    space, problem = await _one(app, caller, _checked(_SPACE_ID, "id", space_id), "id")
    if space is None:
        return {"errors": [problem]}
    async with app.db.read() as db:
        pins = await space_store.events_after(db, space_id, after, limit=max_results + 1, types=["pin.added"])
        more = pins.pop().seq if len(pins) > max_results else None
        known = await post_store.by_ids(db, {pin.body["pin"]["ref"] for pin in pins})
        posts = [known[ref] for ref in dict.fromkeys(pin.body["pin"]["ref"] for pin in pins) if ref in known]
        answer = await _posts(db, posts, wanted)
    if more is not None:
        answer["meta"]["next_token"] = _token(pins[-1].seq)
    return answer


@router.get("/{space_id}/buyers")
async def buyers(app: Here, caller: SignedIn, wanted: PostQuery, quota: Metered, space_id: str) -> dict[str, Any]:
    """Always empty: Spaces of this server have no tickets."""
    space, problem = await _one(app, caller, _checked(_SPACE_ID, "id", space_id), "id")
    return {"errors": [problem]} if space is None else {"meta": {"result_count": 0}}


async def _found(
    app: Services, caller: Person, wanted: FieldSelection, asked: list[str], parameter: str
) -> dict[str, Any]:
    spaces, errors = [], []
    for one in asked:
        space, problem = await _one(app, caller, one, parameter)
        if space is not None:
            spaces.append(space)
        else:
            errors.append(problem)
    return await _shown(app, caller, wanted, spaces, errors)


async def _one(app: Services, caller: Person, space_id: str, parameter: str) -> tuple[Space | None, dict[str, Any]]:
    """The Space, or its entry of `errors`."""
    try:
        return await readable(app, caller, space_id), {}
    except (NotFound, Gone):
        return None, problems.not_found(parameter, space_id)
    except NotAllowed:
        return None, problems.not_authorized(parameter, space_id)


async def _admitted(app: Services, caller: Person, spaces: list[Space]) -> list[Space]:
    """Without Spaces of hosts with a block between them and the caller, and those that the caller was removed from."""
    return [one for one in spaces if (await _one(app, caller, one.id, "id"))[0] is not None]


async def _shown(
    app: Services,
    caller: Person,
    wanted: FieldSelection,
    spaces: list[Space],
    errors: list[dict[str, Any]],
    *,
    counted: bool = False,
) -> dict[str, Any]:
    ours = await serializers.spaces(app, spaces, caller)
    answer: dict[str, Any] = {"data": [shapes.space(one, wanted) for one in ours]} if ours else {}
    async with app.db.read() as db:
        includes = await shapes.includes_of_spaces(db, ours, wanted)
    if includes:
        answer["includes"] = includes
    if errors:
        answer["errors"] = errors
    if counted:
        answer["meta"] = {"result_count": len(ours)}
    return answer


async def _posts(db: AsyncConnection, posts: list[Post], wanted: FieldSelection) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": [shapes.post(one, wanted) for one in posts]} if posts else {}
    if posts and "author_id" in wanted.expansions:
        known = await accounts.by_ids(db, {one.author_id for one in posts})
        authors = dict.fromkeys(one.author_id for one in posts)
        answer["includes"] = {"users": [await shapes.user(db, known[one], wanted) for one in authors]}
    return {**answer, "meta": {"result_count": len(posts)}}


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
