"""Repository of Spaces and their events. The primary key of events makes a save fail if another writer came first; only
the actor should write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.errors import NotFound
from spacesctl.domain.events import BY_TYPE, Event, Pinned, Unpinned
from spacesctl.domain.ids import is_space_id
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.store import upcast
from spacesctl.store.tables import events, pins, posts, spaces

_DOC = (spaces.c.doc, spaces.c.version, spaces.c.id)
_EVENTS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(cls) for name, cls in BY_TYPE.items()}


SAID = ("caption", "chat.said")
"""The types of events that have what somebody said or wrote."""
Body = dict[str, Any]
"""JSON values by name."""


@dataclass(frozen=True)
class StoredEvent:
    """An event as stored. `body` is the event as JSON values; `tick` is its time on the Space clock (0 before the start)."""

    seq: int
    type: str
    at: datetime
    tick: int
    body: Body


def ticks_of(said: StoredEvent) -> tuple[int, int]:
    """The first and the last tick of what somebody said or wrote."""
    body = said.body
    return (body["start_tick"], body["end_tick"]) if said.type == "caption" else (body["tick"], body["tick"])


def body_of(event: Event) -> Body:
    """An event as JSON values."""
    body: Body = _EVENTS[event.type].dump_python(event, mode="json")
    return body


def event_of(stored: StoredEvent) -> Event:
    """A stored event as it happened."""
    event: Event = _EVENTS[stored.type].validate_python(stored.body)
    return event


async def load(db: AsyncConnection, space_id: str) -> Space:
    """Load a Space. Raises NotFound."""
    found = await _found(db, select(*_DOC).where(spaces.c.id == space_id)) if is_space_id(space_id) else []
    if not found:
        raise NotFound("Space", space_id)
    return found[0]


async def save(
    db: AsyncConnection, space: Space, happened: Sequence[Event], now: datetime, tick: int
) -> list[StoredEvent]:
    """Append events and replace the document. `space.seq` is the sequence number of the last event in `happened`."""
    row = {
        "id": space.id,
        "state": space.state.value,
        "host_id": space.host_id,
        "creator_id": space.creator_id,
        "scheduled_start": space.scheduled_start,
        "created_at": space.created_at,
        "doc": upcast.space_doc(space),
        "version": upcast.SPACE_VERSION,
        "last_tick": tick,
    }
    first = space.seq - len(happened) + 1
    if first == 1:
        await db.execute(spaces.insert().values(row))
    else:
        await db.execute(update(spaces).where(spaces.c.id == space.id).values(row))
    for event in happened:
        await _note_pin(db, space.id, event)
    stored = [StoredEvent(first + i, event.type, now, tick, body_of(event)) for i, event in enumerate(happened)]
    if stored:
        rows = [
            {
                "space_id": space.id,
                "seq": s.seq,
                "type": s.type,
                "at": s.at,
                "tick": s.tick,
                "body": s.body,
                "version": upcast.EVENT_VERSION,
                "account_id": s.body["account_id"] if s.type in SAID else None,
            }
            for s in stored
        ]
        await db.execute(events.insert(), rows)
    return stored


async def _note_pin(db: AsyncConnection, space_id: str, event: Event) -> None:
    if isinstance(event, Pinned):
        same = (pins.c.space_id == space_id, pins.c.post_id == event.pin.ref)
        await db.execute(delete(pins).where(*same))  # an earlier pin of the same post is replaced
        if event.pin.kind == "post":
            row = {"space_id": space_id, "pin_id": event.pin.id, "post_id": event.pin.ref}
            await db.execute(pins.insert().values(row))
    elif isinstance(event, Unpinned):
        await db.execute(delete(pins).where(pins.c.space_id == space_id, pins.c.pin_id == event.pin_id))


async def keep_mark(db: AsyncConnection, space_id: str, tick: int, boot: str | None, zero: float | None) -> None:
    """Store how far the Space clock has run, and when its tick 0 was in this boot of the machine: no tick repeats after a restart, and none
    is skipped because the wall clock was set."""
    values = {"last_tick": tick, "clock_boot": boot, "clock_zero": zero}
    await db.execute(update(spaces).where(spaces.c.id == space_id).values(values))


async def keep_peak(db: AsyncConnection, space_id: str, count: int) -> None:
    """Store that so many people were in a Space at once, if there were never more."""
    await db.execute(update(spaces).where(spaces.c.id == space_id, spaces.c.peak < count).values(peak=count))


async def peaks(db: AsyncConnection, space_ids: Sequence[str]) -> dict[str, int]:
    """How many people were in each Space at once, at most, as far as it is stored."""
    query = select(spaces.c.id, spaces.c.peak).where(spaces.c.id.in_(space_ids))
    return {row.id: row.peak for row in await db.execute(query)}


async def mark(db: AsyncConnection, space_id: str) -> tuple[int, str | None, float | None]:
    """The last stored tick of the Space clock (0 if there is none), a boot of the machine, and when tick 0 was in it, in seconds."""
    query = select(spaces.c.last_tick, spaces.c.clock_boot, spaces.c.clock_zero).where(spaces.c.id == space_id)
    found = (await db.execute(query)).one_or_none()
    return (0, None, None) if found is None else (found.last_tick, found.clock_boot, found.clock_zero)


async def live(db: AsyncConnection) -> list[Space]:
    return await _found(db, select(*_DOC).where(spaces.c.state == State.LIVE.value))


async def hosted(db: AsyncConnection, host_id: str, *, over: bool = False) -> list[str]:
    """The ids of the live and scheduled Spaces of a host; with `over`, of all."""
    query = select(spaces.c.id).where(spaces.c.host_id == host_id)
    if not over:
        query = query.where(spaces.c.state.in_([State.LIVE.value, State.SCHEDULED.value]))
    return list(await db.scalars(query))


async def is_staff_somewhere(db: AsyncConnection, account_id: str) -> bool:
    """Whether an account hosts or hosted a Space, or is a co-host of one that is not over."""
    mine = or_(spaces.c.host_id == account_id, spaces.c.creator_id == account_id)
    if (await db.execute(select(spaces.c.id).where(mine).limit(1))).first() is not None:
        return True
    return any([account_id in (await load(db, one)).staff for one in await naming(db, account_id)])


async def naming(db: AsyncConnection, *account_ids: str) -> list[str]:
    """The ids of the live and scheduled Spaces whose documents name all of these accounts, in whatever part."""
    query = select(spaces.c.id).where(spaces.c.state.in_([State.LIVE.value, State.SCHEDULED.value]))
    for one in account_ids:
        query = query.where(spaces.c.doc.contains(f'"{one}"', autoescape=True))
    return list(await db.scalars(query))


async def of_hosts(db: AsyncConnection, host_ids: set[str], states: Sequence[State]) -> list[Space]:
    """Spaces of these hosts: live ones first, then by scheduled start, then by creation."""
    query = select(*_DOC).where(spaces.c.host_id.in_(host_ids))
    query = query.where(spaces.c.state.in_([state.value for state in states]))
    order = (spaces.c.state != State.LIVE.value, spaces.c.scheduled_start.is_(None), spaces.c.scheduled_start)
    return await _found(db, query.order_by(*order, spaces.c.created_at))


async def of_creators(db: AsyncConnection, creator_ids: set[str], states: Sequence[State]) -> list[Space]:
    """Spaces that these accounts created, even if the host is another account now; newest first."""
    query = select(*_DOC).where(spaces.c.state.in_([state.value for state in states]))
    query = query.where(spaces.c.creator_id.in_(creator_ids))
    return await _found(db, query.order_by(spaces.c.created_at.desc()))


async def dated(db: AsyncConnection, host_id: str, *, canceled_after: datetime) -> list[Space]:
    """Live and scheduled Spaces with a start time, and canceled ones whose start is after `canceled_after`; by their start."""
    coming = spaces.c.state.in_([State.LIVE.value, State.SCHEDULED.value])
    canceled = and_(spaces.c.state == State.CANCELED.value, spaces.c.scheduled_start > canceled_after)
    query = select(*_DOC).where(spaces.c.host_id == host_id, or_(coming, canceled))
    found = await _found(db, query.order_by(spaces.c.scheduled_start, spaces.c.id))
    return [space for space in found if space.scheduled_start is not None or space.started_at is not None]


async def pinning(db: AsyncConnection, post_id: str) -> list[str]:
    """Ids of the live and scheduled Spaces where this post is pinned."""
    states = [State.LIVE.value, State.SCHEDULED.value]
    query = select(pins.c.space_id).join(spaces).where(pins.c.post_id == post_id, spaces.c.state.in_(states))
    return list(await db.scalars(query.distinct()))


async def pinning_those_of(db: AsyncConnection, author_id: str) -> list[str]:
    """Ids of the live and scheduled Spaces where a post of this author is pinned."""
    states = [State.LIVE.value, State.SCHEDULED.value]
    query = select(pins.c.space_id).join(spaces).join(posts, posts.c.id == pins.c.post_id)
    query = query.where(posts.c.author_id == author_id, spaces.c.state.in_(states))
    return list(await db.scalars(query.distinct()))


async def due(db: AsyncConnection) -> list[Space]:
    """Scheduled Spaces with a start time."""
    query = select(*_DOC).where(spaces.c.state == State.SCHEDULED.value, spaces.c.scheduled_start.is_not(None))
    return await _found(db, query)


async def by_ids(db: AsyncConnection, space_ids: Sequence[str]) -> list[Space]:
    """The Spaces with these ids, in no order."""
    return await _found(db, select(*_DOC).where(spaces.c.id.in_(space_ids)))


async def visible(
    db: AsyncConnection,
    viewer_id: str | None,
    *,
    states: Sequence[State],
    host_id: str | None = None,
    before: datetime | None,
    limit: int,
) -> list[Space]:
    """Spaces that `viewer_id` may list, newest first, of all hosts or of one: live and scheduled ones are public, others are listed
    for their host only."""
    public = spaces.c.state.in_([State.LIVE.value, State.SCHEDULED.value])
    query = select(*_DOC).where(spaces.c.state.in_([state.value for state in states]))
    query = query.where(or_(public, spaces.c.host_id == viewer_id) if viewer_id else public)
    if host_id is not None:
        query = query.where(spaces.c.host_id == host_id)
    if before is not None:
        query = query.where(spaces.c.created_at < before)
    return await _found(db, query.order_by(spaces.c.created_at.desc()).limit(limit))


async def _found(db: AsyncConnection, query: Select[tuple[str, int, str]]) -> list[Space]:
    return [upcast.space(row.doc, row.version, row.id) for row in await db.execute(query)]


def _event(row: Row[Any]) -> StoredEvent:
    body = upcast.event_body(row.type, row.body, row.version)
    return StoredEvent(row.seq, row.type, row.at, row.tick, body)


async def events_after(
    db: AsyncConnection, space_id: str, seq: int, *, limit: int, types: Sequence[str] | None = None
) -> list[StoredEvent]:
    """At most `limit` events with sequence numbers above `seq`, in order; of these types, or of all."""
    query = select(events).where(events.c.space_id == space_id, events.c.seq > seq)
    if types is not None:
        query = query.where(events.c.type.in_(types))
    rows = await db.execute(query.order_by(events.c.seq).limit(limit))
    return [_event(row) for row in rows]


async def events_newest(db: AsyncConnection, space_id: str, *kinds: str, limit: int) -> list[StoredEvent]:
    """The newest `limit` events of these types, oldest first."""
    query = select(events).where(events.c.space_id == space_id, events.c.type.in_(kinds))
    rows = await db.execute(query.order_by(events.c.seq.desc()).limit(limit))
    return [_event(row) for row in rows][::-1]


async def said_by(
    db: AsyncConnection, space_id: str, account_id: str, since: datetime, *, limit: int
) -> list[StoredEvent]:
    """The newest `limit` captions and messages of an account since then, oldest first."""
    query = select(events).where(events.c.space_id == space_id, events.c.type.in_(SAID), events.c.at >= since)
    query = query.where(events.c.body["account_id"].as_string() == account_id)
    rows = await db.execute(query.order_by(events.c.seq.desc()).limit(limit))
    return [_event(row) for row in rows][::-1]


async def said_within(
    db: AsyncConnection, space_id: str, account_id: str, lane: int, first: int, last: int, *, limit: int
) -> list[StoredEvent]:
    """At most `limit` captions of an account on a lane that have some of these ticks, oldest first."""
    body = events.c.body
    query = select(events).where(events.c.space_id == space_id, events.c.type == "caption")
    query = query.where(body["account_id"].as_string() == account_id, body["lane"].as_integer() == lane)
    query = query.where(body["end_tick"].as_integer() >= first, body["start_tick"].as_integer() <= last)
    return [_event(row) for row in await db.execute(query.order_by(events.c.seq).limit(limit))]


async def count_live_of(db: AsyncConnection, host_id: str) -> int:
    """How many live Spaces a host has."""
    query = select(func.count()).select_from(spaces)
    return await db.scalar(query.where(spaces.c.host_id == host_id, spaces.c.state == State.LIVE.value)) or 0


async def count(db: AsyncConnection, state: State) -> int:
    """How many Spaces are in this state."""
    return await db.scalar(select(func.count()).select_from(spaces).where(spaces.c.state == state.value)) or 0
