"""The way into a Space for somebody who may be there: looks up what `domain.admission` needs to know.

Sound, events and single reads ask `admitted` and `readable`; lists, profiles, feeds and calendars ask `seen`. Commands are checked in their
transaction, and what is open already by the Space's actor.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import facts
from spacesctl.application.app import App
from spacesctl.domain.admission import Access, check, kept_out, refusal
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.live.handle import SpaceHandle

__all__ = ["Access", "admitted", "readable", "seen"]


async def admitted(app: App, person: Person, space_id: str, access: Access) -> SpaceHandle:
    """The way into a Space, for a person who has this access. Raises NotFound, and what `domain.admission.check` raises."""
    handle = await app.registry.handle(space_id)
    async with app.db.read() as db:
        blocks = await facts.blocks(db, person.account_id)
    # The state is read after the last await, so that who was removed, or whom a new co-host blocks, is refused.
    check(handle.space, person, access, blocked=kept_out(handle.space, person.account_id, blocks))
    return handle


async def readable(app: App, person: Person, space_id: str) -> Space:
    """A Space that the person may read. Raises NotFound, and what `domain.admission.check` raises."""
    return (await admitted(app, person, space_id, Access.READ)).space


async def seen(db: AsyncConnection, person: Person, spaces: Iterable[Space]) -> list[Space]:
    """Those of the Spaces that the person may read, each alone: what a list may show them."""
    blocks = await facts.blocks(db, person.account_id)

    def may_read(space: Space) -> bool:
        return refusal(space, person, Access.READ, blocked=kept_out(space, person.account_id, blocks)) is None

    return [space for space in spaces if may_read(space)]
