"""Posts and links that are shared into a Space."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from spacesctl.domain import commands as c
from spacesctl.domain.errors import Invalid
from spacesctl.domain.pins import MAX_URL, checked_link
from spacesctl.server.http import serializers
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.store import posts

router = APIRouter(prefix="/v1/spaces/{space_id}/pins", tags=["spaces"])


class NewPin(BaseModel):
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
    actor = await app.registry.live_actor(space_id)
    outcome = await actor.ask(await _command(app, caller, body))
    return await serializers.space(app, outcome.after, caller)


async def _command(app: Here, caller: SignedIn, body: NewPin) -> c.PinUp:
    if (body.post is None) == (body.url is None):
        raise Invalid("post, url", "give one of them")
    if body.url is not None:
        url, title = checked_link(body.url, body.title)
        return c.PinUp(caller, "link", url, title)
    async with app.db.read() as db:
        found = await posts.get(db, body.post or "")
    return c.PinUp(caller, "post", found.id)


@router.delete("/{pin_id}")
async def unpin(app: Here, caller: SignedIn, space_id: str, pin_id: str) -> dict[str, Any]:
    """Remove a pin: one's own, or any as host, co-host or admin."""
    actor = await app.registry.live_actor(space_id)
    outcome = await actor.ask(c.Unpin(caller, pin_id))
    return await serializers.space(app, outcome.after, caller)
