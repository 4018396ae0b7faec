"""Who may be in a Space, and see what of it: one function that routes, reads and open sessions ask. Pure."""

from __future__ import annotations

from enum import StrEnum

from spacesctl.domain.errors import Gone, SpacesError
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space


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


def refusal(space: Space, person: Person, access: Access, *, blocked: bool) -> SpacesError | None:
    """What `check` raises, or None."""
    try:
        check(space, person, access, blocked=blocked)
    except SpacesError as error:
        return error
    return None
