"""Checkpoints of the audit log: every fifty entries of a chain and at each Space's end, to a file outside the data folder and to staff.

The file comes first: what was told was kept. A stop in between makes a second checkpoint of the same entries, which says the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.words import Role
from spacesctl.store import audit, direct_messages, spaces, tokens
from spacesctl.store.audit import Head
from spacesctl.store.checkpoints import Checkpoint

LOOK_EVERY: Final = 5.0
"""Seconds between two looks."""
EVERY: Final = 50
"""Entries of a chain after which it gets a checkpoint."""


async def make_checkpoints(app: App, at_least: int = EVERY, *, tell: bool = True) -> None:
    """Make those that are due: of chains with `at_least` new entries, or whose Space has ended. Raises OSError or Invalid when the file
    cannot be written: they stay due.
    """
    async with app.db.read() as db:
        due = await audit.unmarked(db, at_least)
    if not due:
        return
    now = app.clock.now()
    await asyncio.to_thread(_keep, app, due, now)
    async with app.db.begin() as db:
        await audit.mark(db, due)
        for head in due if tell else ():
            await _tell(app, db, head, now)


async def keep_all(app: App) -> None:
    """Checkpoints of all that is new, to the file alone: at a stop."""
    await make_checkpoints(app, 1, tell=False)


def _keep(app: App, due: Sequence[Head], now: datetime) -> None:
    """Blocks."""
    made = [Checkpoint(chain=one.chain, count=one.count, head=one.hash, at=rfc3339(now)) for one in due]
    app.checkpoints.append([app.checkpoints.sign(one) for one in made])


async def _tell(app: App, db: AsyncConnection, head: Head, now: datetime) -> None:
    noted = f"{head.chain}:{head.count}:{head.hash}"
    text = f"has {head.count} entries. Keep this: `spacesctl audit verify --head {noted}` says whether they are still the same."
    if not is_space_id(head.chain):
        for account_id in sorted(await tokens.admins(db, now)):
            await direct_messages.send_dm(
                db, app.bot.id, account_id, f"The server's audit log {text}", now, kind="notice"
            )
        return
    space = await spaces.load(db, head.chain)
    staff = {space.host_id, *(person.account_id for person in space.with_role(Role.COHOST))} - {app.bot.id}
    for account_id in sorted(staff):
        await direct_messages.send_dm(
            db, app.bot.id, account_id, f"The audit log of {space.title} {text}", now, kind="notice", space_id=space.id
        )  # fmt: skip
