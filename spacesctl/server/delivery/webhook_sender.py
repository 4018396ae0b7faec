"""Sends webhook deliveries, signed (Standard Webhooks 1.0). Failed ones are tried again for a day, and slow receivers delay no other."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook

from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.webhooks import messages
from spacesctl.live.outcome import Outcome
from spacesctl.server.delivery.answers import Answer, asked
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.server.delivery.sender import Sender
from spacesctl.server.process.keys import Keys
from spacesctl.store import direct_messages, webhooks
from spacesctl.store.ports import Database
from spacesctl.store.webhooks import DueDelivery, Secrets
from spacesctl.support.backoff import Backoff
from spacesctl.support.clock import REAL, Clock

AT_ONCE = 8
"""Webhooks that are sent to at a time, one delivery each. If all eight hang, the others wait 10 s at most."""
RETRIES = (5.0, 30.0, 120.0, 600.0, 3_600.0, 10_800.0, 28_800.0, 43_200.0)
"""Seconds after each failure until the next attempt: a day in all."""
JITTER = 0.2
"""Each wait is longer or shorter by up to this share, so that a receiver that works again does not get all deliveries at once."""
GIVE_UP_AFTER = timedelta(days=5)
LOOK_EVERY = 60.0
FORGET_EVERY = timedelta(hours=1)
_log = structlog.get_logger()


@dataclass(frozen=True)
class Sending:
    """One message to one webhook. The same message has the same body and id each time; `data` holds JSON values."""

    webhook_id: str
    url: str
    message: str
    kind: str
    data: Mapping[str, object]
    at: datetime
    secrets: Secrets


class WebhookSender(Sender):
    """`run` sends. `on_outcome` is called after each command, and wakes `run` if there is something to send. `retries` are the waits in
    seconds after failures."""

    def __init__(
        self,
        db: Database,
        keys: Keys,
        outside: SafeHttp,
        bot: Account,
        link: Callable[[str], str],
        counts: Counter[str],
        retries: Sequence[float] = RETRIES,
        clock: Clock = REAL,
    ) -> None:
        super().__init__("webhooks", AT_ONCE, rest=LOOK_EVERY, pause=LOOK_EVERY)
        self.counts = counts
        self._db, self._keys, self._outside, self._bot, self._link = db, keys, outside, bot, link
        self._retries = retries
        self._clock = clock
        self._backoff = Backoff(retries or (0.0,), JITTER)
        self._forgot: datetime | None = None

    def on_outcome(self, outcome: Outcome) -> None:
        if messages(outcome.after, outcome.events):
            self._wake.set()

    async def _start_due(self) -> float:
        now = self._clock.now()
        if self._forgot is None or now - self._forgot > FORGET_EVERY:
            self._forgot = now
            async with self._db.begin() as db:
                await webhooks.forget_old(db, now)
        async with self._db.read() as db:
            rows = await webhooks.due(db, now, busy=list(self._sending), limit=self._room)
        for row in rows:
            self._start(row.webhook_id, self._send(row))
        if not self._room:
            return LOOK_EVERY  # the first delivery that ends wakes this task
        async with self._db.read() as db:
            soonest = await webhooks.next_due(db, busy=list(self._sending))
        if soonest is None:
            return LOOK_EVERY
        return min(max((soonest - now).total_seconds(), 0.0), LOOK_EVERY)

    def _free(self, address_id: str) -> None:
        """The next delivery of this webhook need not wait for the next look."""
        super()._free(address_id)
        self._wake.set()

    async def _send(self, row: DueDelivery) -> None:
        answer = await self.attempt(
            Sending(row.webhook_id, row.url, row.message, row.type, row.data, row.at, row.secrets)
        )
        now = self._clock.now()
        try:
            async with self._db.begin() as db:
                if answer.good and answer.status is not None:
                    await webhooks.delivered(db, row.id, row.webhook_id, answer.status)
                else:
                    await webhooks.failed(
                        db, row, answer.status, answer.problem or "", now, self._next(row.attempts, now, answer.wait)
                    )
                    if (why := _hopeless(row, answer, now)) is not None:
                        await webhooks.switch_off(db, row.webhook_id, why)
                        text = f"Your webhook to {httpx.URL(row.url).host} was switched off: {why}."
                        text += f" `spacesctl webhook test {row.webhook_id}` switches it on again once it answers."
                        await direct_messages.send_dm(db, self._bot.id, row.account_id, text, now, kind="notice")
        except (Unavailable, SQLAlchemyError) as error:  # it is sent again later, with the same id
            _log.error("a delivery could not be noted", kind=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    def _next(self, attempts: int, now: datetime, asked: float) -> datetime | None:
        """Not before the receiver wants it: who is told to wait longer than a wait of ours waits."""
        if attempts >= len(self._retries):
            return None
        return now + timedelta(seconds=max(self._backoff.after(attempts + 1), asked))

    async def attempt(self, one: Sending) -> Answer:
        """Send one message once."""
        body = self._body(one.kind, one.data, one.at)
        now = self._clock.now()
        signers = [Webhook(self._keys.webhook_secret(one.webhook_id, number)) for number in one.secrets.in_use(now)]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": one.message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(one.message, now, body) for signer in signers),
        }
        answer = await asked(self._outside.post(one.url, body.encode(), headers), self._clock.now)
        self.counts["webhook delivered" if answer.good else "webhook failed"] += 1
        _log.debug("webhook", webhook=one.webhook_id, type=one.kind, status=answer.status, problem=answer.problem)
        return answer

    def _body(self, kind: str, data: Mapping[str, object], at: datetime) -> str:
        space = data.get("space")
        if isinstance(space, dict):
            data = {**data, "space": {**space, "link": self._link(space["id"])}}
        return json.dumps({"type": kind, "timestamp": rfc3339(at), "data": data}, separators=(",", ":"))


def _hopeless(row: DueDelivery, answer: Answer, now: datetime) -> str | None:
    """The reason to switch a webhook off, or None."""
    if answer.status == 410:
        return "it answered 410, gone for good"
    if row.failing_since is not None and now - row.failing_since > GIVE_UP_AFTER:
        return "nothing reached it for 5 days"
    return None
