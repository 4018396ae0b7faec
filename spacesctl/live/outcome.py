"""What the commands of a request did to one Space, and what is written because of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.principals import Principal
from spacesctl.domain.space import Space


@dataclass(frozen=True)
class Outcome:
    """`by` asked at `at`, at `tick` of the Space clock. `events` is empty when there was nothing to change; `before` is None
    when the Space was created.
    """

    before: Space | None
    after: Space
    events: list[e.Event]
    at: datetime
    by: Principal
    tick: int
    present: frozenset[str] = frozenset()
    """The accounts that were connected or followed the events."""


Projection = Callable[[AsyncConnection, Outcome], Awaitable[None]]
"""Writes what follows from events, in their transaction. An exception from it rolls the whole request back."""
