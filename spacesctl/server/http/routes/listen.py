"""`listen.ogg`: a live Space for players (mpv, VLC, ffmpeg, `<audio>`), as Ogg Opus over plain HTTP."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacesctl.application.admission import Access, admitted
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.words import State
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.sessions import Session
from spacesctl.server.http.services import Anyone, Here, Services, client_host, no_dry_run
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.server.webrtc.joining import open_pages

router = APIRouter(
    prefix="/v1/spaces/{space_id}",
    tags=["listen"],
    dependencies=[Depends(no_dry_run)],
    route_class=WireRoute,
    responses={200: {"content": {"audio/ogg": {}}}},
)
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


@router.head("/listen.ogg", response_class=Response)
@may_fail(NotFound, Gone, NotAllowed, Refused)
async def look(app: Here, caller: Anyone, space_id: str) -> Response:
    """The headers that `GET` would return, without listening."""
    space = (await admitted(app, caller, space_id, Access.LISTEN)).space
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet")
    answer = Response(headers=_HEADERS, media_type="audio/ogg")
    del answer.headers["content-length"]
    return answer


@router.get("/listen.ogg", response_class=Response)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
async def listen(app: Here, caller: Anyone, space_id: str, request: Request) -> Response:
    """The audience mix as Ogg Opus, from now until the Space ends. Needs no token if the Space is open to everyone.

    A client that reads nothing for ten seconds is disconnected.
    """
    handle, session = await open_pages(app, space_id, caller, client_host(request))
    return LivePages(app, handle, session)


class LivePages(Response):
    """Streams the pages of one session. The connection and the session end together."""

    media_type = "audio/ogg"

    def __init__(self, app: Services, handle: SpaceHandle, session: Session) -> None:
        self._here, self._handle, self._session = app, handle, session
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._handle.disconnect(self._session.id)

    async def _send(self, send: Send) -> None:
        pages = self._session.pages
        if pages is None:
            raise RuntimeError("a session of a player without pages")
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while (page := await pages.next()) is not None:
            await send({"type": "http.response.body", "body": page, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
