"""WebSocket lanes for programs without WebRTC: speak, listen, or read each lane apart (the bot, under its grant)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from spacesctl.api import lanes as wire
from spacesctl.api.wire import UNSET, Answer, Time, dump
from spacesctl.audio import framing
from spacesctl.domain.errors import NotAllowed, SpacesError
from spacesctl.engine.messages import Uplink
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.sessions import Session, SessionKind
from spacesctl.server.http import problems
from spacesctl.server.http.services import Services, caller, client_host, services
from spacesctl.server.webrtc.joining import Mic, open_feed
from spacesctl.support.budget import Budget

router = APIRouter()
Role = Literal["speak", "listen", "all"]
_KINDS = {"speak": SessionKind.SPEAK, "listen": SessionKind.LISTEN, "all": SessionKind.ALL}
REFUSED = 4000
"""Close codes are 4000 + the HTTP status that the same refusal has: 4403, 4409, ..."""
PACE = 100.0
"""Messages that a client may send in a second, on average: twice as many as there are frames of 20 ms."""
BURST = 200.0
"""Messages that may come at once, after the network has stalled."""
GOODBYE_WITHIN = 2.0
"""Seconds that a client has to read the last messages of a connection that is ended."""


@router.websocket("/v1/spaces/{space_id}/lanes")
async def lanes(
    socket: WebSocket,
    space_id: str,
    role: Role = "listen",
    mic: Literal["open", "closed"] = "open",
    consent: Literal["recording"] | None = None,
) -> None:
    """Sends a hello as JSON, then binary messages and JSON events. A refusal is a problem as JSON, followed by a close."""
    app = services(socket)
    await socket.accept()
    try:
        _check_origin(app, socket)
        who = await caller(socket)
        microphone = Mic(mic == "open", consent is not None)
        handle, session = await open_feed(app, space_id, who, _KINDS[role], client_host(socket), mic=microphone)
    except SpacesError as error:
        with suppress(WebSocketDisconnect):  # who has gone is not told
            await _tell(socket, wire.Rejected(problem=problems.document(error)))
            await socket.close(REFUSED + error.status)
        return
    await _serve(app, socket, handle, session, role)


async def _serve(app: Services, socket: WebSocket, handle: SpaceHandle, session: Session, role: Role) -> None:
    sending = asyncio.create_task(_send(socket, handle, session, role))
    receiving = asyncio.create_task(_receive(app, socket, handle, session))
    ending = asyncio.create_task(_end(session))
    tasks = (sending, receiving, ending)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        # Not awaited here, where this task may be canceled: the lane must close in any case.
        app.registry.tasks.later("end a session", partial(handle.disconnect, session.id))
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _send(socket: WebSocket, handle: SpaceHandle, session: Session, role: Role) -> None:
    if session.feed is None:
        raise RuntimeError("a WebSocket session without a feed")
    await _tell(socket, _hello(handle, session, role))
    while (message := await session.feed.next()) is not None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await _tell(socket, message)
    await socket.close(1000)


async def _end(session: Session) -> None:
    """Returns some time after the feed was closed, to disconnect a client that does not read the end: its sender would
    wait for ever.
    """
    if session.feed is not None:
        await session.feed.ending.wait()
        await asyncio.sleep(GOODBYE_WITHIN)


async def _tell(socket: WebSocket, event: Answer) -> None:
    await socket.send_text(dump(event).decode())


def _hello(handle: SpaceHandle, session: Session, role: Role) -> wire.Hello:
    space = handle.space
    if space.started_at is None:
        raise RuntimeError("lanes exist in live Spaces only")
    return wire.Hello(
        version=framing.VERSION,
        role=role,
        clock=wire.Clock(started_at=Time.of(space.started_at), tick=handle.now_tick()),
        lane=session.lane,
        lanes=handle.lanes() if session.kind is SessionKind.ALL else UNSET,
    )


async def _receive(app: Services, socket: WebSocket, handle: SpaceHandle, session: Session) -> None:
    """Read until the client disconnects. Malformed messages, audio of sessions that do not speak, and what comes faster than `PACE` are
    dropped and counted.
    """
    budget = Budget(PACE, BURST)
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes")
        if data is None or session.lane is None or not budget.take(1, app.clock.monotonic()):
            app.dropped_uplinks += 1
            continue
        try:
            uplink = framing.unpack(data)
        except framing.FramingError:
            app.dropped_uplinks += 1
            continue
        if uplink.kind != framing.UPLINK or handle.session(session.id) is None:
            app.dropped_uplinks += 1
            continue
        app.registry.engine.send(
            Uplink(handle.space.id, session.lane, uplink.tick & 0xFFFFFFFF, uplink.frames[0].payload)
        )


def _check_origin(app: Services, socket: WebSocket) -> None:
    """Raises NotAllowed. Browsers say which page opens the socket; only this server's own pages may. (Programs send no Origin.)"""
    origin = socket.headers.get("origin")
    ours = (socket.headers.get("host"), urlsplit(app.base_url).netloc)
    if origin is not None and urlsplit(origin).netloc not in ours:
        raise NotAllowed("WebSockets may be opened by this server's own pages only", reason="origin")
