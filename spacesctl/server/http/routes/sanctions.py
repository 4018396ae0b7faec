"""Sanctions: those of a Space, those on the caller, and undoing them."""

from __future__ import annotations

from fastapi import APIRouter

from spacesctl.api import people as api
from spacesctl.api.wire import Page
from spacesctl.application import blocks, people
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.words import MeasureKind
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.shown_sanctions import shown_sanctions
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import sanctions

router = APIRouter(prefix="/v1", tags=["sanctions"], route_class=WireRoute)
PAGE = 100
NO_REASON = api.Undo()
FOR_GOOD = api.NewSpaceMeasure()


@router.get("/spaces/{space_id}/sanctions")
@may_fail(NotFound, NotAllowed)
async def list_sanctions(app: Here, caller: SignedIn, space_id: str) -> Page[api.Sanction]:
    """The sanctions of a Space, newest first, with those that ended. For the host, co-hosts and admins."""
    require(await app.registry.space(space_id), caller, Action.SEE_REPORTS)
    async with app.db.read() as db:
        return Page(data=await shown_sanctions(db, caller, await sanctions.in_space(db, space_id)))


@router.post("/spaces/{space_id}/sanctions/{sanction_id}/undo")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def undo(
    app: Here, caller: SignedIn, space_id: str, sanction_id: str, body: api.Undo = NO_REASON
) -> api.Sanction:
    """Undo a sanction. A demoted speaker is on stage again; who was kicked may come back."""
    await people.undo(app, caller, space_id, sanction_id, body.reason, wrong=body.wrong)
    return await _one(app, caller, sanction_id)


@router.put("/spaces/{space_id}/measures/{action}")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def take_measure(
    app: Here, caller: SignedIn, space_id: str, action: MeasureKind, body: api.NewSpaceMeasure = FOR_GOOD
) -> api.Sanction:
    """Do something about all, in place of what was done of its kind. `mute` and `demote` concern all whom the caller is above, and who
    comes on stage later; `hold` only these, who are muted; `slow` spaces out requests and reactions; `lock` lets nobody new join.
    """
    until = people.until(app, body.duration)
    return await _one(
        app, caller, await people.take_measure(app, caller, space_id, action, body.reason, until, body.every)
    )


@router.delete("/spaces/{space_id}/measures/{action}", status_code=204)
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def end_measure(app: Here, caller: SignedIn, space_id: str, action: MeasureKind) -> None:
    """End it before its time, with the mutes and demotions that came with it. Nothing happens where there is none."""
    await people.end_measure(app, caller, space_id, action)


@router.get("/accounts/me/sanctions")
async def list_mine(app: Here, caller: SignedIn) -> Page[api.Sanction]:
    """The newest 100 sanctions on the caller."""
    async with app.db.read() as db:
        return Page(data=await shown_sanctions(db, caller, await sanctions.on(db, caller.account_id or "", limit=PAGE)))


@router.get("/sanctions")
async def list_blocks(app: Here, caller: SignedIn) -> Page[api.Sanction]:
    """The newest 100 blocks on the caller's own list, also those that a rule made and those that ended."""
    async with app.db.read() as db:
        return Page(
            data=await shown_sanctions(db, caller, await sanctions.by_host(db, caller.account_id or "", limit=PAGE))
        )


@router.post("/sanctions/{sanction_id}/undo")
@may_fail(NotFound)
@limited("change")
async def undo_block(app: Here, caller: SignedIn, sanction_id: str, body: api.Undo = NO_REASON) -> api.Sanction:
    """Undo a block that stands on the caller's block list, also one that a rule made."""
    await blocks.undo_block(app, caller, sanction_id, body.reason, wrong=body.wrong)
    return await _one(app, caller, sanction_id)


async def _one(app: Services, caller: Person, sanction_id: str) -> api.Sanction:
    async with app.db.read() as db:
        return (await shown_sanctions(db, caller, [await sanctions.get(db, sanction_id)]))[0]
