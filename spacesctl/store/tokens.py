"""Repository of tokens and sessions of browsers. They are stored by their SHA-256; the first characters of it are the id that names one
without giving it away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, bindparam, delete, func, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import Credential, Suspension
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.ids import token_hash
from spacesctl.domain.principals import Person
from spacesctl.domain.words import CredentialKind, Kind, Scope
from spacesctl.store.tables import accounts, tokens

CREDENTIAL_ID = 16
"""Characters of a token's hash that name it."""
_SUSPENSION = (accounts.c.suspended_at, accounts.c.suspended_until, accounts.c.suspended_why)
_IS_ADMIN = type_coerce(tokens.c.scopes, Text).contains(f'"{Scope.ADMIN.value}"', autoescape=True)


@dataclass(frozen=True)
class NewToken:
    """A token that is made. `text` is the secret; `expires_at` None: it does not expire."""

    text: str
    scopes: frozenset[Scope]
    label: str = ""
    expires_at: datetime | None = None
    kind: CredentialKind = CredentialKind.TOKEN

    def __repr__(self) -> str:
        return "NewToken(...)"  # it has a secret

    @property
    def id(self) -> str:
        """What names it."""
        return token_hash(self.text)[:CREDENTIAL_ID]


@dataclass(frozen=True)
class KeptToken:
    """A token as stored. `used_from` is the address of the last request with it, as far as that was stored."""

    id: str
    account_id: str
    scopes: frozenset[Scope]
    kind: CredentialKind
    label: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str | None


async def add(db: AsyncConnection, account_id: str, new: NewToken, now: datetime) -> None:
    """Store a token by its hash."""
    row = {
        "hash": token_hash(new.text),
        "account_id": account_id,
        "scopes": sorted(scope.value for scope in new.scopes),
        "label": new.label,
        "created_at": now,
        "expires_at": new.expires_at,
        "kind": new.kind.value,
    }
    await db.execute(tokens.insert().values(row))


async def of_account(db: AsyncConnection, account_id: str) -> list[KeptToken]:
    """The tokens of an account, the newest first."""
    return await _kept(db, tokens.c.account_id == account_id)


async def _kept(db: AsyncConnection, where: ColumnElement[bool]) -> list[KeptToken]:
    names = ("hash", "scopes", "kind", "account_id", "label", "created_at", "expires_at", "used_at", "used_from")
    query = select(*(tokens.c[name] for name in names)).where(where)
    return [
        KeptToken(digest[:CREDENTIAL_ID], whose, frozenset(Scope(one) for one in scopes), CredentialKind(kind), *rest)
        for digest, scopes, kind, whose, *rest in await db.execute(
            query.order_by(tokens.c.created_at.desc(), tokens.c.hash)
        )
    ]


async def made_at(db: AsyncConnection, account_id: str, label: str) -> datetime | None:
    """When the newest token with this label was made."""
    mine = (tokens.c.account_id == account_id, tokens.c.label == label)
    found: datetime | None = await db.scalar(select(func.max(tokens.c.created_at)).where(*mine))
    return found


async def count(db: AsyncConnection, account_id: str) -> int:
    """How many tokens an account has, without its sessions."""
    mine = (tokens.c.account_id == account_id, tokens.c.kind == CredentialKind.TOKEN.value)
    return await db.scalar(select(func.count()).select_from(tokens).where(*mine)) or 0


async def sessions(db: AsyncConnection, account_id: str) -> list[KeptToken]:
    """The sessions of an account, the newest first."""
    return [one for one in await of_account(db, account_id) if one.kind is CredentialKind.SESSION]


async def drop(db: AsyncConnection, account_id: str, ids: Collection[str]) -> None:
    """Delete tokens of an account, by their ids."""
    short = func.substr(tokens.c.hash, 1, CREDENTIAL_ID)
    await db.execute(delete(tokens).where(tokens.c.account_id == account_id, short.in_(ids)))


async def drop_labelled(db: AsyncConnection, account_id: str, label: str) -> None:
    """Delete all tokens of an account that carry this label."""
    await db.execute(delete(tokens).where(tokens.c.account_id == account_id, tokens.c.label == label))


async def expired(db: AsyncConnection, now: datetime) -> list[KeptToken]:
    """The tokens whose time is over."""
    return await _kept(db, tokens.c.expires_at <= now)


async def next_expiry(db: AsyncConnection) -> datetime | None:
    """When the next token expires; None if none does."""
    found: datetime | None = await db.scalar(select(func.min(tokens.c.expires_at)))
    return found


async def caller(
    db: AsyncConnection, token: str, now: datetime, kind: CredentialKind = CredentialKind.TOKEN
) -> Person | None:
    """The caller that a token, or a session's secret, belongs to; None for one that is unknown, of another kind or has expired. Raises
    NotAllowed with reason `suspended`."""
    digest = token_hash(token)
    query = (
        select(accounts.c.id, accounts.c.handle, accounts.c.kind, tokens.c.scopes, *_SUSPENSION)
        .join(tokens, tokens.c.account_id == accounts.c.id)
        .where(tokens.c.hash == digest, tokens.c.kind == kind.value, _lasts(now))
    )
    row = (await db.execute(query)).one_or_none()
    if row is None:
        return None
    if row.suspended_at is not None:
        require_free(Suspension(row.suspended_at, row.suspended_until, row.suspended_why or ""), now)
    credential = Credential(kind, digest[:CREDENTIAL_ID])
    return Person(row.id, row.handle, Kind(row.kind), frozenset(Scope(scope) for scope in row.scopes), credential)


def require_free(held: Suspension | None, now: datetime) -> None:
    """Raises NotAllowed with reason `suspended` while an account is."""
    if held is not None and held.holds(now):
        raise NotAllowed(in_words(held), reason="suspended")


def in_words(held: Suspension) -> str:
    """What the owner of a suspended account is told."""
    until = f" until {rfc3339(held.until)}" if held.until is not None else ""
    return f"this account is suspended{until}" + (f": {held.reason}" if held.reason else "")


async def has_admin(db: AsyncConnection, account_id: str, now: datetime) -> bool:
    """Whether an account has a token with the admin scope."""
    mine = (tokens.c.account_id == account_id, _lasts(now), _IS_ADMIN)
    return (await db.execute(select(tokens.c.hash).where(*mine).limit(1))).first() is not None


async def has_other_admin(db: AsyncConnection, account_id: str, now: datetime) -> bool:
    """Whether another account that is not suspended has a token with the admin scope."""
    query = select(tokens.c.hash).join(accounts, tokens.c.account_id == accounts.c.id)
    query = query.where(accounts.c.id != account_id, accounts.c.suspended_at.is_(None), _lasts(now), _IS_ADMIN)
    return (await db.execute(query.limit(1))).first() is not None


async def admins(db: AsyncConnection, now: datetime) -> set[str]:
    """The accounts that are not suspended and have a token with the admin scope."""
    query = select(accounts.c.id).join(tokens, tokens.c.account_id == accounts.c.id)
    return set(await db.scalars(query.where(accounts.c.suspended_at.is_(None), _lasts(now), _IS_ADMIN).distinct()))


async def admin_tokens(db: AsyncConnection, now: datetime) -> set[str]:
    """The ids of all tokens with the admin scope, of accounts that are not suspended."""
    query = select(tokens.c.hash).join(accounts, tokens.c.account_id == accounts.c.id)
    found = await db.scalars(query.where(accounts.c.suspended_at.is_(None), _lasts(now), _IS_ADMIN))
    return {one[:CREDENTIAL_ID] for one in found}


def _lasts(now: datetime) -> ColumnElement[bool]:
    return or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)


async def note_uses(db: AsyncConnection, uses: Mapping[str, tuple[datetime, str]]) -> None:
    """Store when and from which address tokens were last used, by their ids."""
    short = func.substr(tokens.c.hash, 1, CREDENTIAL_ID)
    statement = (
        update(tokens).where(short == bindparam("of")).values(used_at=bindparam("at"), used_from=bindparam("host"))
    )
    await db.execute(statement, [{"of": one, "at": at, "host": host} for one, (at, host) in uses.items()])
