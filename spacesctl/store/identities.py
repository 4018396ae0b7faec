"""Repository of identities: which account it is that a provider of OpenID Connect calls so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import identities


@dataclass(frozen=True)
class Identity:
    """Whom a provider has signed in. `issuer` is the provider; `subject` its name for them, which never changes."""

    issuer: str
    subject: str


async def account_of(db: AsyncConnection, one: Identity) -> str | None:
    """The id of the account, if there is one."""
    where = (identities.c.issuer == one.issuer, identities.c.subject == one.subject)
    found: str | None = await db.scalar(select(identities.c.account_id).where(*where))
    return found


async def add(db: AsyncConnection, one: Identity, account_id: str, now: datetime) -> None:
    """It is this account from now on."""
    row = {"issuer": one.issuer, "subject": one.subject, "account_id": account_id, "created_at": now}
    await db.execute(identities.insert().values(row))


async def count(db: AsyncConnection, account_id: str) -> int:
    """How many an account has."""
    return len((await db.execute(select(identities.c.subject).where(identities.c.account_id == account_id))).all())


async def drop(db: AsyncConnection, account_id: str) -> int:
    """Delete those of an account; how many there were."""
    return (await db.execute(delete(identities).where(identities.c.account_id == account_id))).rowcount
