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
from spacesctl.live.page_feed import PageFeed
from spacesctl.live.sessions import Session
from spacesctl.server.http.front.direct import Direct, direct_of
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

    It begins with the last five seconds, so that players start at once; they stay that much behind. It has 64 kb/s or more, also when
    nobody speaks. The tag TITLE is the Space's title. A client that has let 128 KiB wait beyond what the kernel holds is disconnected.
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
        direct = direct_of(scope)
        try:
            await (self._queued(receive, send) if direct is None else self._hand_over(direct, receive, send))
        finally:
            self._here.players_too_slow += self._pages.ended == "too_slow"
            await self._handle.disconnect(self._session.id)

    async def _hand_over(self, direct: Direct, receive: Receive, send: Send) -> None:
        """The one writer writes the pages; this only waits for the end."""
        await send(self._head())
        self._pages.hand_over(direct)
        while self._pages.ended is None and (await receive())["type"] != "http.disconnect":
            pass
        self._pages.close("left")  # before the end can be seen: nothing is written after it
        await send(_body(b"", more=False))

    async def _queued(self, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        await send(self._head())
        while (page := await self._pages.next()) is not None:
            await send(_body(page))
        await send(_body(b"", more=False))

    @property
    def _pages(self) -> PageFeed:
        if self._session.pages is None:
            raise RuntimeError("a session of a player without pages")
        return self._session.pages

    def _head(self) -> dict[str, object]:
        return {"type": "http.response.start", "status": 200, "headers": self.raw_headers}


def _body(data: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
