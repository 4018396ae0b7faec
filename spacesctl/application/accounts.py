"""Accounts, and whom they follow."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.application.tokens import USE, add_token
from spacesctl.domain.accounts import RESERVED, Account
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.domain.ids import new_account_id, new_token, parse_handle, retired_handle
from spacesctl.domain.principals import Person, Principal
from spacesctl.domain.words import Kind
from spacesctl.store import accounts, audit
from spacesctl.store.tokens import NewToken


async def create_account(
    app: App, person: Person, handle: str, name: str | None, kind: Kind, keep: Keep[Account]
) -> tuple[Account, str]:
    """Create an account with its first token, which is returned with it. Raises Invalid, or Conflict when the handle is taken."""
    made = new_account(app, handle, name, kind)
    first = NewToken(new_token(), USE, "first")
    async with app.begin(person) as db:
        await add_account(app, db, person, made)
        await add_token(db, person, made.id, first, made.created_at)
        await keep(db, made, made.created_at)
    return made, first.text


def new_account(app: App, handle: str, name: str | None, kind: Kind) -> Account:
    """An account that is not stored. Raises Invalid for a handle that nobody may have."""
    parsed = parse_handle(handle)
    if parsed is None:
        raise Invalid("handle", "has 1 to 15 letters, digits or underscores")
    if (why := RESERVED.get(parsed)) is not None:
        raise Invalid("handle", f"is reserved: {why}")
    return Account(new_account_id(), parsed, name or parsed, kind, app.clock.now())


async def add_account(app: App, db: AsyncConnection, by: Principal, made: Account) -> None:
    """Store an account, with its entry in the audit log. Raises Conflict when the handle is taken."""
    await accounts.add(db, made, retired=retired_handle(made.handle, app.mark))
    await audit.append(db, audit.Entry("account.create", by, None, made.id), made.created_at)


async def follow(app: App, person: Person, ref: str) -> None:
    """Follow an account. Raises NotFound, or Refused with reason `is_you` or `blocked`."""
    me = person.account_id or ""
    async with app.begin(person) as db:
        target = await accounts.present(db, ref)
        if target.id == me:
            raise Refused("is_you", "you cannot follow yourself")
        if await accounts.block_between(db, me, target.id):
            raise Refused("blocked", f"there is a block between you and @{target.handle}")
        await accounts.follow(db, me, target.id)


async def unfollow(app: App, person: Person, ref: str) -> None:
    """Stop following an account. Raises NotFound."""
    async with app.begin(person) as db:
        target = await accounts.present(db, ref)
        await accounts.unfollow(db, person.account_id or "", target.id)


async def describe(app: App, person: Person, name: str | None, description: str | None) -> Account:
    """Change the person's name and description, where given. Raises Invalid."""
    shown = " ".join(name.split()) if name is not None else None
    if shown == "":
        raise Invalid("name", "is empty")
    text = description.strip() if description is not None else None
    async with app.begin(person) as db:
        return await accounts.describe(db, person.account_id or "", name=shown, description=text)
