"""`Dry-Run: true` on a change: every check is made and the answer is the true one, and then nothing of it has happened.

The request runs whole, against services of its own: actors loaded afresh, an engine that nobody hears, and one transaction that is
rolled back. So there is no second set of rules that could disagree with the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacesctl.domain.errors import Invalid, SpacesError, Unavailable
from spacesctl.media.messages import Ready, ToEngine
from spacesctl.server import problems
from spacesctl.server.alarm import Alarm
from spacesctl.server.assignments import Assignments
from spacesctl.server.services import TRIAL, Services, signed_in
from spacesctl.spaces.house import House

HEADER = "dry-run"
LONGEST = 5.0
"""Seconds. Other writers wait while something is tried."""
_READS = {"GET", "HEAD", "OPTIONS"}


class SilentEngine:
    """What a tried command tells the engine, the engine never hears."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready

    def send(self, message: ToEngine) -> None:
        pass


@asynccontextmanager
async def trial(here: Services) -> AsyncIterator[Services]:
    """The same services over a transaction that is rolled back at the end."""
    async with here.db.trial() as db:
        house = House(db, SilentEngine(here.house.engine.ready))
        tried = replace(here, db=db, house=house, assignments=Assignments())
        tried.recordings = here.recordings  # its files are real: what it removes, `not_tried` keeps
        tried.alarm = Alarm(house, here.bot, here.link)  # never started: it sets no time
        try:
            yield tried
        finally:
            await house.close()


class DryRun:
    """Inside the body limit, around the routes. Nobody holds up the writers who is not signed in or still sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if asked is None or scope["method"] in _READS:
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = "true"
            await send(message)

        try:
            if asked.strip().lower() != "true":
                raise Invalid("Dry-Run", "is `true` or is left out")
            await signed_in(HTTPConnection(scope))
            body = await Request(scope, receive).body()
            async with asyncio.timeout(LONGEST), trial(scope["app"].state.services) as tried:
                await self._app({**scope, TRIAL: tried}, _whole(body), marked)
        except TimeoutError:
            await problems.of(Unavailable("trying this took too long"))(scope, receive, marked)
        except SpacesError as error:
            await problems.of(error)(scope, receive, marked)
        except HTTPException as error:
            await problems.of_http(error)(scope, receive, marked)


def _whole(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await asyncio.Future()

    return receive
