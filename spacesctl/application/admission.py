"""Who may be in a Space, and see what of it. Every route, read and open session asks here."""

from __future__ import annotations

from enum import StrEnum

from spacesctl.application import facts
from spacesctl.application.app import App
from spacesctl.domain.errors import Gone
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.live.handle import SpaceHandle


class Access(StrEnum):
    """A way to be in a Space, or to see something of it."""

    READ = "read"
    """Its page, people, captions and facts: public while it is scheduled or live, then for its host and admins."""
    LISTEN = "listen"
    """Its sound and its events."""
    STAFF = "staff"
    """The events as staff see them."""
    REACT = "react"
    """Reactions."""
    LANES = "lanes"
    """Each lane apart: for the bundled bot."""


_ACTIONS = {
    Access.LISTEN: Action.LISTEN,
    Access.REACT: Action.REACT,
    Access.STAFF: Action.SEE_STAFF,
    Access.LANES: Action.READ_LANES,
}


def check(space: Space, person: Person, access: Access, *, blocked: bool) -> None:
    """Check that the person has this access now. `blocked`: there is a block between them and the host.

    Raises Gone (the Space is over), NotSignedIn, or NotAllowed with reason `barred`, `blocked` or an action's.
    """
    if space.is_over:
        if access is not Access.READ or (person.account_id != space.host_id and not person.is_admin):
            raise Gone("Space", space.id, space.state.value)
        return
    require_admittance(space, person, blocked=blocked)
    if access in _ACTIONS:
        require(space, person, _ACTIONS[access])


async def admitted(app: App, person: Person, space_id: str, access: Access) -> SpaceHandle:
    """The way into a Space, for a person who has this access. Raises NotFound, and what `check` raises."""
    handle = await app.registry.handle(space_id)
    async with app.db.read() as db:
        blocked = await facts.blocked(db, handle.space, person.account_id)
    # The state is read after the last await, so that an account that was removed in the meantime is refused.
    check(handle.space, person, access, blocked=blocked)
    return handle


async def readable(app: App, person: Person, space_id: str) -> Space:
    """A Space that the person may read. Raises NotFound, and what `check` raises."""
    return (await admitted(app, person, space_id, Access.READ)).space
