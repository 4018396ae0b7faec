"""The audit log: append-only hash chains, one for each Space and one for the server, so that no two Spaces wait for each other.

Each entry contains the hash of the one before, and each chain has a head: how many entries there are, and the hash of the last. Earlier
versions kept one chain for everything; it is closed, and the first entry of each new chain names its last hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, null, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.clock import rfc3339
from spacesctl.domain.principals import Principal, System, described
from spacesctl.store import closed_audit
from spacesctl.store.reading import all_as
from spacesctl.store.tables import audit_entries, audit_heads
from spacesctl.store.tables import closed_audit as closed

GENESIS = closed_audit.GENESIS
Facts = Mapping[str, str | int | float | bool | list[str] | None]
"""What an entry says besides, by name."""
_REPORTS = ("report", "report.decide")
SERVER = "server"
"""The chain of what concerns no Space."""


@dataclass(frozen=True)
class Entry:
    """An entry. `body` holds JSON values and no secrets. Transcripts belong in reports, not here."""

    action: str
    by: Principal
    space_id: str | None = None
    target_id: str | None = None
    body: Facts | None = None

    @property
    def chain(self) -> str:
        return self.space_id or SERVER


@dataclass(frozen=True)
class Broken:
    """The first place of a chain that does not fit. `entry_id` is None when its tail was cut off."""

    chain: str
    entry_id: int | None


def entry_hash(prev: str, seq: int, at: datetime, chain: str, principal: object, *facts: object) -> str:
    """SHA-256 over the hash before and the entry in canonical JSON."""
    fields = [prev, seq, rfc3339(at), chain, principal, *facts]
    return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


async def append(db: AsyncConnection, entry: Entry, now: datetime) -> None:
    """Append in the caller's transaction. Only requests about the same Space, which take turns, append to one chain."""
    head = (await db.execute(select(audit_heads).where(audit_heads.c.chain == entry.chain))).one_or_none()
    if head is None:
        begin = Entry("chain.begin", System("audit"), entry.space_id, None, {"closed": await closed_audit.head(db)})
        first = await _add(db, begin, 1, GENESIS, now)
        last = await _add(db, entry, 2, first, now)
        await db.execute(audit_heads.insert().values(chain=entry.chain, seq=2, hash=last))
        return
    last = await _add(db, entry, head.seq + 1, head.hash, now)
    await db.execute(update(audit_heads).where(audit_heads.c.chain == entry.chain).values(seq=head.seq + 1, hash=last))


async def _add(db: AsyncConnection, entry: Entry, seq: int, prev: str, now: datetime) -> str:
    principal, body = described(entry.by), entry.body or {}
    digest = entry_hash(prev, seq, now, entry.chain, principal, entry.action, entry.target_id, body)
    row = {
        "chain": entry.chain,
        "seq": seq,
        "at": now,
        "principal": principal,
        "actor_id": entry.by.account_id,
        "action": entry.action,
        "target_id": entry.target_id,
        "body": body,
        "prev": prev,
        "hash": digest,
    }
    await db.execute(audit_entries.insert().values(row))
    return digest


@dataclass(frozen=True)
class KeptEntry:
    """An entry as it is listed. `space_id` is the Space or `SERVER`; `principal` is as `principals.described` has it, None in the closed
    chain.
    """

    id: int
    at: datetime
    actor_id: str | None
    action: str
    space_id: str | None
    target_id: str | None
    body: Facts
    hash: str
    principal: Mapping[str, str | None] | None


async def page(
    db: AsyncConnection, *, space_ids: set[str] | None, actor_id: str | None, before: int | None, limit: int
) -> list[KeptEntry]:
    """At most `limit` entries, newest first: of these Spaces or by this actor; if both are None, all. `before` is an entry's id. Reports
    about the actor are left out.

    Ids go on where those of the closed chain end.
    """
    ended = await db.scalar(select(func.max(closed.c.id))) or 0
    now, then = _entries(ended), _closed_entries()
    if space_ids is not None:
        now = now.where(or_(audit_entries.c.chain.in_(space_ids), audit_entries.c.actor_id == actor_id))
        then = then.where(or_(closed.c.space_id.in_(space_ids), closed.c.actor_id == actor_id))
    both = union_all(now, then).subquery()
    row = both.c
    hidden_from_none = or_(row.action.not_in(_REPORTS), row.target_id.is_(None), row.target_id != (actor_id or ""))
    query = select(both).where(hidden_from_none)
    if before is not None:
        query = query.where(both.c.id < before)
    return await all_as(db, query.order_by(both.c.id.desc()).limit(limit), KeptEntry)


def _entries(ended: int) -> Select[*tuple[object, ...]]:
    e = audit_entries.c
    return select(
        (e.id + ended).label("id"), e.at, e.actor_id, e.action, e.chain.label("space_id"), e.target_id, e.body, e.hash, e.principal
    )  # fmt: skip


def _closed_entries() -> Select[*tuple[object, ...]]:
    c = closed.c
    return select(c.id, c.at, c.actor_id, c.action, c.space_id, c.target_id, c.body, c.hash, null().label("principal"))


async def head(db: AsyncConnection) -> str:
    """One hash over the heads of all chains. Somebody who wrote it down can later show that the log was cut or rewritten."""
    heads = await db.execute(select(audit_heads).order_by(audit_heads.c.chain))
    fields = [await closed_audit.head(db), *([row.chain, row.seq, row.hash] for row in heads)]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _account_of(principal: Mapping[str, str | None]) -> str | None:
    """The account that acted, from the principal as it is hashed; the column beside it is for queries."""
    return principal.get("bot_id") or (principal.get("id") if principal.get("kind") == "person" else None)


async def verify(db: AsyncConnection) -> Broken | None:
    """Check all chains, the closed one too. Returns the first place that does not fit, or None when all do."""
    try:
        return await _verify(db)
    except (ValueError, AttributeError, OverflowError, OSError):  # a row that cannot even be read
        return Broken("unreadable", None)


async def _verify(db: AsyncConnection) -> Broken | None:
    if (bad := await closed_audit.verify(db)) is not None:
        return Broken("closed", bad)
    ended = await db.scalar(select(func.max(closed.c.id))) or 0
    old_head = await closed_audit.head(db)
    heads = {row.chain: (row.seq, row.hash) for row in await db.execute(select(audit_heads))}
    at: dict[str, tuple[int, str]] = {}
    async for row in await db.stream(select(audit_entries).order_by(audit_entries.c.chain, audit_entries.c.seq)):
        seq, prev = at.get(row.chain, (0, GENESIS))
        digest = entry_hash(prev, seq + 1, row.at, row.chain, row.principal, row.action, row.target_id, row.body)
        forged = row.actor_id != _account_of(row.principal)
        names_another = row.seq == 1 and row.body.get("closed") != old_head
        if row.seq != seq + 1 or row.hash != digest or row.prev != prev or names_another or forged:
            return Broken(row.chain, int(row.id) + ended)
        at[row.chain] = row.seq, row.hash
    for chain in sorted(heads.keys() | at.keys()):
        if heads.get(chain) != at.get(chain):
            return Broken(chain, None)
    return None
