"""Whether the audit log is whole: for the staff of Spaces, since it is read from its beginning."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from spacesctl.application.app import App
from spacesctl.domain.errors import Invalid, NotAllowed
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.principals import Person
from spacesctl.store import audit_check, spaces
from spacesctl.store.audit import SERVER
from spacesctl.store.audit_check import Found, Noted
from spacesctl.support.numbers import whole

DIGITS: Final = 64
"""Of a SHA-256 in hexadecimal."""


@dataclass(frozen=True)
class Verified:
    """What was found. `checkpoints` is how many hold, None when their folder cannot be read; `bad_line` the first line of their file that
    is not one.
    """

    found: Found
    checkpoints: int | None
    bad_line: int | None


async def verify(app: App, caller: Person, noted: str | None) -> Verified:
    """Read the log and compare it with the checkpoints and with a head that somebody noted, as `noted_head` reads it. One at a time. Raises
    NotAllowed for who is no staff, and Invalid.
    """
    wanted = noted_head(noted) if noted is not None else None
    async with app.db.read() as db:
        if not (caller.is_admin or await spaces.is_staff_somewhere(db, caller.account_id or "")):
            raise NotAllowed("only who hosts or hosted a Space checks the audit log", reason="not_staff")
    async with app.verifying:
        # Before the log: one that is made meanwhile would speak of entries that this look at the database does not have.
        try:
            marks, bad_line = await asyncio.to_thread(app.checkpoints.read)
        except Invalid:
            marks, bad_line, count = [], None, None
        else:
            count = len(marks)
        async with app.db.read() as db:
            return Verified(await audit_check.check(db, marks, wanted), count, bad_line)


def noted_head(text: str) -> Noted:
    """Parse `COUNT:HASH`, a head of the whole log, or `SPACE:COUNT:HASH`, one of a Space (or of `server`). Raises Invalid."""
    *before, count, digest = ("", *text.strip().split(":"))[-4:]
    chain = before[-1] if before and before[-1] else None
    number = whole(count)
    fits = len(digest) == DIGITS and all(one in "0123456789abcdef" for one in digest)
    if (
        text.count(":") not in (1, 2)
        or number is None
        or not fits
        or not (chain is None or chain == SERVER or is_space_id(chain))
    ):
        raise Invalid("head", "must be COUNT:HASH or SPACE:COUNT:HASH, as `audit verify` and its messages have it")
    return Noted(chain, number, digest)
