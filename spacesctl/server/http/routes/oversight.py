"""Accounts are suspended, restored and deleted."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from spacesctl.api import accounts as api
from spacesctl.application import suspensions
from spacesctl.application.deletion import delete_account
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import overseen
from spacesctl.server.http.services import Admin, Here, SignedIn, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/accounts/{ref}", tags=["accounts"], route_class=WireRoute)


@router.put("/suspension")
@may_fail(NotFound, Refused)
@limited("change")
async def suspend(app: Here, caller: Admin, ref: str, body: api.NewSuspension) -> api.OverseenAccount:
    """Suspend an account, or change until when and why. Its tokens are refused with reason `suspended`, and what they opened ends. A live
    Space of its goes to a co-host who is there, or ends; its series pause. The account is told. For admins.
    """
    return overseen(await suspensions.suspend(app, caller, ref, body.reason, body.duration))


@router.delete("/suspension")
@may_fail(NotFound, Refused)
@limited("change")
async def restore(app: Here, caller: Admin, ref: str) -> api.OverseenAccount:
    """End a suspension: the tokens of the account work again. For admins."""
    return overseen(await suspensions.restore(app, caller, ref))


@router.delete("", status_code=204, dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def delete(app: Here, caller: SignedIn, ref: str) -> None:
    """Delete the caller's own account (`me`); admins may delete any but the bundled bot's, the first one and the last admin's. It cannot be
    undone. Its scheduled Spaces are canceled; live ones go to a co-host who is there, or end. Its handle is not given again.
    """
    for one in await delete_account(app, caller, ref):
        await app.recordings.delete_files(one.id)
