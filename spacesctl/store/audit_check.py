"""Reading the audit log again: what was flipped, removed, swapped, cut off or rewritten.

The chains show what does not fit. That a tail was cut with its head, that all was rewritten, or that an old backup was restored, no chain
can show: checkpoints and heads that somebody wrote down do.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.store import closed_audit
from spacesctl.store.audit import GENESIS, Facts, entry_hash
from spacesctl.store.checkpoints import Checkpoint
from spacesctl.store.tables import audit_entries, audit_heads
from spacesctl.store.tables import closed_audit as closed

Problem = Literal["unreadable", "entry", "tail", "checkpoint", "head", "file"]
"""What is wrong: a row that cannot be read; an entry that does not match the one before it; entries that are missing at the end; a
checkpoint, or a head that somebody has, which the log does not have; a line of the file of checkpoints that their key did not sign."""


@dataclass(frozen=True)
class Broken:
    """The first place that does not fit. `entry_id` is that of an entry; `count` how many entries a checkpoint or a head speaks of."""

    problem: Problem
    chain: str
    entry_id: int | None = None
    count: int | None = None


@dataclass(frozen=True)
class Noted:
    """A head that somebody wrote down: after its first `count` entries a chain had the hash `head`; without a `chain`, the whole log."""

    chain: str | None
    count: int
    head: str


@dataclass(frozen=True)
class _Row:
    """An entry as it is stored; rows that were changed by hand may hold other types."""

    id: int
    chain: str
    seq: int
    at: datetime
    principal: Mapping[str, str | None]
    actor_id: str | None
    action: str
    target_id: str | None
    body: Facts
    prev: str
    hash: str


@dataclass
class _Walk:
    """How far each chain was read."""

    closed: str
    ended: int
    noted: Noted | None
    wanted: Mapping[str, Mapping[int, str]]
    """Hashes by chain and count, of the checkpoints."""
    at: dict[str, tuple[int, str]] = field(default_factory=dict)
    then: dict[str, tuple[int, str]] = field(default_factory=dict)
    """How far each chain had come at the head of the whole log that was noted."""
    last_ids: dict[str, int] = field(default_factory=dict)

    def step(self, row: _Row) -> Broken | None:
        seq, prev = self.at.get(row.chain, (0, GENESIS))
        digest = entry_hash(prev, seq + 1, row.at, row.chain, row.principal, row.action, row.target_id, row.body)
        forged = row.actor_id != _account_of(row.principal)
        names_another = row.seq == 1 and row.body.get("closed") != self.closed
        moved = row.id <= self.last_ids.get(row.chain, 0)
        if row.seq != seq + 1 or row.hash != digest or row.prev != prev or names_another or forged or moved:
            return Broken("entry", row.chain, row.id + self.ended)
        if self.wanted.get(row.chain, {}).get(row.seq, row.hash) != row.hash:
            return Broken("checkpoint", row.chain, row.id + self.ended, row.seq)
        self.at[row.chain] = row.seq, row.hash
        self.last_ids[row.chain] = row.id
        if self.noted is not None and self._reaches(self.noted, row):
            self.then[row.chain] = row.seq, row.hash
        return None

    def _reaches(self, noted: Noted, row: _Row) -> bool:
        if noted.chain is None:
            return row.id + self.ended <= noted.count
        return row.chain == noted.chain and row.seq <= noted.count

    def shows(self, noted: Noted) -> bool:
        """Whether the log is a continuation of what was noted."""
        if noted.chain is None:
            most = max(self.last_ids.values(), default=0) + self.ended
            return noted.count <= most and _whole(self.closed, self.then) == noted.head
        return self.then.get(noted.chain) == (noted.count, noted.head)


@dataclass(frozen=True)
class Found:
    """What was read: `entries` of all chains, and `head` of the whole log as `Noted` has it. `broken` None: all fits."""

    broken: Broken | None
    entries: int
    head: str


async def head(db: AsyncConnection) -> str:
    """The count of all entries and one hash over the heads of all chains, such as `812:5f0c...`. Who writes it down can show later that the
    log was cut or rewritten.
    """
    rows = await db.execute(select(audit_heads))
    last = (await db.scalar(select(func.max(audit_entries.c.id))) or 0) + await _ended(db)
    return f"{last}:{_whole(await closed_audit.head(db), {row.chain: (row.seq, row.hash) for row in rows})}"


async def check(db: AsyncConnection, marks: Iterable[Checkpoint] = (), noted: Noted | None = None) -> Found:
    """Read all chains, the closed one too, and compare them with their heads, with checkpoints and with a head that somebody noted."""
    try:
        return await _check(db, list(marks), noted)
    except (ValueError, AttributeError, OverflowError, OSError):  # a row that cannot even be read
        return Found(Broken("unreadable", "unreadable"), 0, "")


async def _check(db: AsyncConnection, marks: list[Checkpoint], noted: Noted | None) -> Found:
    if (bad := await closed_audit.verify(db)) is not None:
        return Found(Broken("entry", "closed", bad), 0, "")
    wanted: dict[str, dict[int, str]] = defaultdict(dict)
    for one in marks:
        if wanted[one.chain].setdefault(one.count, one.head) != one.head:
            return Found(Broken("checkpoint", one.chain, None, one.count), 0, "")
    walk = _Walk(await closed_audit.head(db), await _ended(db), noted, wanted)
    heads = {row.chain: (row.seq, row.hash) for row in await db.execute(select(audit_heads))}
    entries = walk.ended
    async for row in await db.stream(select(audit_entries).order_by(audit_entries.c.chain, audit_entries.c.seq)):
        entries += 1
        if (broken := walk.step(_Row(**row._mapping))) is not None:
            return Found(broken, entries, "")
    return Found(_missing(walk, heads) or _unlike(walk), entries, await head(db))


def _missing(walk: _Walk, heads: Mapping[str, tuple[int, str]]) -> Broken | None:
    for chain in sorted(heads.keys() | walk.at.keys()):
        if heads.get(chain) != walk.at.get(chain):
            return Broken("tail", chain)
    for chain, counts in sorted(walk.wanted.items()):
        if (most := max(counts)) > walk.at.get(chain, (0, ""))[0]:
            return Broken("checkpoint", chain, None, most)
    return None


def _unlike(walk: _Walk) -> Broken | None:
    if walk.noted is None or walk.shows(walk.noted):
        return None
    return Broken("head", walk.noted.chain or "all", None, walk.noted.count)


async def _ended(db: AsyncConnection) -> int:
    """The id of the last entry of the closed chain: the ids of the others follow."""
    return int(await db.scalar(select(func.max(closed.c.id))) or 0)


def _whole(closed_head: str, heads: Mapping[str, tuple[int, str]]) -> str:
    fields = [closed_head, *([chain, seq, digest] for chain, (seq, digest) in sorted(heads.items()))]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _account_of(principal: Mapping[str, str | None]) -> str | None:
    """The account that acted, from the principal as it is hashed; the column beside it is for queries."""
    return principal.get("bot_id") or (principal.get("id") if principal.get("kind") == "person" else None)
