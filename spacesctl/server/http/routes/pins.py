"""What is shared into a Space: posts and links."""

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
    """One of `post` and `url`."""

    post: str | None = None
    """The id of a post."""
    url: str | None = Field(None, max_length=MAX_URL)
    """Never fetched by the server."""
    title: str | None = Field(None, max_length=500)
    """What the link is called; else its host."""


@router.post("", status_code=201)
async def pin(app: Here, caller: SignedIn, space_id: str, body: NewPin) -> dict[str, Any]:
    """Show everybody in the Space a post or a link; the Space as it then is. At most 10, the newest first."""
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
    """Take down what is pinned: one's own, or anything as host or co-host."""
    actor = await app.registry.live_actor(space_id)
    outcome = await actor.ask(c.Unpin(caller, pin_id))
    return await serializers.space(app, outcome.after, caller)
