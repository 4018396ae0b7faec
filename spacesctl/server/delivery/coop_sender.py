"""Sends reports and appeals to Coop. What it refuses (4xx) is not sent again and operators are told; all else is tried again for a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from spacesctl.application.projections.coop_outbox import WORDS_WITHIN
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotFound
from spacesctl.domain.ids import new_account_id
from spacesctl.server.delivery.answers import Answer, asked
from spacesctl.server.delivery.coop_messages import CoopMessages
from spacesctl.server.delivery.coop_settings import Coop
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.server.delivery.sender import Sender
from spacesctl.server.delivery.webhook_sender import JITTER, RETRIES
from spacesctl.store import coop as store
from spacesctl.store import direct_messages, tokens
from spacesctl.store.coop import Due, Kind
from spacesctl.store.ports import Database
from spacesctl.support.backoff import Backoff
from spacesctl.support.clock import REAL, Clock
from spacesctl.support.text import one_line

AT_ONCE: Final = 4
LOOK_EVERY: Final = 5.0
"""Seconds between two looks at most. Nothing is sent at once: reports wait for words."""
TEST: Final = "test-"
"""What the ids of tests begin with."""
MOST_ANSWER: Final = 16 << 10
MOST_SAID: Final = 120
_AGAIN: Final = frozenset({408, 425, 429})
"""What of 4xx passes by itself (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4)."""
_PATHS: Final = {"report": "/api/v1/report", "rule": "/api/v1/report", "appeal": "/api/v1/report/appeal"}
_log = structlog.get_logger()


class _Fault(msgspec.Struct, frozen=True):
    title: str = ""
    pointer: str = ""


class _Faults(msgspec.Struct, frozen=True):
    errors: list[_Fault] = []


class CoopSender(Sender):
    """`run` sends. `retries` are the waits in seconds after failures."""

    def __init__(
        self,
        db: Database,
        outside: SafeHttp,
        settings: Coop,
        bot: Account,
        base_url: str,
        counts: Counter[str],
        retries: Sequence[float] = RETRIES,
        look_every: float = LOOK_EVERY,
        clock: Clock = REAL,
    ) -> None:
        super().__init__("coop", AT_ONCE, rest=WORDS_WITHIN.total_seconds(), pause=look_every)
        self.settings, self.counts = settings, counts
        self._db, self._outside, self._bot = db, outside, bot
        self._messages = CoopMessages(settings, base_url, bot.id)
        self._retries, self._backoff = retries, Backoff(retries or (0.0,), JITTER)
        self._look_every, self._clock = look_every, clock

    async def connect(self) -> None:
        """Have reports and appeals queued from now on."""
        async with self._db.begin() as db:
            coop, now = self.settings, self._clock.now()
            await store.connect(db, self._bot.id, coop.url, rules=coop.rules, now=now)

    async def try_now(self) -> tuple[str, Answer]:
        """Send a report that is marked as a test, once. Returns its id and what came back; it is neither stored nor tried again."""
        test_id = f"{TEST}{new_account_id()}"
        body = msgspec.json.encode(self._messages.test(test_id, self._clock.now()))
        return test_id, await self._ask("report", body)

    async def _start_due(self) -> float:
        busy = [int(one) for one in self._sending]
        async with self._db.read() as db:
            rows = await store.due(db, self._clock.now(), busy=busy, limit=self._room) if self._room else []
        for row in rows:
            self._start(str(row.id), self._send(row))
        return self._look_every

    def _free(self, address_id: str) -> None:
        super()._free(address_id)
        self._wake.set()

    async def _send(self, row: Due) -> None:
        try:
            body = await self._body(row)
        except NotFound:  # its Space was deleted since
            answer, final = Answer(None, "it is gone"), True
        else:
            answer = await self._ask(row.kind, body)
            final = answer.status is not None and 300 <= answer.status < 500 and answer.status not in _AGAIN
        now = self._clock.now()
        async with self._db.begin() as db:
            if answer.good and answer.status is not None:
                await store.delivered(db, row, answer.status)
                return
            next_at = None if final else self._next(row.attempts, now, answer.wait)
            problem = answer.problem or ""
            if await store.failed(db, row, answer.status, problem, now, next_at):
                text = (
                    f"Coop does not have {_named(row)}: {problem}. `spacesctl coop show` lists what it does not have."
                )
                for one in sorted(await tokens.admins(db, now)):
                    await direct_messages.send_dm(db, self._bot.id, one, text, now, kind="notice")

    async def _body(self, row: Due) -> bytes:
        async with self._db.read() as db:
            if row.kind == "appeal":
                return msgspec.json.encode(await self._messages.appeal(db, row.ref))
            return msgspec.json.encode(await self._messages.report(db, row.ref))

    async def _ask(self, kind: Kind, body: bytes) -> Answer:
        url = self.settings.url.rstrip("/") + _PATHS[kind]
        headers = {"Content-Type": "application/json", "X-API-KEY": self.settings.key, "Accept-Encoding": "identity"}
        answer = await asked(self._outside.ask(url, body, headers, MOST_ANSWER), self._clock.now)
        self.counts["coop delivered" if answer.good else "coop failed"] += 1
        _log.debug("coop", kind=kind, status=answer.status)
        if answer.status is None or not 400 <= answer.status < 500:
            return answer
        return _with_reason(answer, self.settings.key)

    def _next(self, attempts: int, now: datetime, wait: float) -> datetime | None:
        if attempts >= len(self._retries):
            return None
        return now + timedelta(seconds=max(self._backoff.after(attempts + 1), wait))


def _with_reason(answer: Answer, key: str) -> Answer:
    """With the title of the first fault that Coop names, but for our key. Its details may quote what was sent, and are left out."""
    try:
        faults = msgspec.json.decode(answer.body, type=_Faults).errors
    except (msgspec.DecodeError, RecursionError):
        faults = []
    said = " ".join(part for part in (faults[0].title, faults[0].pointer) if part) if faults else ""
    said = one_line(said.replace(key, "(the key)"))[:MOST_SAID]
    return Answer(answer.status, f"{answer.problem}: {said}" if said else answer.problem, answer.wait)


def _named(row: Due) -> str:
    return f"appeal {row.ref}" if row.kind == "appeal" else f"report {row.ref}"
