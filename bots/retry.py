"""Trying a call again after an error that passes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from spacesctl.domain.errors import SpacesError, TooMany, Unavailable

T = TypeVar("T")

FIRST_SECONDS, MOST_SECONDS = 0.25, 10.0
"""The shortest and the longest wait between tries, before the random part."""
TRIES = 6


class Backoff:
    """Waits that double from 0.25 s to 10 s. Each is shortened at random, by up to half, so that bots do not all try at the same time."""

    def __init__(self) -> None:
        self._count = 0

    def reset(self) -> None:
        """Start again with the shortest wait, after a success."""
        self._count = 0

    def next(self) -> float:
        """Seconds to wait before the next try."""
        most = min(MOST_SECONDS, FIRST_SECONDS * 2.0**self._count)
        self._count = min(self._count + 1, 16)
        return most * random.uniform(0.5, 1.0)


def is_passing(error: BaseException) -> bool:
    """Whether the same call may work a moment later: the server did not answer, or it limits the rate."""
    return isinstance(error, Unavailable | TooMany | OSError | TimeoutError)


def name_of(error: BaseException) -> str:
    """What may be logged of an error: its code or its type. The message is not logged; it may contain names or spoken words."""
    return error.code if isinstance(error, SpacesError) else type(error).__name__


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it works, at most six times within about 8 s. Raises an error that does not pass at once, otherwise the last error."""
    backoff = Backoff()
    for _ in range(TRIES - 1):
        try:
            return await call()
        except (SpacesError, OSError) as error:
            if not is_passing(error):
                raise
        await asyncio.sleep(backoff.next())
    return await call()
