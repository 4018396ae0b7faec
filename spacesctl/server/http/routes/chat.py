"""The chat of a Space, and typed speech."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import chat as api
from spacesctl.api.wire import Page, Time, plain
from spacesctl.application import texts as use
from spacesctl.application.admission import readable
from spacesctl.application.once import Once
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View
from spacesctl.live.masks import Masks
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.limited import limited
from spacesctl.server.http.routes.events import Number, masks_of, said
from spacesctl.server.http.services import Anyone, Here, ServiceBot, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import texts
from spacesctl.store.spaces import StoredEvent

router = APIRouter(prefix="/v1/spaces/{space_id}", tags=["chat"], route_class=WireRoute)


@router.post("/chat", status_code=201)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("chat")
async def write(
    app: Here, caller: SignedIn, space_id: str, body: api.NewChat, idempotency_key: IdempotencyKey = None
) -> api.ChatLine | Response:
    """Write in the chat. The audience reads it when it hears what is said now."""
    do = partial(_write, app, caller, space_id, body)
    return await answer_once(app, caller, idempotency_key, f"chat {space_id}", body, do)


async def _write(app: Services, caller: Person, space_id: str, body: api.NewChat, once: Once) -> api.ChatLine:
    async def keep(db: AsyncConnection, written: StoredEvent, now: datetime) -> None:
        await once.keep(db, now, 201, plain(_line(written)))

    return _line(await use.write(app, caller, space_id, body.text, keep))


@router.get("/chat")
@may_fail(NotFound, Gone, NotAllowed)
async def read_chat(
    app: Here, caller: Anyone, space_id: str, after: Number = None, view: View = View.AUDIENCE
) -> Page[api.ChatLine]:
    """What was written, oldest first: after a sequence number, or the newest 500. What was redacted is masked, what was erased and what the
    audience of a live Space has not reached is left out; `view=staff`, for the host, co-hosts and admins, has all.
    """
    space = await readable(app, caller, space_id)
    if view is View.STAFF:
        require(space, caller, Action.SEE_STAFF)
    told = (await app.registry.handle(space_id)).seq_of(view)
    async with app.db.read() as db:
        found = [one for one in await said(db, space, texts.CHAT, after, view) if one.seq <= told]
        masks = await masks_of(db, space, found)
    return Page(data=[_shown(one, masks, view) for one in found])


def _shown(one: StoredEvent, masks: Masks, view: View) -> api.ChatLine:
    body = one.body if view is View.STAFF else masks.said(one.seq, one.body)
    return _line(StoredEvent(one.seq, one.type, one.at, one.tick, body), erased=masks.hides(one))


def _line(one: StoredEvent, *, erased: bool = False) -> api.ChatLine:
    return api.ChatLine(
        seq=one.seq,
        account_id=one.body["account_id"],
        speaker=one.body["speaker"],
        text=one.body["text"],
        tick=one.body["tick"],
        at=Time.of(one.at),
        erased=erased,
    )


@router.delete("/chat/{number}", status_code=204)
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
async def erase(app: Here, caller: SignedIn, space_id: str, number: int) -> None:
    """Take a message, or typed speech, from the audience: one's own, or any as host, co-host or admin. Staff still reads it."""
    await use.erase(app, caller, space_id, _numbered(number))


@router.post("/chat/{number}/mask", status_code=204)
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
async def mask(app: Here, caller: SignedIn, space_id: str, number: int, body: api.NewMask) -> None:
    """Keep words of a message, or of typed speech, from the audience. For the host, co-hosts, admins, and the bundled bot where a rule
    redacts."""
    if any(len(one) != 2 for one in body.words):
        raise Invalid("words", "are the first and last number of each run")
    runs = tuple((one[0], one[1]) for one in body.words)
    await use.mask(app, caller, space_id, _numbered(number), use.Runs(runs, body.digits), body.rule_id)


@router.post("/typed", status_code=202)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("typing")
async def speak_by_typing(app: Here, caller: SignedIn, space_id: str, body: api.NewTyped) -> api.Typed:
    """Speak on the stage by typing: all characters so far, again and again, and at last the `final` text. It is a caption of who types, and
    spoken where the host has that on."""
    if not body.final:
        return api.Typed(seq=None, utterance=await use.type_on(app, caller, space_id, body.text))
    seq, utterance = await use.speak(app, caller, space_id, body.text)
    return api.Typed(seq=seq, utterance=utterance)


@router.post("/typed/mask", status_code=204)
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
async def hide_typed(app: Here, caller: ServiceBot, space_id: str, body: api.NewDraftMask) -> None:
    """A rule that redacts found something in what somebody types: the audience sees no more of it until it is final, and masked."""
    await use.hide_draft(app, caller, space_id, body.utterance)


def _numbered(number: int) -> int:
    if not 0 < number < 1 << 53:
        raise Invalid("number", "is the number of a text")
    return number
