"""Forwards direct messages to people's addresses at other services, in threads. Failed messages are tried again for a day."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog

from spacesctl.domain.errors import SpacesError
from spacesctl.server.delivery import apprise_address
from spacesctl.server.delivery.sender import Sender
from spacesctl.server.process.keys import Keys
from spacesctl.store import notifications
from spacesctl.store.notifications import DueMessage
from spacesctl.store.ports import Database
from spacesctl.support.backoff import Backoff, doubled
from spacesctl.support.clock import REAL, Clock

AT_ONCE = 4
LOOK_EVERY = 2.0
"""Seconds between two looks for new messages."""
RETRY_FIRST, RETRY_AT_MOST = 30.0, 3_600.0
OLD = timedelta(days=1)
"""A message that could not be forwarded for this long is dropped."""
MOST_BODY = 2_000
_TITLES = {"message": "Message from", "invite": "Invitation from", "reminder": "Reminder from", "notice": "Notice from"}
_BACKOFF = Backoff(doubled(RETRY_FIRST, RETRY_AT_MOST))
_log = structlog.get_logger()

Deliver = Callable[[str, Collection[str], str, str], bool]
"""Takes address, allowed schemes, title and body, and returns whether the message arrived. Runs in a thread."""


SignIn = Callable[[str, str, str], Awaitable[str]]
"""Takes an account's id, a Space's id and the text of an invitation, and returns the text with a link that signs in."""


async def as_it_is(account_id: str, space_id: str, text: str) -> str:
    """An invitation as it is written."""
    return text


class NotificationSender(Sender):
    """`run` forwards direct messages. `deliver` sends one of them, in a thread. `run` looks for new messages every `look_every` seconds.
    `sign_in` changes the link of an invitation: its invitee is signed in by it, since nobody else gets this message."""

    def __init__(
        self,
        db: Database,
        keys: Keys,
        schemes: Collection[str],
        counts: Counter[str],
        deliver: Deliver = apprise_address.deliver,
        look_every: float = LOOK_EVERY,
        clock: Clock = REAL,
        sign_in: SignIn = as_it_is,
    ) -> None:
        super().__init__("notifications", AT_ONCE, rest=RETRY_FIRST, pause=look_every)
        self.schemes = schemes
        self._db, self._keys, self._counts, self._deliver = db, keys, counts, deliver
        self._look_every = look_every
        self._clock = clock
        self._sign_in = sign_in
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outlet")

    async def _start_due(self) -> float:
        if self._room:
            async with self._db.read() as db:
                rows = await notifications.due(db, self._clock.now(), busy=set(self._sending), limit=self._room)
            for row in rows:
                self._start(row.id, self._send_on(row))
        return self._look_every

    async def run(self) -> None:
        """Send until cancelled; then the threads are shut down."""
        try:
            await super().run()
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _send_on(self, row: DueMessage) -> None:
        text = row.text
        if row.kind == "invite" and row.space_id is not None:
            text = await self._sign_in(row.account_id, row.space_id, text)
        good = await self.send(row.sealed, f"{_TITLES.get(row.kind, 'Message from')} @{row.handle}", text[:MOST_BODY])
        now = self._clock.now()
        async with self._db.begin() as db:
            if good:
                await notifications.sent(db, row.id, row.dm_id)
                return
            await notifications.failed(db, row.id, now + timedelta(seconds=_BACKOFF.after(row.failures + 1)))
            if now - row.at > OLD:
                await notifications.skipped(db, row.id, row.dm_id)
            await notifications.keep_within(db, row.id, row.account_id, row.last_dm)

    async def send(self, sealed: str, title: str, body: str) -> bool:
        """Send one message now. Returns whether it arrived, but no reason, because services quote the message in their errors."""
        try:
            url = self._keys.unseal(sealed)
            loop = asyncio.get_running_loop()
            good = await loop.run_in_executor(self._threads, self._deliver, url, self.schemes, title, body)
        except (SpacesError, ValueError):
            good = False
        except Exception as error:  # no error in a service's code may end the sender
            _log.warning("a notification service failed", kind=type(error).__name__)
            good = False
        self._counts["notification delivered" if good else "notification failed"] += 1
        return good
