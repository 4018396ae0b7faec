"""Live events as Server-Sent Events, with resume; live and past captions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic import Field

from spacesctl.application import captions
from spacesctl.application.admission import Access, admitted, readable
from spacesctl.domain.errors import Invalid
from spacesctl.domain.space import Space
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.hub import Subscriber, View, sse, visible
from spacesctl.server.http.body import Body
from spacesctl.server.http.event_stream import HEARTBEAT, event_stream
from spacesctl.server.http.services import Anyone, Here, ServiceBot, Services
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["events"])
REPLAY = 1_000
"""Events that a resume replays. A longer gap is answered with `reset`, and the client loads the Space again."""
PAGE = 500


class Word(Body):
    """A recognised word, with times in seconds on the Space clock."""

    w: str = Field(max_length=100)
    start: float
    end: float
    conf: float


class Caption(Body):
    """A caption from the bot. Ticks are of 20 ms on the Space clock."""

    lane: int
    utterance: int
    text: str = Field(max_length=10_000)
    final: bool
    start_tick: int
    end_tick: int
    words: Annotated[list[Word], Field(max_length=1_000)]


class Captions(Body):
    """The body of `POST /spaces/{space_id}/captions`."""

    captions: Annotated[list[Caption], Field(max_length=200)]


@router.get("/spaces/{space_id}/events")
async def stream(
    app: Here,
    caller: Anyone,
    space_id: str,
    view: View = View.AUDIENCE,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Events from now on, or after `Last-Event-ID`. `view=staff` is for the host, co-hosts, admins and the bot."""
    handle = await admitted(app, caller, space_id, Access.STAFF if view is View.STAFF else Access.LISTEN)
    space = handle.space
    if last_event_id is not None and not last_event_id.isdigit():
        raise Invalid("Last-Event-ID", "is not a sequence number")
    # Subscribe before reading the store: events in between wait in the queue, and are skipped if they were replayed.
    subscriber = handle.subscribe(view, caller)
    after = int(last_event_id) if last_event_id is not None else None
    return event_stream(_events(app, handle, space, subscriber, after))


async def _events(
    app: Services, handle: SpaceHandle, space: Space, subscriber: Subscriber, after: int | None
) -> AsyncGenerator[bytes | None]:
    try:
        yield sse(
            "hello", {"type": "hello", "data": {"space_id": space.id, "seq": space.seq, "tick": handle.now_tick()}}
        )
        replayed = 0
        if after is not None and after < space.seq:
            async with app.db.read() as db:
                missed = await space_store.events_after(db, space.id, after, limit=REPLAY + 1)
            if len(missed) > REPLAY:
                yield sse("reset", {"type": "reset", "data": {"seq": space.seq}})
            else:
                for event in missed:
                    replayed = event.seq
                    if (body := visible(event, subscriber.view)) is not None:
                        yield sse(event.type, body, event.seq)
        while (message := await subscriber.next(HEARTBEAT)) is not None:
            if message == b"":
                yield None
            elif not replayed or _seq(message) > replayed:
                yield message
    finally:
        handle.unsubscribe(subscriber)


def _seq(message: bytes) -> int:
    """The id of a message; a message without one counts as new."""
    return int(message[4 : message.index(b"\n")]) if message.startswith(b"id: ") else 1 << 62


@router.get("/spaces/{space_id}/captions")
async def list_captions(app: Here, caller: Anyone, space_id: str, after: int | None = None) -> dict[str, Any]:
    """Final captions, oldest first: those after a sequence number, or the newest 500."""
    space = await readable(app, caller, space_id)
    async with app.db.read() as db:
        if after is None:
            found = await space_store.events_newest(db, space.id, "caption", limit=PAGE)
        else:
            found = await space_store.events_after(db, space.id, after, limit=PAGE, types=["caption"])
    return {"data": [{"seq": event.seq, "final": True, **event.body} for event in found]}


@router.post("/spaces/{space_id}/captions", status_code=202)
async def post_captions(app: Here, caller: ServiceBot, space_id: str, body: Captions) -> dict[str, int]:
    """Captions that the bot transcribed. Final ones are stored and published, partial ones only published."""
    posted = [captions.Caption(**caption.model_dump()) for caption in body.captions]
    return {"taken": await captions.post_captions(app, caller, space_id, posted)}
