"""Redactions, dump, cough and panic: what the audience of a Space with a delay is not to hear."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from fastapi import APIRouter
from fastapi.responses import Response
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import redactions as api
from spacesctl.api.wire import Page, Time, plain
from spacesctl.application import redactions as use
from spacesctl.application.once import Once
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.server.http.cursors import number
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import by
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, redactions
from spacesctl.store.redactions import KeptRedaction

router = APIRouter(prefix="/v1/spaces/{space_id}", tags=["redactions"], route_class=WireRoute)
PAGE = 100
ALL = api.NewDump()
ALL_OF_MINE = api.NewCough()
FIVE_MINUTES = api.NewPanic()
_on_a_space = may_fail(NotFound, Gone, NotAllowed, Refused)


@router.post("/redactions", status_code=201)
@_on_a_space
@limited("change")
async def redact(
    app: Here, caller: SignedIn, space_id: str, body: api.NewRedaction, idempotency_key: IdempotencyKey = None
) -> api.Redaction | Response:
    """Keep a stretch of somebody's sound from the audience, as far as it has not heard it. For the host, co-hosts and admins, for speakers
    about themselves, and for the bundled bot where a rule redacts.
    """
    do = partial(_redact, app, caller, space_id, body)
    return await answer_once(app, caller, idempotency_key, f"redactions {space_id}", body, do)


async def _redact(app: Services, caller: Person, space_id: str, body: api.NewRedaction, once: Once) -> api.Redaction:
    async def keep(db: AsyncConnection, made: use.Made, now: datetime) -> None:
        await once.keep(db, now, 201, plain(await _new(db, made)))

    wanted = use.Wanted(
        body.account, body.lane, body.last, body.from_tick, body.to_tick, body.mode, body.reason, body.number
    )
    made = await use.redact(app, caller, space_id, wanted, body.rule_id, keep)
    async with app.db.read() as db:
        return await _new(db, made)


@router.get("/redactions")
@may_fail(NotFound, NotAllowed)
async def list_redactions(app: Here, caller: SignedIn, space_id: str, cursor: str | None = None) -> Page[api.Redaction]:
    """The redactions of a Space, newest first, with those that were withdrawn and those that came too late. For the host, co-hosts and
    admins."""
    require(await app.registry.space(space_id), caller, Action.SEE_STAFF)
    async with app.db.read() as db:
        rows = await redactions.of_space(db, space_id, before=number(cursor), limit=PAGE)
        shown = [await _one(db, row) for row in rows]
    return Page(data=shown, next=str(rows[-1].number) if len(rows) == PAGE else None)


@router.patch("/redactions/{redaction_id}")
@_on_a_space
@limited("change")
async def change_redaction(
    app: Here, caller: SignedIn, space_id: str, redaction_id: str, body: api.RedactionChange
) -> api.Redaction:
    """Move, narrow or widen a redaction, or give it another mode or reason, as long as its stretch has not aired."""
    changed = await use.change(
        app, caller, space_id, redaction_id, first=body.from_tick, last=body.to_tick, mode=body.mode, reason=body.reason
    )
    return await _shown(app, changed)


@router.delete("/redactions/{redaction_id}")
@_on_a_space
@limited("change")
async def withdraw_redaction(app: Here, caller: SignedIn, space_id: str, redaction_id: str) -> api.Redaction:
    """Take back a redaction, as long as its stretch has not aired: the audience hears what it would have silenced."""
    return await _shown(app, await use.withdraw(app, caller, space_id, redaction_id))


@router.post("/dump", status_code=201)
@_on_a_space
@limited("change")
async def dump(app: Here, caller: SignedIn, space_id: str, body: api.NewDump = ALL) -> api.Redaction:
    """Cut the last seconds of all voices, or all that the audience has not heard, out of what it will hear. The delay then grows anew."""
    return await _shown(app, await use.dump(app, caller, space_id, body.last, body.reason))


@router.post("/cough", status_code=201)
@_on_a_space
@limited("change")
async def cough(app: Here, caller: SignedIn, space_id: str, body: api.NewCough = ALL_OF_MINE) -> api.Redaction:
    """Take back the caller's own last seconds, or all that the audience has not heard of them."""
    made = await use.cough(app, caller, space_id, body.last)
    async with app.db.read() as db:
        return await _new(db, made)


@router.post("/panic", status_code=201)
@_on_a_space
@limited("change")
async def panic(app: Here, caller: SignedIn, space_id: str, body: api.NewPanic = FIVE_MINUTES) -> api.Panic:
    """Cut all that the audience has not heard, mute everybody whom the caller is above, and let nobody but the host and the co-hosts open
    a microphone. It ends by itself."""
    return api.Panic(until=Time.of(await use.panic(app, caller, space_id, body.duration, body.reason)))


@router.delete("/panic", status_code=204)
@_on_a_space
@limited("change")
async def calm(app: Here, caller: SignedIn, space_id: str) -> None:
    """End a panic before its time, and lift its mutes."""
    await use.calm(app, caller, space_id)


async def _new(db: AsyncConnection, made: use.Made) -> api.Redaction:
    return structs.replace(await _one(db, made.kept), sound=made.sound)


async def _shown(app: Services, row: KeptRedaction) -> api.Redaction:
    async with app.db.read() as db:
        return await _one(db, row)


async def _one(db: AsyncConnection, row: KeptRedaction) -> api.Redaction:
    actor = row.principal.get("id") if row.principal.get("kind") == "person" else None
    people = {actor, row.principal.get("for_host"), row.account_id}
    known = await accounts.by_ids(db, {one for one in people if one})
    return api.Redaction(
        id=row.id,
        lane=row.lane,
        account_id=row.account_id,
        handle=f"@{known[row.account_id].handle}" if row.account_id in known else None,
        from_tick=row.first_tick,
        to_tick=row.last_tick,
        mode=row.mode,
        cut=row.cut,
        number=row.is_number,
        by=by(row.principal, known),
        reason=row.reason,
        state=row.state,
        missed_to=row.missed_to,
        created_at=Time.of(row.at),
    )
