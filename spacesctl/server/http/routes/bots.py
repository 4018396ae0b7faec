"""For the bundled bot only: its assignments and its status."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from spacesctl.live.hub import sse
from spacesctl.server.http.services import Here, ServiceBot, Services

router = APIRouter(prefix="/v1/bots", tags=["bots"])
HEARTBEAT = 15.0
"""Seconds between two comment lines, which keep proxies from closing a silent stream."""


class Status(BaseModel):
    """The bot's status. `reason` says why it is not ready."""

    ready: bool
    model: str | None = Field(None, max_length=200)
    notice: str | None = Field(None, max_length=500)
    reason: str | None = Field(None, max_length=500)


@router.get("/assignments")
async def stream_assignments(app: Here, caller: ServiceBot) -> StreamingResponse:
    """Server-Sent Events; each holds the whole list of Spaces that need the bot."""
    return StreamingResponse(_assignments(app), headers={"Cache-Control": "no-store"}, media_type="text/event-stream")


async def _assignments(app: Services) -> AsyncIterator[bytes]:
    sent = -1
    while not app.assignments.closed:
        if app.assignments.version != sent:
            sent = app.assignments.version
            yield sse("assignments", {"type": "assignments", "data": app.assignments.now})
        else:
            yield b": still here\n\n"
        await app.assignments.wait(sent, HEARTBEAT)


@router.put("/status", status_code=204)
async def set_status(app: Here, caller: ServiceBot, body: Status) -> Response:
    """Set the bot's status, which live Spaces with captions publish."""
    app.bot_status = body.model_dump()
    app.registry.publish("captions.status", app.bot_status, lambda space: space.captions)
    return Response(status_code=204)
