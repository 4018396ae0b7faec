"""What is old goes, by its class: evidence, captions, cases of rules. What went is counted in the audit log, which has no words.

What is looked for, which may take a while, is read beside the writers. What is found is asked for again in a short transaction, since it
may be needed by now: a report can be opened again, a sanction appealed, an account held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.domain.principals import System
from spacesctl.domain.retention import Retention, before
from spacesctl.store import audit, purging, quotes
from spacesctl.store.purging import OldAct, OldReport

PURGE_EVERY: Final = 60.0
"""Seconds between two turns."""
SWEEP_EACH: Final = 60
"""Turns after which files without a report are looked for."""
MOST_REPORTS: Final = 50
MOST_ACTS: Final = 100
MOST_CAPTIONS: Final = 500
MOST_CASES: Final = 500
MOST_SPACES: Final = 200
"""What one turn takes at most: each is a transaction of a few milliseconds."""


class Purge:
    """One for a server. `is_doubtful` says whether the clock may be wrong: then everything seems old."""

    def __init__(self, app: App, kept: Retention, is_doubtful: Callable[[], bool] = lambda: False) -> None:
        self._app = app
        self._kept = kept
        self._is_doubtful = is_doubtful
        self._after = ""
        """The last Space whose captions were looked through; at the end it begins anew."""
        self._turns = 0

    async def run(self) -> None:
        """A turn, as a chore."""
        await self.turn()

    async def turn(self) -> Counter[str]:
        """Purge what is due, a bounded amount of it. Returns how many of each class went."""
        if self._is_doubtful():
            return Counter()
        now = self._app.clock.now()
        is_sweep = self._turns % SWEEP_EACH == 0
        gone = await self._reports(now) + await self._acts(now) + await self._cases(now) + await self._captions(now)
        if is_sweep:
            gone += await self._released_notices(now)
        if gone:
            await self._app.registry.tasks.insist("forget what was purged", self._app.db.forget_deleted)
        if is_sweep:
            await self._app.clip_files.sweep(self._app.db)
        self._turns += 1
        return gone

    async def _reports(self, now: datetime) -> Counter[str]:
        evidence, dismissed = before(now, self._kept.evidence), before(now, self._kept.dismissed)
        async with self._app.db.read() as db:
            found = await purging.old_reports(db, now, evidence, dismissed, MOST_REPORTS)
        if not found:
            return Counter()
        async with self._app.db.begin() as db:
            ids = [one.id for one in found]
            due = await purging.old_reports(db, now, evidence, dismissed, MOST_REPORTS, ids)
            gone = await empty_reports(db, due, now)
            await note(db, gone, now)
        for one in due:
            if one.clip is not None:
                await self._app.clip_files.drop(self._app.db, one.clip)
        return gone

    async def _acts(self, now: datetime) -> Counter[str]:
        if (evidence := before(now, self._kept.evidence)) is None:
            return Counter()
        async with self._app.db.read() as db:
            found = await purging.old_acts(db, now, evidence, MOST_ACTS)
        if not found:
            return Counter()
        async with self._app.db.begin() as db:
            due = await purging.old_acts(db, now, evidence, MOST_ACTS, found)
            gone = await empty_acts(db, due, now)
            await note(db, gone, now)
        return gone

    async def _released_notices(self, now: datetime) -> Counter[str]:
        """Notices that were on hold when the words that they quote went."""
        async with self._app.db.begin() as db:
            gone = counted(notices=await quotes.drop_left(db, MOST_ACTS))
            await note(db, gone, now)
        return gone

    async def _cases(self, now: datetime) -> Counter[str]:
        if (older := before(now, self._kept.cases)) is None:
            return Counter()
        async with self._app.db.read() as db:
            found = await purging.old_cases(db, older, MOST_CASES)
        if not found:
            return Counter()
        async with self._app.db.begin() as db:
            gone = counted(cases=await purging.drop_cases(db, found))
            await note(db, gone, now)
        return gone

    async def _captions(self, now: datetime) -> Counter[str]:
        """Of the next Spaces that are over, up to the first that has some; the next turn goes on with it."""
        if (older := before(now, self._kept.captions)) is None:
            return Counter()
        numbers = list[int]()
        async with self._app.db.read() as db:
            over = await purging.ended_after(db, self._after, MOST_SPACES)
            for space_id in over:
                if numbers := await purging.old_captions(db, space_id, older, MOST_CAPTIONS):
                    break
                self._after = space_id
        if not numbers:
            self._after = self._after if len(over) == MOST_SPACES else ""
            return Counter()
        async with self._app.db.begin() as db:
            gone = counted(captions=await purging.drop_captions(db, space_id, numbers))
            await note(db, gone, now)
        return gone


async def empty_reports(db: AsyncConnection, due: list[OldReport], now: datetime) -> Counter[str]:
    """Delete the evidence of reports. Their files are the caller's. Returns how many of each class went."""
    notes = sum([await purging.empty_report(db, one, now) for one in due])
    return counted(reports=len(due), clips=sum(one.clip is not None for one in due), notes=notes)


async def empty_acts(db: AsyncConnection, due: list[OldAct], now: datetime) -> Counter[str]:
    """Delete the words of acts, also where notices quote them. Returns how many of each."""
    notices = sum([await purging.empty_act(db, one, now) for one in due])
    return counted(acts=len(due), notices=notices)


def counted(**numbers: int) -> Counter[str]:
    """How many of each class, without those of which there are none."""
    return Counter({name: number for name, number in numbers.items() if number})


async def note(db: AsyncConnection, gone: Counter[str], now: datetime) -> None:
    """Enter what was purged in the audit log."""
    if gone:
        await audit.append(db, audit.Entry("purge", System("retention"), None, None, dict(gone)), now)
