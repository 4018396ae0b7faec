"""Live events as Server-Sent Events, with resume; live and past captions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import captions as api
from spacesctl.api.events import StreamHello, StreamReset, You
from spacesctl.api.wire import Page, load_value
from spacesctl.application import captions
from spacesctl.application.admission import Access, admitted, readable
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.space import Space
from spacesctl.domain.speech import Word
from spacesctl.live.event_views import View, ephemeral, reported, visible
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.masks import NOTHING_MASKED, Masks
from spacesctl.live.own_places import place_of
from spacesctl.live.subscriber import Subscriber
from spacesctl.server.http.event_stream import SpaceEvents, only_headers, streamed
from spacesctl.server.http.front.at_once import OneStream
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Anyone, Here, ServiceBot, Services
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import redactions
from spacesctl.store import spaces as space_store
from spacesctl.store import texts as text_store
from spacesctl.store.spaces import SAID, StoredEvent, ticks_of
from spacesctl.support.numbers import whole

router = APIRouter(prefix="/v1", tags=["events"], route_class=WireRoute)
REPLAY = 1_000
"""Events that a resume replays. A longer gap is answered with `reset`, and the client loads the Space again."""
PAGE = 500
MOST_SEQ = (1 << 53) - 1
"""What JavaScript can count to."""
Number = Annotated[int | None, Query(ge=0, le=MOST_SEQ)]


@router.get("/spaces/{space_id}/events", response_class=Response, responses=streamed("SpaceEvent"))
@may_fail(NotFound, Gone, NotAllowed, Refused)
async def stream(
    app: Here,
    caller: Anyone,
    _one: OneStream,
    request: Request,
    space_id: str,
    view: View = View.AUDIENCE,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Events from now on, or after `Last-Event-ID`. `view=staff` is for the host, co-hosts, admins and the bot."""
    handle = await admitted(app, caller, space_id, Access.STAFF if view is View.STAFF else Access.LISTEN)
    space = handle.space
    after = whole(last_event_id) if last_event_id is not None else None
    if last_event_id is not None and after is None:
        raise Invalid("Last-Event-ID", "is not a sequence number")
    if request.method == "HEAD":
        return only_headers()
    # Subscribe before reading the store: events in between wait in the queue, and are skipped if they were replayed.
    subscriber = handle.subscribe(view, caller)
    return SpaceEvents(handle, subscriber, _first(app, handle, space, subscriber, after))


async def _first(
    app: Services, handle: SpaceHandle, space: Space, subscriber: Subscriber, after: int | None
) -> AsyncGenerator[bytes]:
    """The greeting, and what the client missed."""
    seq = handle.seq_of(subscriber.view)
    heard = handle.now_tick() if subscriber.view is View.STAFF else handle.heard
    yield ephemeral(StreamHello(space_id=space.id, seq=seq, tick=max(0, heard)))
    if after is not None and (own := _own_place(handle, subscriber)) is not None:
        yield ephemeral(own)
    if after is not None and after > space.seq:  # of another server, or of a copy that was restored
        yield ephemeral(StreamReset(seq=seq))
    if after is not None and after < seq:
        async with app.db.read() as db:
            missed = await space_store.events_after(db, space.id, after, limit=REPLAY + 1)
            masks = await masks_of(db, space, missed)
        missed = [event for event in missed if event.seq <= seq]  # the audience hears the others later
        if len(missed) > REPLAY:
            yield ephemeral(StreamReset(seq=seq))
        else:
            for event in missed:
                if reported(event) == subscriber.person.account_id is not None:
                    continue
                if (message := visible(event, subscriber.view, masks)) is not None:
                    yield message
            subscriber.replayed(max((event.seq for event in missed), default=0))


def _own_place(handle: SpaceHandle, subscriber: Subscriber) -> You | None:
    """What who resumes may have missed of their own place, of which the audience hears later or never."""
    account_id = subscriber.person.account_id
    if account_id is None or subscriber.view is View.STAFF:
        return None
    return place_of(handle.space, account_id)


async def masks_of(db: AsyncConnection, space: Space, events: list[StoredEvent]) -> Masks:
    """What was redacted of what was said and written among these events, and who is erased."""
    said = [event for event in events if event.type in SAID]
    if not said:
        return Masks(erased=space.erased) if space.erased else NOTHING_MASKED
    first = min(ticks_of(one)[0] for one in said)
    last = max(ticks_of(one)[1] for one in said)
    texts = await text_store.marks(db, space.id, [one.seq for one in said])
    return Masks(await redactions.in_force(db, space.id, first, last), erased=space.erased, texts=texts)


@router.get("/spaces/{space_id}/captions")
@may_fail(NotFound, Gone, NotAllowed)
async def list_captions(
    app: Here, caller: Anyone, space_id: str, after: Number = None, view: View = View.AUDIENCE
) -> Page[api.Caption]:
    """Final captions, oldest first: those after a sequence number, or the newest 500. What was redacted is masked, and what the audience
    of a live Space has not heard is left out; `view=staff`, for the host, co-hosts and admins, has all.
    """
    space = await readable(app, caller, space_id)
    if view is View.STAFF:
        require(space, caller, Action.SEE_STAFF)
    # Read first: what is told meanwhile may be redacted meanwhile.
    told = (await app.registry.handle(space_id)).seq_of(view)
    async with app.db.read() as db:
        found = await said(db, space, "caption", after, view)
        masks = await masks_of(db, space, found)
    shown = [
        (one.seq, one.body if view is View.STAFF else masks.said(one.seq, one.body), masks.hides(one))
        for one in found
        if one.seq <= told
    ]
    return Page(
        data=[
            load_value({"seq": seq, **body, "ai": not body.get("typed"), "erased": erased}, api.Caption)
            for seq, body, erased in shown
        ]
    )


async def said(db: AsyncConnection, space: Space, kind: str, after: int | None, view: View) -> list[StoredEvent]:
    """The captions, or what the chat has, after a number, or the newest; for the audience without those that are erased. Empty only when
    there are no more."""
    if after is None:
        found = await space_store.events_newest(db, space.id, kind, limit=PAGE)
    else:
        found = await space_store.events_after(db, space.id, after, limit=PAGE, types=[kind])
    if view is View.STAFF:
        return found
    masks = Masks(erased=space.erased, texts=await text_store.marks(db, space.id, [event.seq for event in found]))
    shown = [event for event in found if not masks.hides(event)]
    if shown or after is None or len(found) < PAGE:
        return shown
    return await said(db, space, kind, found[-1].seq, view)


@router.post("/spaces/{space_id}/captions", status_code=202)
@may_fail(NotFound, Gone, Refused)
@limited("change")
async def post_captions(app: Here, caller: ServiceBot, space_id: str, body: api.NewCaptions) -> api.Taken:
    """Captions that the bot transcribed. Final ones are stored and published, partial ones only published."""
    posted = [_posted(caption) for caption in body.captions]
    if (handle := app.registry.known(space_id)) is not None:
        for one in posted:
            if one.final:
                app.measured.caption_seconds.observe(max(0, handle.now_tick() - one.end_tick) * TICK_SECONDS)
    return api.Taken(taken=await captions.post_captions(app, caller, space_id, posted))


def _posted(one: api.NewCaption) -> captions.Caption:
    return captions.Caption(
        one.lane, one.utterance, one.text, one.final, one.start_tick, one.end_tick, spoken(one.words)
    )


def spoken(words: list[api.Word]) -> tuple[Word, ...]:
    """Words from the wire."""
    return tuple(Word(one.w, one.start, one.end, one.conf) for one in words)
