"""Repository of what was written, chat and typed speech, and of what of it is kept from the audience. The texts themselves are events."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.speech import TextMark
from spacesctl.domain.words import NUMBER
from spacesctl.store import spaces as space_store
from spacesctl.store.spaces import SAID, Body, StoredEvent
from spacesctl.store.tables import events, text_marks

CHAT = "chat.said"
UNMARKED = TextMark()
"""Of a text of which nothing is kept from the audience."""


async def get(db: AsyncConnection, space_id: str, number: int) -> StoredEvent:
    """A text: a message of the chat, or typed speech. Raises NotFound."""
    found = await space_store.events_after(db, space_id, number - 1, limit=1, types=SAID)
    if not found or found[0].seq != number or not (found[0].type == CHAT or found[0].body.get("typed")):
        raise NotFound("text", str(number))
    return found[0]


async def marks(db: AsyncConnection, space_id: str, numbers: Collection[int]) -> dict[int, TextMark]:
    """What is kept from the audience of these texts, by number."""
    m = text_marks.c
    rows = await db.execute(select(text_marks).where(m.space_id == space_id, m.number.in_(numbers)))
    return {row.number: TextMark(tuple((run[0], run[1]) for run in row.words), row.erased) for row in rows}


async def put_mark(db: AsyncConnection, space_id: str, number: int, mark: TextMark) -> None:
    """Store what is kept from the audience of a text, in place of what was."""
    values = {"words": [list(run) for run in mark.words], "erased": mark.erased}
    await db.execute(delete(text_marks).where(text_marks.c.space_id == space_id, text_marks.c.number == number))
    await db.execute(text_marks.insert().values(space_id=space_id, number=number, **values))


async def hide_numbers(db: AsyncConnection, space_id: str, number: int, mark: TextMark) -> None:
    """Put `[number]` for the words of these runs in the text itself: nobody keeps them."""
    stored = await get(db, space_id, number)
    body: Body = {**stored.body, "text": " ".join(_hidden(stored.body["text"].split(), mark))}
    if stored.type != CHAT:
        words = [one["w"] for one in stored.body["words"]]
        shown = zip(stored.body["words"], _hidden(words, mark), strict=True)
        body["words"] = [{**one, "w": word} for one, word in shown]
    mine = (events.c.space_id == space_id, events.c.seq == number)
    await db.execute(update(events).where(*mine).values(body=body))


def _hidden(words: list[str], mark: TextMark) -> list[str]:
    return [NUMBER if mark.covers(at) else word for at, word in enumerate(words)]
