"""What commands need to know from outside their Space: accounts, blocks, follows. Read in the request's own transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.admission import NO_BLOCKS, Blocks, kept_out
from spacesctl.domain.space import Space
from spacesctl.store import accounts


async def blocks(db: AsyncConnection, account_id: str | None) -> Blocks:
    """All blocks by and of an account; none for nobody."""
    return NO_BLOCKS if account_id is None else await accounts.blocks_of(db, account_id)


async def blocked(db: AsyncConnection, space: Space, account_id: str | None) -> bool:
    """Whether a block keeps this account out of the Space."""
    return kept_out(space, account_id, await blocks(db, account_id))


async def followed(db: AsyncConnection, space: Space, account_id: str | None) -> bool:
    """Whether the host follows this account."""
    return account_id is not None and await accounts.follows_account(db, space.host_id, account_id)


async def target(db: AsyncConnection, space: Space, account: Account) -> c.Target:
    """The account as a command about it needs it."""
    is_out = await blocked(db, space, account.id)
    return c.Target(account.id, account.handle, account.kind, is_out, account.suspension is not None)


async def found(db: AsyncConnection, refs: Iterable[str]) -> list[Account]:
    """The accounts that were named, each once, in order. Raises NotFound."""
    return list({account.id: account for account in [await accounts.present(db, ref) for ref in refs]}.values())
