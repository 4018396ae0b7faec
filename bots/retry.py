"""Trying a call again after an error that passes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from spacesctl.domain.errors import SpacesError, TooMany, Unavailable
from spacesctl.support.backoff import Backoff, doubled

T = TypeVar("T")

TRIES = 6


def new_backoff() -> Backoff:
    """Waits from a quarter of a second to ten seconds, spread by chance so that bots do not try again at the same moment."""
    return Backoff(doubled(0.2, 8.0), jitter=0.25)


def is_passing(error: BaseException) -> bool:
    """Whether the same call may work a moment later: the server did not answer, or it limits the rate."""
    return isinstance(error, Unavailable | TooMany | OSError | TimeoutError)


def name_of(error: BaseException) -> str:
    """What may be logged of an error: its code or its type. The message is not logged; it may contain names or spoken words."""
    return error.code if isinstance(error, SpacesError) else type(error).__name__


async def persist(
    call: Callable[[], Awaitable[T]], told: Callable[[BaseException], None], seconds: float = math.inf
) -> T:
    """Call until it works, for as long as it takes, or until `seconds` are over. `told` gets the first error of each trouble. Raises an
    error that does not pass, and the last one when the time is over."""
    backoff, failed, began = new_backoff(), False, time.monotonic()
    while True:
        try:
            return await call()
        except (SpacesError, OSError) as error:
            if not is_passing(error) or time.monotonic() - began >= seconds:
                raise
            if not failed:
                told(error)
            failed = True
        await asyncio.sleep(backoff.next())


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it works, at most six times within about 8 s. Raises an error that does not pass at once, otherwise the last error."""
    backoff = new_backoff()
    for _ in range(TRIES - 1):
        try:
            return await call()
        except (SpacesError, OSError) as error:
            if not is_passing(error):
                raise
        await asyncio.sleep(backoff.next())
    return await call()
