"""Posts and links that are shared into a Space."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from spacesctl.application import pins
from spacesctl.domain.errors import Invalid
from spacesctl.domain.pins import MAX_URL
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.services import Here, SignedIn

router = APIRouter(prefix="/v1/spaces/{space_id}/pins", tags=["spaces"])


class NewPin(Body):
    """Either `post` or `url`."""

    post: str | None = None
    """The id of a post."""
    url: str | None = Field(None, max_length=MAX_URL)
    """The server never fetches it."""
    title: str | None = Field(None, max_length=500)
    """The title of the link; left out, its host name."""


@router.post("", status_code=201)
async def pin(app: Here, caller: SignedIn, space_id: str, body: NewPin) -> dict[str, Any]:
    """Share a post or a link with everybody in the Space; returns the Space. At most 10 are pinned."""
    app.rates.by_account("post", caller)
    if (body.post is None) == (body.url is None):
        raise Invalid("post, url", "give one of them")
    if body.url is not None:
        outcome = await pins.pin_link(app, caller, space_id, body.url, body.title)
    else:
        outcome = await pins.pin_post(app, caller, space_id, body.post or "")
    return await serializers.space(app, outcome.after, caller)


@router.delete("/{pin_id}")
async def unpin(app: Here, caller: SignedIn, space_id: str, pin_id: str) -> dict[str, Any]:
    """Remove a pin: one's own, or any as host, co-host or admin."""
    outcome = await pins.unpin(app, caller, space_id, pin_id)
    return await serializers.space(app, outcome.after, caller)
