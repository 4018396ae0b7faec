"""Accounts, their tokens, and whom they follow."""

from __future__ import annotations

from collections.abc import Callable

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.ids import new_account_id, new_token, parse_handle
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Kind, Scope
from spacesctl.store import accounts, audit

USE = frozenset({Scope.USE})


async def create_account(
    app: App, person: Person, handle: str, name: str | None, kind: Kind, keep: Keep[Account]
) -> tuple[Account, str]:
    """Create an account with its first token, which is returned with it. Raises Invalid, or Conflict when the handle is taken."""
    parsed = parse_handle(handle)
    if parsed is None:
        raise Invalid("handle", "has 1 to 15 letters, digits or underscores")
    made = Account(new_account_id(), parsed, name or parsed, kind, app.clock.now())
    token = new_token()
    async with app.db.begin() as db:
        await accounts.add(db, made)
        await accounts.add_token(db, made.id, token, USE, "first", made.created_at)
        await audit.append(db, audit.Entry("account.create", person, None, made.id), made.created_at)
        await keep(db, made, made.created_at)
    return made, token


async def create_token(
    app: App, person: Person, ref: str, label: str, scopes: frozenset[Scope] | None, may_have: Callable[[int], None]
) -> tuple[Account, str, frozenset[Scope]]:
    """Create a token for the person's own account, or as an admin for any. Returns the account, the token and its scopes (None: all
    that the person may give). `may_have` is called with the number of tokens and raises TooMany. Raises NotFound or NotAllowed.
    """
    now, token = app.clock.now(), new_token()
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if target.id != person.account_id and not person.is_admin:
            raise NotAllowed("you may make tokens for your own account only", reason="scope")
        if target.id == app.bot.id:
            raise NotAllowed(
                "nobody makes tokens for the bundled bot: the server gives it one at each start", reason="scope"
            )
        most = person.scopes if target.id == person.account_id else USE
        given = most if scopes is None else scopes
        if not given <= most:
            raise NotAllowed("a token can have no more scopes than you may give", reason="scope")
        may_have(await accounts.count_tokens(db, target.id))
        await accounts.add_token(db, target.id, token, given, label, now)
        await audit.append(db, audit.Entry("token.create", person, None, target.id), now)
    return target, token, given


async def revoke_tokens(app: App, person: Person, ref: str, label: str) -> tuple[Account, int]:
    """Revoke all tokens with this label of the person's own account, or as an admin of any but the bundled bot's. Returns the
    account and how many there were. What they opened (event streams, sound, lanes) ends. Raises NotFound or NotAllowed.
    """
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if (target.id != person.account_id and not person.is_admin) or target.id == app.bot.id:
            raise NotAllowed("you may revoke tokens of your own account only", reason="scope")
        revoked = await accounts.drop_tokens(db, target.id, label)
        if not revoked:
            raise NotFound("token labelled", repr(label))
        await audit.append(db, audit.Entry("token.revoke", person, None, target.id), app.clock.now())
    app.registry.revoke(frozenset(revoked))
    return target, len(revoked)


async def follow(app: App, person: Person, ref: str) -> None:
    """Follow an account. Raises NotFound, or Refused with reason `is_you` or `blocked`."""
    me = person.account_id or ""
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        if target.id == me:
            raise Refused("is_you", "you cannot follow yourself")
        if await accounts.block_between(db, me, target.id):
            raise Refused("blocked", f"there is a block between you and @{target.handle}")
        await accounts.follow(db, me, target.id)


async def unfollow(app: App, person: Person, ref: str) -> None:
    """Stop following an account. Raises NotFound."""
    async with app.db.begin() as db:
        target = await accounts.get(db, ref)
        await accounts.unfollow(db, person.account_id or "", target.id)


async def describe(app: App, person: Person, name: str | None, description: str | None) -> Account:
    """Change the person's name and description, where given. Raises Invalid."""
    shown = " ".join(name.split()) if name is not None else None
    if shown == "":
        raise Invalid("name", "is empty")
    text = description.strip() if description is not None else None
    async with app.db.begin() as db:
        return await accounts.describe(db, person.account_id or "", name=shown, description=text)
