"""What is shared into a Space, and what happens to it when its post is deleted."""

from __future__ import annotations

from spacesctl.application.app import App
from spacesctl.application.holding import require_free
from spacesctl.application.locking import over
from spacesctl.domain import commands as c
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.pins import checked_link
from spacesctl.domain.principals import Person, System
from spacesctl.live.outcome import Outcome
from spacesctl.store import audit, holds, posts
from spacesctl.store import spaces as space_store


async def pin_post(app: App, person: Person, space_id: str, ref: str) -> Outcome:
    """Share a post. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        post = await posts.get(tx.db, ref)
        return await tx.ask(space_id, c.PinUp(person, "post", post.id))


async def pin_link(app: App, person: Person, space_id: str, url: str, title: str | None) -> Outcome:
    """Share a link. Raises Invalid, NotFound, Gone, or what refuses the command."""
    url, title = checked_link(url, title)
    return await (await app.registry.live_handle(space_id)).ask(c.PinUp(person, "link", url, title))


async def unpin(app: App, person: Person, space_id: str, pin_id: str) -> Outcome:
    """Remove what was shared. Raises NotFound, Gone, or what refuses the command."""
    return await (await app.registry.live_handle(space_id)).ask(c.Unpin(person, pin_id))


async def delete_post(app: App, person: Person, ref: str) -> None:
    """Delete a post with its voice clip and its pins. Only its author and admins may. Raises NotFound, NotAllowed, or Refused
    with reason `held`."""
    async with over(app, lambda db: space_store.pinning(db, ref)) as tx:
        post = await posts.get(tx.db, ref)
        if post.author_id != person.account_id and not person.is_admin:
            raise NotAllowed("this post is somebody else's", reason="author")
        require_free(await holds.on_account(tx.db, post.author_id))
        await posts.remove(tx.db, post)
        if post.author_id != person.account_id:
            entry = audit.Entry("post.delete", person, None, post.author_id, {"post": post.id})
            await audit.append(tx.db, entry, tx.now)
        for space_id in tx.space_ids:
            await tx.ask(space_id, c.Unpin(System("post_deleted"), post.id))
