"""The host is away, comes back, or is gone: who hosts meanwhile, and when the Space ends. Pure, like all of `decide`.

A host who left is announced as away. After `HOST_GRACE` the oldest co-host who is there hosts; with none there, the microphones close and
the Space ends `END_AFTER` later. The former host gets the seat back on return.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.sanctions import close_all_lanes
from spacesctl.domain.space import Space
from spacesctl.domain.undo import takes_over
from spacesctl.domain.words import Role, State

Events = list[e.Event]
HOST_GRACE = timedelta(seconds=60)
"""How long a host may be away before a co-host takes over."""
END_AFTER = timedelta(minutes=5)
"""A Space ends after so long without anybody, or without a host after `HOST_GRACE`."""


def host_away(space: Space, command: c.HostAway, now: datetime) -> Events:
    """Announce that the host left. Raises NotAllowed."""
    require(space, command.by, Action.HOST_GONE)
    if space.state is not State.LIVE:
        return []
    return [e.HostAway(space.host_id, now + command.grace)]


def host_back(space: Space, command: c.HostBack, now: datetime) -> Events:
    """The host is there again, or the former host, who hosts again then. Raises NotAllowed."""
    require(space, command.by, Action.HOST_GONE)
    if space.state is not State.LIVE:
        return []
    if command.account_id == space.host_id:
        return [e.HostBack(space.host_id)] if space.away is not None else []
    if command.account_id == space.former_host:
        return takes_over(space, command.account_id, "returned")
    return []


def host_gone(space: Space, command: c.HostGone, now: datetime) -> Events:
    """Make the oldest co-host who is there the host. With none, close all lanes and announce the end. Raises NotAllowed."""
    require(space, command.by, Action.HOST_GONE)
    if space.state is not State.LIVE:
        return []
    there = [person for person in space.with_role(Role.COHOST) if person.account_id in command.present]
    if there:
        oldest = min(there, key=lambda person: person.role_seq)
        return takes_over(space, oldest.account_id, "host_gone")
    closed = close_all_lanes(space, "host_gone")
    announced = space.away is not None and space.away.ends_at is not None
    return closed if announced else [*closed, e.HostLeft(space.host_id, now + END_AFTER)]
