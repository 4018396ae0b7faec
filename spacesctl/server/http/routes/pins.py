"""Posts and links that are shared into a Space."""

from __future__ import annotations

from fastapi import APIRouter

from spacesctl.api import spaces as api
from spacesctl.application import pins
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.server.http import serializers
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/spaces/{space_id}/pins", tags=["spaces"], route_class=WireRoute)


@router.post("", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("post")
async def pin(app: Here, caller: SignedIn, space_id: str, body: api.NewPin) -> api.Space:
    """Share a post or a link with everybody in the Space; returns the Space. At most 10 are pinned."""
    if (body.post is None) == (body.url is None):
        raise Invalid("post, url", "give one of them")
    if body.url is not None:
        outcome = await pins.pin_link(app, caller, space_id, body.url, body.title)
    else:
        outcome = await pins.pin_post(app, caller, space_id, body.post or "")
    return await serializers.space(app, outcome.after, caller)


@router.delete("/{pin_id}")
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
async def unpin(app: Here, caller: SignedIn, space_id: str, pin_id: str) -> api.Space:
    """Remove a pin: one's own, or any as host, co-host or admin."""
    outcome = await pins.unpin(app, caller, space_id, pin_id)
    return await serializers.space(app, outcome.after, caller)
