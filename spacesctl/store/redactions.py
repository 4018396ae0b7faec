"""Repository of redactions: those in force, missed and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.redaction import Redaction
from spacesctl.domain.words import RedactionMode, RedactionState
from spacesctl.store.reading import all_as, one_as
from spacesctl.store.tables import redactions


@dataclass(frozen=True)
class KeptRedaction:
    """A redaction in a Space. `principal` is as `principals.described` has it."""

    id: str
    space_id: str
    number: int
    lane: int
    account_id: str | None
    first_tick: int
    last_tick: int
    mode: RedactionMode
    cut: bool
    principal: Mapping[str, str | None]
    reason: str
    missed_to: int | None
    withdrawn: bool
    is_number: bool
    at: datetime

    @property
    def redaction(self) -> Redaction:
        """What the domain calls one."""
        return Redaction(
            self.id, self.lane, self.account_id, self.first_tick, self.last_tick, self.mode, self.principal, self.reason, self.cut,
            self.missed_to, self.is_number,
        )  # fmt: skip

    @property
    def state(self) -> RedactionState:
        """What became of it."""
        return "withdrawn" if self.withdrawn else self.redaction.state


async def add(db: AsyncConnection, one: Redaction, space_id: str, at: datetime) -> None:
    """Add a redaction of a Space."""
    row = {
        "id": one.id,
        "space_id": space_id,
        "number": int(one.id.rpartition("-r")[2]),
        "lane": one.lane,
        "account_id": one.account_id,
        "first_tick": one.first,
        "last_tick": one.last,
        "mode": one.mode,
        "cut": one.cut,
        "principal": dict(one.by),
        "reason": one.reason,
        "missed_to": one.missed_to,
        "withdrawn": False,
        "is_number": one.number,
        "at": at,
    }
    await db.execute(redactions.insert().values(row))


async def change(db: AsyncConnection, redaction_id: str, **changes: int | str | bool | None) -> None:
    """Set columns of a redaction."""
    await db.execute(update(redactions).where(redactions.c.id == redaction_id).values(**changes))


async def get(db: AsyncConnection, space_id: str, redaction_id: str) -> KeptRedaction:
    """Find a redaction of a Space. Raises NotFound."""
    wanted = select(redactions).where(redactions.c.id == redaction_id, redactions.c.space_id == space_id)
    found = await one_as(db, wanted, KeptRedaction)
    if found is None:
        raise NotFound("redaction", redaction_id)
    return found


async def of_space(
    db: AsyncConnection, space_id: str, *, before: int | None = None, limit: int | None = None
) -> list[KeptRedaction]:
    """The redactions of a Space, newest first; those with a number below `before`."""
    wanted = (
        select(redactions).where(redactions.c.space_id == space_id).order_by(redactions.c.number.desc()).limit(limit)
    )
    if before is not None:
        wanted = wanted.where(redactions.c.number < before)
    return await all_as(db, wanted, KeptRedaction)


async def in_force(db: AsyncConnection, space_id: str, first: int, last: int) -> list[Redaction]:
    """Those that hide what was said in ticks `first` to `last`, whether in time or not."""
    wanted = select(redactions).where(
        redactions.c.space_id == space_id,
        redactions.c.withdrawn.is_(False),
        redactions.c.first_tick <= last,
        redactions.c.last_tick >= first,
    )
    return [kept.redaction for kept in await all_as(db, wanted, KeptRedaction)]
