"""Calendar feeds of a Space and of an account. They are public, and tokens are ignored."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import is_public
from spacesctl.domain.series import Series
from spacesctl.domain.space import Space
from spacesctl.domain.words import ListenerPolicy, State
from spacesctl.server.http import icalendars
from spacesctl.server.http.services import Here
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts
from spacesctl.store import series as series_store
from spacesctl.store import spaces as space_store

router = APIRouter(
    prefix="/v1",
    tags=["calendar"],
    route_class=WireRoute,
    responses={200: {"content": {"text/calendar": {}}}, 304: {"description": "Not modified"}},
)
IfNoneMatch = Annotated[str | None, Header()]


@router.get("/spaces/{space_id}.ics", response_class=Response)
@may_fail(NotFound, Gone, NotAllowed, Refused)
async def of_space(app: Here, space_id: str, if_none_match: IfNoneMatch = None) -> Response:
    """A live or scheduled Space as an iCalendar event; a canceled one is shown as canceled until a week after its time."""
    now = app.clock.now()
    space = await app.registry.space(space_id)
    recent = space.scheduled_start is not None and space.scheduled_start > now - icalendars.CANCELED_KEPT
    if space.is_over and not (space.state is State.CANCELED and recent):
        raise Gone("Space", space_id, space.state.value)
    if not is_public(space):
        raise NotAllowed("this Space is for signed-in listeners, so it has no public calendar", reason="listeners")
    if space.scheduled_start is None and space.started_at is None:
        raise Refused("no_time", "the Space has no start time", hint="give it one with edit --at")
    async with app.db.read() as db:
        host = await accounts.get(db, space.host_id)
        series = await _series_of(app, space)
    body = await asyncio.to_thread(icalendars.of_space, space, host, series, app.link, now)
    return _answer(body, f"{space_id}.ics", if_none_match)


async def _series_of(app: Here, space: Space) -> Series | None:
    if space.series_id is None:
        return None
    async with app.db.read() as db:
        try:
            return await series_store.get(db, space.series_id)
        except NotFound:
            return None  # deleted; the Space remains without it


@router.get("/accounts/{ref}/calendar.ics", response_class=Response)
@may_fail(NotFound)
async def of_account(app: Here, ref: str, if_none_match: IfNoneMatch = None) -> Response:
    """The live and scheduled Spaces and the series of a host, as a calendar to subscribe to."""
    now = app.clock.now()
    async with app.db.read() as db:
        host = await accounts.present(db, ref)
        spaces = await space_store.dated(db, host.id, canceled_after=now - icalendars.CANCELED_KEPT)
        series = await series_store.of_host(db, host.id)
    public = [space for space in spaces if is_public(space)]
    recurring = [one for one in series if one.listeners is ListenerPolicy.EVERYONE]
    body = await asyncio.to_thread(icalendars.of_account, host, public, recurring, app.link, now)
    return _answer(body, f"{host.handle}.ics", if_none_match)


def _answer(body: bytes, name: str, if_none_match: str | None) -> Response:
    """304 when the client has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    known = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Disposition": f'inline; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
