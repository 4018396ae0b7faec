"""What is kept about a person: exported for them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from spacesctl.application import exporting
from spacesctl.domain.errors import NotAllowed, NotFound
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/accounts/{ref}", tags=["accounts"], route_class=WireRoute)
ARCHIVE = "application/zip"


@router.get("/export", response_class=Response, responses={200: {"content": {ARCHIVE: {}}}})
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
