"""Coop's callbacks, and how it stands with it."""

from __future__ import annotations

from typing import Literal

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect

from spacesctl.api import coop as api
from spacesctl.api.wire import Time, time
from spacesctl.application import coop
from spacesctl.domain.errors import Invalid, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.server.delivery.coop_sender import TEST, CoopSender
from spacesctl.server.delivery.coop_signature import HEADER
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Admin, Here, Services, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail, problem_responses
from spacesctl.store import coop as store

router = APIRouter(prefix="/v1/coop", tags=["moderation"], route_class=WireRoute)
SHOWN = 20
"""Failures in an answer."""
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
"""Bytes, though they are JSON: Coop signs them as they are, and its fields are Coop's to document."""


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    type_id: str


class _Callback(msgspec.Struct, frozen=True, rename="camel"):
    """Of an action, or of a decision on an appeal. What else Coop sends, such as the address of its moderator, is not read."""

    item: _Item
    action: _Named | None = None
    appeal_id: str | None = None
    appeal_decision: Literal["ACCEPT", "REJECT"] | None = None


@router.get("")
@may_fail(NotFound)
async def get_coop(app: Here, caller: Admin) -> api.CoopState:
    """How it stands with Coop: what waits, and what it does not have. Without its key. For admins."""
    settings = _coop(app).settings
    async with app.db.read() as db:
        queue = await store.queue(db)
        failures = await store.failures(db, limit=SHOWN)
    return api.CoopState(
        url=settings.url,
        rules=settings.rules,
        waiting=queue.waiting,
        delivered=queue.delivered,
        failed=queue.failed,
        dropped=queue.dropped,
        failing_since=time(queue.failing_since),
        decided=app.sent["coop decided"],
        late=app.sent["coop late"],
        refused=app.sent["coop refused"],
        failures=[
            api.NotInCoop(kind=one.kind, id=one.ref, at=Time.of(one.at), status=one.status, problem=one.problem)
            for one in failures
        ],
    )


@router.post("/test", dependencies=[Depends(no_dry_run)])
@may_fail(NotFound, TooMany)
@limited("outside")
async def try_coop(app: Here, caller: Admin) -> api.CoopTest:
    """Send Coop a report that is marked as a test, and return what came back. Nothing is stored here; a decision on it is taken and counts
    for nothing. For admins."""
    test_id, answer = await _coop(app).try_now()
    return api.CoopTest(id=test_id, delivered=answer.good, status=answer.status, problem=answer.problem)


@router.post(
    "/actions",
    status_code=204,
    dependencies=[Depends(no_dry_run)],
    openapi_extra=_BODY,
    responses=problem_responses(413),
)
@may_fail(Invalid, NotSignedIn, NotFound, Refused)
@limited("coop", by="address")
async def take_callback(app: Here, request: Request) -> None:
    """Take a decision of Coop's moderators over: the address of its actions and of its decisions on appeals. Its signature is in the header
    `Coop-Signature`. A report or appeal about which somebody has decided here stays as it is (409).
    """
    here = _coop(app)
    try:
        body = await request.body()
    except ClientDisconnect as error:
        raise Invalid("body", "was cut off") from error
    if not here.settings.verifier.holds(request.headers.get(HEADER, ""), body):
        app.sent["coop refused"] += 1
        raise NotSignedIn("this is not signed by Coop", hint="`public_key` of [coop] is the key that Coop shows now")
    try:
        await _decide(app, here, _read(body))
    except Refused:
        app.sent["coop late"] += 1
        raise
    app.sent["coop decided"] += 1


async def _decide(app: Services, here: CoopSender, one: _Callback) -> None:
    settings = here.settings
    if one.appeal_id is not None and one.appeal_decision is not None:
        await coop.decide_appeal(app, one.appeal_id, granted=one.appeal_decision == "ACCEPT")
        return
    if one.action is None:
        raise Invalid("action", "is missing")
    if one.item.type_id != settings.report_type:
        raise Invalid("item.typeId", "is not the type of reports")
    if one.item.id.startswith(TEST) and one.action.id in (settings.uphold, settings.dismiss):
        return  # of `coop test`: signature, type and action are right
    if one.action.id == settings.uphold:
        await coop.decide_report(app, one.item.id, "upheld")
    elif one.action.id == settings.dismiss:
        await coop.decide_report(app, one.item.id, "dismissed")
    else:
        raise Invalid("action.id", "is neither `uphold` nor `dismiss` of [coop]")


def _read(body: bytes) -> _Callback:
    try:
        return msgspec.json.decode(body, type=_Callback)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid("body", "is no callback of Coop") from error


def _coop(app: Services) -> CoopSender:
    if app.coop is None:
        raise NotFound("Coop", "at this server")
    return app.coop
