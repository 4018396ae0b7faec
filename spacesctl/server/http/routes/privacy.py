"""What is kept about a person: exported for them, and erased."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse

from spacesctl.api import privacy as api
from spacesctl.api.wire import load_value
from spacesctl.application import exporting, forgetting
from spacesctl.domain.errors import NotAllowed, NotFound, Refused
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, SignedIn, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/accounts/{ref}", tags=["accounts"], route_class=WireRoute)
ARCHIVE = "application/zip"


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {ARCHIVE: {"schema": {"type": "string", "format": "binary"}}}}},
)
@may_fail(NotFound, NotAllowed)
@limited("export")
async def export(app: Here, caller: SignedIn, ref: str) -> Response:
    """Everything that is kept about the caller (`me`), as one ZIP archive; admins may ask for any account, which the audit log notes. Its
    README.txt says what is in it. What is about others, too, is not: who reported them, what others said.
    """
    account = await exporting.account_to_export(app, caller, ref)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    headers["Content-Disposition"] = 'attachment; filename="export.zip"'
    return StreamingResponse(exporting.export(app, account), media_type=ARCHIVE, headers=headers)


@router.get("/erasure")
@may_fail(NotFound, NotAllowed, Refused)
async def plan_erasure(app: Here, caller: SignedIn, ref: str) -> api.Erasure:
    """What `POST` would erase of the caller (`me`) now, and what is kept, why, and until when; for admins of any account."""
    return _erasure(await forgetting.plan(app, caller, ref))


@router.post("/erasure", dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def erase(app: Here, caller: SignedIn, ref: str) -> api.Erasure:
    """Delete the caller's own account (`me`), for admins any, and erase their words: in captions, in evidence that nobody needs, in
    messages that they sent. It cannot be undone. An account that is deleted already is erased for admins, by its id.
    """
    return _erasure(await forgetting.erase(app, caller, ref, app.recordings))


def _erasure(one: forgetting.Erased) -> api.Erasure:
    things = [load_value(vars(thing), api.ErasedThing) for thing in one.things]
    return api.Erasure(id=one.account.id, handle=f"@{one.account.handle}", things=things)
