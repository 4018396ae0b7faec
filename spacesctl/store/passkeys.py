"""Repository of passkeys: the public keys with which authenticators sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store.tables import passkeys


@dataclass(frozen=True)
class Passkey:
    """A passkey. `id` is the credential's, in base64url; `sign_count` is that of its last use, by which a copied authenticator is found."""

    id: str
    account_id: str
    public_key: bytes
    sign_count: int
    label: str
    created_at: datetime
    used_at: datetime | None = None


async def add(db: AsyncConnection, new: Passkey) -> None:
    """Store one."""
    await db.execute(passkeys.insert().values(vars(new)))


async def get(db: AsyncConnection, passkey_id: str) -> Passkey | None:
    """Find one by its id."""
    row = (await db.execute(select(passkeys).where(passkeys.c.id == passkey_id))).one_or_none()
    return Passkey(**row._asdict()) if row is not None else None


async def of_account(db: AsyncConnection, account_id: str) -> list[Passkey]:
    """Those of an account, the oldest first."""
    query = select(passkeys).where(passkeys.c.account_id == account_id).order_by(passkeys.c.created_at, passkeys.c.id)
    return [Passkey(**row._asdict()) for row in await db.execute(query)]


async def note_use(db: AsyncConnection, used: Passkey, sign_count: int, now: datetime) -> bool:
    """Store a use; False when it was used or deleted meanwhile."""
    same = (passkeys.c.id == used.id, passkeys.c.sign_count == used.sign_count)
    done = await db.execute(update(passkeys).where(*same).values(sign_count=sign_count, used_at=now))
    return done.rowcount == 1


async def drop(db: AsyncConnection, account_id: str, passkey_id: str | None = None) -> int:
    """Delete one of an account, or all; how many there were."""
    which = [passkeys.c.account_id == account_id]
    if passkey_id is not None:
        which.append(passkeys.c.id == passkey_id)
    return (await db.execute(delete(passkeys).where(*which))).rowcount
