"""Who may be in a Space, and see what of it: one function that routes, reads and open sessions ask. Pure."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from spacesctl.domain.errors import Gone, SpacesError
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role


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


Blocks = Set[tuple[str, str]]
"""Blocks between accounts: pairs of ids, who blocked and who is blocked."""
NO_BLOCKS: Blocks = frozenset()


def kept_out(space: Space, account_id: str | None, blocks: Blocks) -> bool:
    """Whether one of the blocks keeps an account out of the Space.

    One between it and the host does, no matter which of them made it. One by a co-host, or by somebody who hosted it before, does unless
    the account is a co-host: nobody removes an equal. The host stays, and so does one who left and hosts again on return.
    """
    if account_id is None or account_id in (space.host_id, space.former_host):
        return False
    if (space.host_id, account_id) in blocks or (account_id, space.host_id) in blocks:
        return True
    if space.role_of(account_id).rank >= Role.COHOST.rank:
        return False
    return any((one, account_id) in blocks for one in space.staff)


def check(space: Space, person: Person, access: Access, *, blocked: bool) -> None:
    """Check that the person has this access now. `blocked`: a block keeps them out (`kept_out`). An admin reads, and sees what staff see,
    also where they may not listen.

    Raises Gone (the Space is over), NotSignedIn, or NotAllowed with reason `barred`, `blocked` or an action's.
    """
    if space.is_over:
        if access is not Access.READ or (person.account_id != space.host_id and not person.is_admin):
            raise Gone("Space", space.id, space.state.value)
        return
    if not (person.is_admin and access in (Access.READ, Access.STAFF)):
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
