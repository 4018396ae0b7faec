"""The base of the webhook and notification senders: sends due deliveries, a few at a time and at most one at a time to each address."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from spacesctl.domain.errors import Unavailable

_log = structlog.get_logger()


class Sender(ABC):
    """`kind` names the sender in logs. At most `at_once` addresses are sent to at a time. After an unexpected error an address is not
    tried again for `rest` seconds, because the next attempt would fail in the same way; after a database error all wait
    `pause` seconds."""

    def __init__(self, kind: str, at_once: int, rest: float, pause: float) -> None:
        self._kind = kind
        self._at_once = at_once
        self._rest = rest
        self._pause = pause
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send until cancelled. Deliveries that an earlier process left unsent are sent, too."""
        try:
            while True:
                self._wake.clear()
                try:
                    wait = await self._start_due()
                except (Unavailable, SQLAlchemyError) as error:
                    _log.error("deliveries wait for the database", of=self._kind, kind=type(error).__name__)
                    wait = self._pause
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
        finally:
            for task in list(self._sending.values()):
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    @property
    def _room(self) -> int:
        """How many more addresses may be sent to now."""
        return self._at_once - len(self._sending)

    def _start(self, address_id: str, delivery: Coroutine[None, None, None]) -> None:
        task = self._sending[address_id] = asyncio.create_task(delivery)
        task.add_done_callback(partial(self._done, address_id))

    def _done(self, address_id: str, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a delivery failed unexpectedly", of=self._kind, kind=type(error).__name__)
            asyncio.get_running_loop().call_later(self._rest, self._free, address_id)
        else:
            self._free(address_id)

    def _free(self, address_id: str) -> None:
        """The address may be sent to again."""
        self._sending.pop(address_id, None)

    @abstractmethod
    async def _start_due(self) -> float:
        """Start the deliveries that are due, as far as `_room` allows. Returns the seconds to wait until more may be due; `_wake` ends the
        wait early."""
