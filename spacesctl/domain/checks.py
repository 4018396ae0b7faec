"""What a command asks of the Space's state before anything else."""

from __future__ import annotations

from spacesctl.domain.errors import Gone, Refused
from spacesctl.domain.space import Space, State


def require_not_over(space: Space) -> None:
    """Raises Gone."""
    if space.is_over:
        raise Gone("Space", space.id, space.state.value)


def require_live(space: Space) -> None:
    """Raises Gone, or Refused with reason `not_live`."""
    require_not_over(space)
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet", hint="start it first")
