"""For the bundled bot only: its assignments and its status."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from spacesctl.api.captions import Assignments, BotStatus, CaptionsStatus
from spacesctl.live.event_views import sse
from spacesctl.live.stream_writer import HEARTBEAT
from spacesctl.server.http.captions_status import captions_now, publish_changes
from spacesctl.server.http.event_stream import EventStream, only_headers, streamed
from spacesctl.server.http.front.at_once import OneStream
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Here, ServiceBot, Services
from spacesctl.server.http.wire_route import WireRoute

router = APIRouter(prefix="/v1/bots", tags=["bots"], route_class=WireRoute)


@router.get("/assignments", response_class=Response, responses=streamed("Assignments"))
async def stream_assignments(app: Here, caller: ServiceBot, _one: OneStream, request: Request) -> Response:
    """Server-Sent Events; each holds the whole list of Spaces that need the bot."""
    if request.method == "HEAD":
        return only_headers()
    return EventStream(_assignments(app))


async def _assignments(app: Services) -> AsyncGenerator[bytes | None]:
    sent = -1
    while not app.assignments.closed:
        if app.assignments.version != sent:
            sent = app.assignments.version
            yield sse("assignments", Assignments(type="assignments", data=app.assignments.now))
        else:
            yield None
        await app.assignments.wait(sent, HEARTBEAT)


@router.put("/status", status_code=204)
@limited("change")
async def set_status(app: Here, caller: ServiceBot, body: BotStatus) -> None:
    """Set the bot's status, which live Spaces with captions publish when it changes, each with its own lanes that are late."""
    before = captions_now(app)
    app.hearing = body.hearing
    app.bot_status = CaptionsStatus(ready=body.ready, model=body.model, notice=body.notice, reason=body.reason)
    publish_changes(app, before)
