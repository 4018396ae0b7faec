"""Repository of what rules are not to find again: words on which a rule acted, and somebody took it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.speech import Word
from spacesctl.store.holds import is_held
from spacesctl.store.tables import regressions
from spacesctl.store.writing import insert_new

KEPT: Final = timedelta(days=365)
"""How long a case is kept: long enough to be pulled, since the rule file is the host's and so is what lies beside it."""
MOST: Final = 500
"""Cases of one host. Of more the oldest go."""
_WORDS: TypeAdapter[tuple[Word, ...]] = TypeAdapter(tuple[Word, ...])


@dataclass(frozen=True)
class KeptCase:
    """What the account `target_id` said in a Space of `host_id`, with the rule that found it. `id` says which words they are."""

    id: str
    host_id: str
    space_id: str
    target_id: str
    rule_id: str
    rule_hash: str
    words: tuple[Word, ...]
    at: datetime


async def add(db: AsyncConnection, case: KeptCase) -> None:
    """Add a case, unless it is there. Those of the host that are old, or too many, go, but for those on legal hold."""
    row = {**vars(case), "words": [asdict(one) for one in case.words]}
    await insert_new(db, regressions, row)
    mine = regressions.c.host_id == case.host_id
    free = ~is_held(regressions.c.space_id, regressions.c.target_id, regressions.c.host_id)
    await db.execute(delete(regressions).where(mine, free, regressions.c.at < case.at - KEPT))
    newest = select(regressions.c.id).where(mine).order_by(regressions.c.at.desc(), regressions.c.id).limit(MOST)
    await db.execute(delete(regressions).where(mine, free, regressions.c.id.not_in(newest)))


async def remove(db: AsyncConnection, case_id: str) -> None:
    """Remove a case, if it is there."""
    await db.execute(delete(regressions).where(regressions.c.id == case_id))


async def of_host(db: AsyncConnection, host_id: str, space_id: str | None, now: datetime) -> list[KeptCase]:
    """The cases of a host, in this Space or (None) in all, newest first."""
    query = select(regressions).where(regressions.c.host_id == host_id, regressions.c.at >= now - KEPT)
    if space_id is not None:
        query = query.where(regressions.c.space_id == space_id)
    return await _cases(db, query.order_by(regressions.c.at.desc(), regressions.c.id).limit(MOST))


async def _cases(db: AsyncConnection, query: Select[*tuple[object, ...]]) -> list[KeptCase]:
    rows = (row._mapping for row in await db.execute(query))
    return [KeptCase(**{**row, "words": _WORDS.validate_python(row["words"])}) for row in rows]
