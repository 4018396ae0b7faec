"""The way into a Space for somebody who may be there: looks up what `domain.admission` needs to know."""

from __future__ import annotations

from spacesctl.application import facts
from spacesctl.application.app import App
from spacesctl.domain.admission import Access, check
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.live.handle import SpaceHandle

__all__ = ["Access", "admitted", "readable"]


async def admitted(app: App, person: Person, space_id: str, access: Access) -> SpaceHandle:
    """The way into a Space, for a person who has this access. Raises NotFound, and what `domain.admission.check` raises."""
    handle = await app.registry.handle(space_id)
    async with app.db.read() as db:
        blocked = await facts.blocked(db, handle.space, person.account_id)
    # The state is read after the last await, so that an account that was removed in the meantime is refused.
    check(handle.space, person, access, blocked=blocked)
    return handle


async def readable(app: App, person: Person, space_id: str) -> Space:
    """A Space that the person may read. Raises NotFound, and what `domain.admission.check` raises."""
    return (await admitted(app, person, space_id, Access.READ)).space
