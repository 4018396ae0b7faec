"""An aggregate: one thing that changes by events, and only one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Generic, TypeVar

from spacesctl.domain.errors import TooMany

State = TypeVar("State")
Command = TypeVar("Command")
Event = TypeVar("Event")

WAITING = 256
"""Requests that may wait for their turn at one aggregate; further ones are refused."""


class Aggregate(Generic[State, Command, Event]):
    """The present state of a Space, a series or the like, and the turn to change it.

    `decide_all` is pure: it returns the events of all commands and the state after them, or raises what refuses one. `state`
    is None until the aggregate is created.
    """

    def __init__(
        self,
        state: State | None,
        decide_all: Callable[[State | None, Sequence[Command], datetime], tuple[list[Event], State]],
    ) -> None:
        self.state = state
        self.decide_all = decide_all
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def is_busy(self) -> bool:
        """Whether a request has the turn or waits for it."""
        return self._turn.locked() or self._waiting > 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the turn; requests get it in the order in which they came. Raises TooMany when too many wait."""
        if self._waiting >= WAITING:
            raise TooMany("requests for this at once", 1)
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()
