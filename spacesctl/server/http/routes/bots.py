"""For the bundled bot only: its assignments and its status."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from spacesctl.live.hub import sse
from spacesctl.server.http.body import Body
from spacesctl.server.http.event_stream import HEARTBEAT, event_stream
from spacesctl.server.http.services import Here, ServiceBot, Services

router = APIRouter(prefix="/v1/bots", tags=["bots"])


class Status(Body):
    """The bot's status. `reason` says why it is not ready."""

    ready: bool
    model: str | None = Field(None, max_length=200)
    notice: str | None = Field(None, max_length=500)
    reason: str | None = Field(None, max_length=500)


@router.get("/assignments")
async def stream_assignments(app: Here, caller: ServiceBot) -> StreamingResponse:
    """Server-Sent Events; each holds the whole list of Spaces that need the bot."""
    return event_stream(_assignments(app))


async def _assignments(app: Services) -> AsyncGenerator[bytes | None]:
    sent = -1
    while not app.assignments.closed:
        if app.assignments.version != sent:
            sent = app.assignments.version
            yield sse("assignments", {"type": "assignments", "data": app.assignments.now})
        else:
            yield None
        await app.assignments.wait(sent, HEARTBEAT)


@router.put("/status", status_code=204)
async def set_status(app: Here, caller: ServiceBot, body: Status) -> Response:
    """Set the bot's status, which live Spaces with captions publish."""
    app.bot_status = body.model_dump()
    app.registry.publish("captions.status", app.bot_status, lambda space: space.captions)
    return Response(status_code=204)
