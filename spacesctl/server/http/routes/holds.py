"""Legal holds, for operators."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Depends

from spacesctl.api import privacy as api
from spacesctl.api.wire import Page, Time, time
from spacesctl.application import forgetting, holding
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import NotFound, Refused
from spacesctl.server.http.cursors import instant
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import who
from spacesctl.server.http.services import Admin, Here, Services, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts, holds
from spacesctl.store.holds import KeptHold

router = APIRouter(prefix="/v1/holds", tags=["accounts"], route_class=WireRoute)
PAGE = 100


@router.post("", status_code=201)
@may_fail(NotFound)
@limited("change")
async def hold(app: Here, caller: Admin, body: api.NewHold) -> api.Hold:
    """Hold what there is of an account or a Space: nothing of it is purged, erased or deleted by hand until the hold is released. For
    admins.
    """
    made = await holding.hold(app, caller, body.subject, body.reason, tell=body.tell)
    return (await _shown(app, [made]))[0]


@router.get("")
async def list_holds(app: Here, caller: Admin, released: bool = False, cursor: str | None = None) -> Page[api.Hold]:
    """Holds, newest first; with `released` also those that ended. For admins."""
    before = instant(cursor)
    async with app.db.read() as db:
        found = await holds.page(db, released=released, before=before, limit=PAGE)
    return Page(data=await _shown(app, found), next=rfc3339(found[-1].at) if len(found) == PAGE else None)


@router.delete("/{hold_id}", status_code=204, dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, Refused)
@limited("change")
async def release(app: Here, caller: Admin, hold_id: str) -> None:
    """End a hold. What accounts that were deleted meanwhile left behind for it is erased now. For admins."""
    for one in await holding.release(app, caller, hold_id):
        await app.recordings.delete_files(one.id)
    await app.registry.tasks.insist("finish erasures", partial(forgetting.resume, app, app.recordings))


async def _shown(app: Services, found: list[KeptHold]) -> list[api.Hold]:
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {one.by_id for one in found})
    return [
        api.Hold(
            id=one.id,
            account_id=one.account_id,
            space_id=one.space_id,
            subject=one.subject,
            reason=one.reason,
            by=who(known[one.by_id]),
            since=Time.of(one.at),
            told=one.told,
            released_at=time(one.released_at),
        )
        for one in found
    ]
