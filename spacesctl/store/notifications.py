"""Repository of outlets: external addresses that an account's direct messages are forwarded to. The addresses are
encrypted; `last_dm` is the last message handled.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.store.tables import accounts, dms, outlets

QUEUE = 100
"""Messages that may wait for one outlet; older ones are skipped and counted."""


@dataclass(frozen=True)
class Outlet:
    """An outlet. The address is `sealed`, and `shown` without its secret. Messages were `sent` or `skipped`; `failures` are those in a row
    until now.
    """

    id: str
    account_id: str
    sealed: str
    shown: str
    created_at: datetime
    last_dm: int
    sent: int = 0
    skipped: int = 0
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True)
class DueMessage:
    """The message `dm_id`, from the account with this handle, to send to the outlet `id` now."""

    id: str
    account_id: str
    sealed: str
    failures: int
    last_dm: int
    dm_id: int
    kind: str
    text: str
    at: datetime
    handle: str
    space_id: str | None


async def add(db: AsyncConnection, outlet_id: str, account_id: str, sealed: str, shown: str, now: datetime) -> Outlet:
    """Add an outlet. It receives the messages that arrive from now on."""
    newest = await db.scalar(select(func.max(dms.c.id)).where(dms.c.to_id == account_id)) or 0
    made = Outlet(outlet_id, account_id, sealed, shown, now, newest)
    await db.execute(outlets.insert().values(asdict(made)))
    return made


async def get(db: AsyncConnection, outlet_id: str) -> Outlet:
    """Find an outlet. Raises NotFound."""
    row = (await db.execute(select(outlets).where(outlets.c.id == outlet_id))).one_or_none()
    if row is None:
        raise NotFound("notification address", outlet_id)
    return Outlet(**row._asdict())


async def of_account(db: AsyncConnection, account_id: str) -> list[Outlet]:
    """The outlets of an account, oldest first."""
    query = select(outlets).where(outlets.c.account_id == account_id)
    rows = await db.execute(query.order_by(outlets.c.created_at, outlets.c.id))
    return [Outlet(**row._asdict()) for row in rows]


async def remove(db: AsyncConnection, outlet_id: str) -> None:
    """Delete an outlet, if it is there."""
    await db.execute(delete(outlets).where(outlets.c.id == outlet_id))


async def due(db: AsyncConnection, now: datetime, *, busy: set[str], limit: int) -> list[DueMessage]:
    """For each outlet that is not `busy` and whose retry time has passed: its oldest unsent message."""
    waits = (
        select(outlets.c.id.label("outlet_id"), func.min(dms.c.id).label("dm_id"))
        .join(dms, (dms.c.to_id == outlets.c.account_id) & (dms.c.id > outlets.c.last_dm))
        .where(or_(outlets.c.retry_at.is_(None), outlets.c.retry_at <= now), outlets.c.id.not_in(busy))
        .group_by(outlets.c.id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(
            outlets.c.id, outlets.c.account_id, outlets.c.sealed, outlets.c.failures, outlets.c.last_dm,
            dms.c.id.label("dm_id"), dms.c.kind, dms.c.text, dms.c.at, dms.c.space_id, accounts.c.handle,
        )
        .join(waits, waits.c.outlet_id == outlets.c.id)
        .join(dms, dms.c.id == waits.c.dm_id)
        .join(accounts, accounts.c.id == dms.c.from_id)
    )  # fmt: skip
    return [DueMessage(**row._asdict()) for row in await db.execute(query)]


async def sent(db: AsyncConnection, outlet_id: str, dm_id: int) -> None:
    """Note that a message was sent."""
    values = {"last_dm": dm_id, "sent": outlets.c.sent + 1, "failures": 0, "retry_at": None}
    await db.execute(update(outlets).where(outlets.c.id == outlet_id).values(values))


async def skipped(db: AsyncConnection, outlet_id: str, dm_id: int, number: int = 1) -> None:
    """Give up the waiting messages up to and including `dm_id`, `number` of them."""
    values = {"last_dm": dm_id, "skipped": outlets.c.skipped + number}
    await db.execute(update(outlets).where(outlets.c.id == outlet_id).values(values))


async def failed(db: AsyncConnection, outlet_id: str, retry_at: datetime) -> None:
    """Note a failed attempt; the next one is at `retry_at`."""
    values = {"failures": outlets.c.failures + 1, "retry_at": retry_at}
    await db.execute(update(outlets).where(outlets.c.id == outlet_id).values(values))


async def keep_within(db: AsyncConnection, outlet_id: str, account_id: str, last_dm: int) -> None:
    """Skip the oldest waiting messages beyond `QUEUE`."""
    mine = (dms.c.to_id == account_id, dms.c.id > last_dm)
    beyond = await db.scalar(select(dms.c.id).where(*mine).order_by(dms.c.id.desc()).offset(QUEUE).limit(1))
    if beyond is not None:
        number = await db.scalar(select(func.count()).select_from(dms).where(*mine, dms.c.id <= beyond)) or 0
        await skipped(db, outlet_id, beyond, number)
