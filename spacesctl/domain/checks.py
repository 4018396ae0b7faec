"""Checks of the Space's state that commands have in common."""

from __future__ import annotations

from spacesctl.domain.errors import Gone, Refused
from spacesctl.domain.space import Space
from spacesctl.domain.words import State


def require_not_over(space: Space) -> None:
    """Check that the Space has not ended and was not canceled. Raises Gone."""
    if space.is_over:
        raise Gone("Space", space.id, space.state.value)


def require_live(space: Space) -> None:
    """Check that the Space is live. Raises Gone, or Refused with reason `not_live`."""
    require_not_over(space)
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet", hint="start it first")
