"""Sends direct messages on to addresses that people have outside, off the event loop, and tries again while that makes sense."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from spacesctl.domain.errors import SpacesError
from spacesctl.live.now import utc_now
from spacesctl.server.delivery import apprise_address
from spacesctl.server.process.keys import Keys
from spacesctl.store import notifications
from spacesctl.store.database import Database

AT_ONCE = 4
LOOK_EVERY = 2.0
"""Seconds between two looks for new messages."""
RETRY_FIRST, RETRY_AT_MOST = 30.0, 3_600.0
OLD = timedelta(days=1)
"""A message that could not be sent on for so long is not news."""
MOST_BODY = 2_000
_TITLES = {"message": "Message from", "invite": "Invitation from", "reminder": "Reminder from", "notice": "Notice from"}
_log = structlog.get_logger()

Deliver = Callable[[str, Collection[str], str, str], bool]
"""Address, allowed schemes, title, body: whether it arrived. Runs in a thread."""


class NotificationSender:
    def __init__(
        self,
        db: Database,
        keys: Keys,
        schemes: Collection[str],
        counts: Counter[str],
        deliver: Deliver = apprise_address.deliver,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self.schemes = schemes
        self._db, self._keys, self._counts, self._deliver = db, keys, counts, deliver
        self._look_every = look_every
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outlet")
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """For ever."""
        try:
            while True:
                try:
                    await self._start_due()
                except SQLAlchemyError as error:
                    _log.error("notifications wait for the database", kind=type(error).__name__)
                await asyncio.sleep(self._look_every)
        finally:
            for task in list(self._sending.values()):
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _start_due(self) -> None:
        if len(self._sending) >= AT_ONCE:
            return
        async with self._db.read() as db:
            rows = await notifications.due(db, utc_now(), busy=set(self._sending), limit=AT_ONCE - len(self._sending))
        for row in rows:
            task = self._sending[row.id] = asyncio.create_task(self._send_on(row))
            task.add_done_callback(partial(self._done, row.id))

    def _done(self, outlet_id: str, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a notification could not be sent", kind=type(error).__name__)
            asyncio.get_running_loop().call_later(RETRY_FIRST, self._sending.pop, outlet_id, None)
        else:
            self._sending.pop(outlet_id, None)

    async def _send_on(self, row: Row[Any]) -> None:
        good = await self.send(
            row.sealed, f"{_TITLES.get(row.kind, 'Message from')} @{row.handle}", row.text[:MOST_BODY]
        )
        now = utc_now()
        async with self._db.begin() as db:
            if good:
                await notifications.sent(db, row.id, row.dm_id)
                return
            wait = min(RETRY_FIRST * 2 ** min(row.failures, 10), RETRY_AT_MOST)
            await notifications.failed(db, row.id, now + timedelta(seconds=wait))
            if now - row.at > OLD:
                await notifications.skipped(db, row.id, row.dm_id)
            await notifications.keep_within(db, row.id, row.account_id, row.last_dm)

    async def send(self, sealed: str, title: str, body: str) -> bool:
        """One message now. Nothing of a failure is told but that it failed: services quote what they were sent."""
        try:
            url = self._keys.unseal(sealed)
            loop = asyncio.get_running_loop()
            good = await loop.run_in_executor(self._threads, self._deliver, url, self.schemes, title, body)
        except (SpacesError, ValueError):
            good = False
        except Exception as error:  # some service's code: any of them must not end the sender
            _log.warning("a notification service failed", kind=type(error).__name__)
            good = False
        self._counts["notification delivered" if good else "notification failed"] += 1
        return good
