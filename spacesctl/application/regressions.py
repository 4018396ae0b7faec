"""What somebody said on which a rule acted wrongly becomes a case: the rule is not to find it again.

The rule file is the host's and lies on the host's machine; the cases wait here until they are pulled beside it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import events as e
from spacesctl.domain.speech import Word
from spacesctl.store import regressions
from spacesctl.store import spaces as space_store
from spacesctl.store.acts import StoredAct
from spacesctl.store.regressions import KeptCase

MOST_UTTERANCES = 5
"""Captions of which a case has the words."""


async def remember(db: AsyncConnection, space_id: str, host_id: str, act: StoredAct, now: datetime) -> None:
    """Keep the words of an act that was taken back, with those around them that captions have. Nothing for an act without words."""
    if not act.words or act.mode != "enforce":
        return
    words = await _around(db, space_id, act)
    case = KeptCase(
        case_id(space_id, act), host_id, space_id, act.account_id, act.rule_id, act.rule_hash, words or act.words, now
    )
    await regressions.add(db, case)


async def forget(db: AsyncConnection, space_id: str, act: StoredAct) -> None:
    """The rule was right after all."""
    await regressions.remove(db, case_id(space_id, act))


def case_id(space_id: str, act: StoredAct) -> str:
    """The same for all acts of a rule about the same words."""
    return f"{space_id}-{act.lane}-{act.start_tick}-{act.rule_id}"


async def _around(db: AsyncConnection, space_id: str, act: StoredAct) -> tuple[Word, ...]:
    stored = await space_store.said_within(
        db, space_id, act.account_id, act.lane, act.start_tick, act.end_tick, limit=MOST_UTTERANCES
    )
    said = [loaded for one in stored if isinstance(loaded := space_store.event_of(one), e.CaptionSpoken)]
    return tuple(word for one in said for word in one.words)
