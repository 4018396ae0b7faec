"""Waiting for a planned Space to begin."""

from __future__ import annotations

import contextlib
from time import sleep
from typing import TYPE_CHECKING

from spacesctl.cli.coming_back import PASSING
from spacesctl.cli.output import clock, note
from spacesctl.domain.errors import Gone
from spacesctl.domain.words import State

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space
    from spacesctl.client.http import Client

LOOK_EVERY = 2.0
"""Seconds between two looks whether it has begun."""


def until_live(spaces: Client, space: Space) -> Space:
    """The Space as it is when it has begun; at once if it has. Where the server cannot be reached it is asked again. Raises Gone when it is
    canceled meanwhile."""
    if space.state == State.SCHEDULED:
        when = clock(space.scheduled_start) if space.scheduled_start is not None else "when its host starts it"
        note(f"{space.title} begins {when}; waiting (Ctrl-C ends it)")
    while space.state == State.SCHEDULED:
        sleep(LOOK_EVERY)
        with contextlib.suppress(*PASSING):
            space = spaces.spaces.get(space.id)
    if space.state == State.CANCELED:
        raise Gone("Space", space.id, "canceled")
    return space
