"""Trying again, and when not to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from spacesctl.domain.errors import SpacesError, TooMany, Unavailable

T = TypeVar("T")

FIRST_SECONDS, MOST_SECONDS = 0.25, 10.0
TRIES = 6


class Backoff:
    """Waits that double from a quarter of a second to ten, each shortened by chance so that bots do not march in step."""

    def __init__(self) -> None:
        self._count = 0

    def reset(self) -> None:
        self._count = 0

    def next(self) -> float:
        """Seconds to wait now."""
        most = min(MOST_SECONDS, FIRST_SECONDS * 2.0**self._count)
        self._count = min(self._count + 1, 16)
        return most * random.uniform(0.5, 1.0)


def is_passing(error: BaseException) -> bool:
    """It may well work a moment later: nothing answered, or it was too much at once."""
    return isinstance(error, Unavailable | TooMany | OSError | TimeoutError)


def name_of(error: BaseException) -> str:
    """What a log may say of an error: its code or its type. Messages may carry what people said or are called."""
    return error.code if isinstance(error, SpacesError) else type(error).__name__


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it works, at most six times over some eight seconds. Raises what is not passing at once, else the last error."""
    backoff = Backoff()
    for _ in range(TRIES - 1):
        try:
            return await call()
        except (SpacesError, OSError) as error:
            if not is_passing(error):
                raise
        await asyncio.sleep(backoff.next())
    return await call()
