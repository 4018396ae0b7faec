"""Who may be in a Space, and see what of it: one function that routes, reads and open sessions ask. Pure."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from spacesctl.domain.errors import Gone, Refused, SpacesError
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import InviteState, Role


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


def locked_out(space: Space, person: Person) -> bool:
    """Whether the Space is locked, and not for this person: staff, speakers, who is invited, and who was there when it was locked may
    come. Nobody knows an anonymous listener again.
    """
    if space.measure("lock") is None or person.is_admin or person.is_service_bot:
        return False
    me = person.account_id or ""
    invite = space.invites.get(me)
    invited = invite is not None and invite.state in (InviteState.PENDING, InviteState.ACCEPTED)
    return not (invited or me in space.inside or space.role_of(me) is not Role.LISTENER)


def require_entry(space: Space, person: Person, *, blocked: bool) -> None:
    """Check that the person may come in and take part. Raises NotSignedIn, NotAllowed as `permissions.require_admittance` does, or Refused
    with reason `locked`.
    """
    require_admittance(space, person, blocked=blocked)
    if not locked_out(space, person):
        return
    lock = space.measure("lock")
    until = f" until {lock.until:%H:%M:%S} UTC" if lock is not None and lock.until is not None else ""
    hint = "sign in, if you were here" if person.account_id is None else "the host or a co-host can invite you"
    raise Refused("locked", f"the Space is locked{until}: nobody new can join", hint=hint)


def check(space: Space, person: Person, access: Access, *, blocked: bool, is_in: bool = False) -> None:
    """Check that the person has this access now. `blocked`: a block keeps them out (`kept_out`). `is_in`: it is open already, and a lock
    does not end it. An admin reads, and sees what staff see, also where they may not listen.

    Raises Gone (the Space is over), NotSignedIn, NotAllowed with reason `barred`, `blocked` or an action's, or Refused with reason
    `locked`.
    """
    if space.is_over:
        if access is not Access.READ or (person.account_id != space.host_id and not person.is_admin):
            raise Gone("Space", space.id, space.state.value)
        return
    if not (person.is_admin and access in (Access.READ, Access.STAFF)):
        admit = require_admittance if is_in or access is Access.READ else require_entry
        admit(space, person, blocked=blocked)
    if access in _ACTIONS:
        require(space, person, _ACTIONS[access])


def refusal(space: Space, person: Person, access: Access, *, blocked: bool, is_in: bool = False) -> SpacesError | None:
    """What `check` raises, or None."""
    try:
        check(space, person, access, blocked=blocked, is_in=is_in)
    except SpacesError as error:
        return error
    return None
