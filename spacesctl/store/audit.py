"""The audit log: append-only hash chains, one for each Space and one for the server, so that no two Spaces wait for each other.

Each entry has a running count in its chain and contains the hash of the one before, and each chain has a head: how many entries there are,
and the hash of the last. `audit_check` reads it all again. Earlier versions kept one chain for everything; it is closed, and the first
entry of each new chain names its last hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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
_REPORTS = ("report", "report.decide", "report.assign", "report.note", "evidence")
_LAST_OF_A_SPACE = ("space.end", "space.miss", "space.cancel")
MOST_MARKED = 500
"""Heads that are read at once for their checkpoints."""
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
    grown = update(audit_heads).where(audit_heads.c.chain == entry.chain).values(seq=head.seq + 1, hash=last)
    await db.execute(grown.values(is_due=True) if entry.action in _LAST_OF_A_SPACE else grown)


@dataclass(frozen=True)
class Head:
    """A chain has `count` entries, and the last has this hash."""

    chain: str
    count: int
    hash: str


async def unmarked(db: AsyncConnection, at_least: int) -> list[Head]:
    """The heads that a checkpoint is due for: so many entries since the last one, or their Space has ended."""
    h = audit_heads.c
    grown = h.seq - h.marked >= at_least
    query = (
        select(h.chain, h.seq.label("count"), h.hash).where(or_(grown, h.is_due)).order_by(h.chain).limit(MOST_MARKED)
    )
    return await all_as(db, query, Head)


async def mark(db: AsyncConnection, heads: Sequence[Head]) -> None:
    """These have a checkpoint now. What was added meanwhile is counted from there; an end that was added meanwhile stays due."""
    for one in heads:
        mine = audit_heads.c.chain == one.chain
        await db.execute(update(audit_heads).where(mine).values(marked=one.count))
        await db.execute(update(audit_heads).where(mine, audit_heads.c.seq == one.count).values(is_due=False))


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
    count: int
    """Its place in its chain, from 1."""


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
        (e.id + ended).label("id"), e.at, e.actor_id, e.action, e.chain.label("space_id"), e.target_id, e.body, e.hash, e.principal,
        e.seq.label("count"),
    )  # fmt: skip


def _closed_entries() -> Select[*tuple[object, ...]]:
    c = closed.c
    return select(
        c.id,
        c.at,
        c.actor_id,
        c.action,
        c.space_id,
        c.target_id,
        c.body,
        c.hash,
        null().label("principal"),
        c.id.label("count"),
    )
