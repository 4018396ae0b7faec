"""`Dry-Run: true` on a change: all checks run and the answer is the real one, but nothing is changed.

The whole request runs with its own services: freshly loaded actors, an engine that discards messages, and a copy of the
database that is thrown away. So a dry run applies the same code as the real request, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacesctl.application.later_cuts import LaterCuts
from spacesctl.application.once import InFlight
from spacesctl.domain.errors import Invalid, SpacesError, Unavailable
from spacesctl.engine.messages import Ready, ToEngine
from spacesctl.live.registry import SpaceRegistry
from spacesctl.server.http import problems
from spacesctl.server.http.services import DRY_RUN, SERVICES, Services, signed_in
from spacesctl.server.process.assignments import Assignments

HEADER = "dry-run"
LONGEST = 15.0
"""Seconds a dry run may take."""
_READS = {"GET", "HEAD", "OPTIONS"}


class SilentEngine:
    """An engine that discards all messages."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready

    def send(self, message: ToEngine) -> None:
        """Discard the message."""

    async def in_force(self) -> None:
        """At once: there is nothing to wait for."""


@asynccontextmanager
async def dry_run(app: Services) -> AsyncIterator[Services]:
    """The same services on a database that is thrown away at the end."""
    async with app.db.dry_run() as db:
        registry = SpaceRegistry(
            db, SilentEngine(app.registry.engine.ready), app.registry.projections, app.registry.clock
        )
        # Its own `in_flight`: a dry run makes nothing that a real request with the same key could answer with.
        tried = replace(
            app,
            db=db,
            registry=registry,
            assignments=Assignments(),
            in_flight=InFlight(),
            wake=lambda series: None,
            later_cuts=LaterCuts(),
        )
        tried.recordings = app.recordings  # its files are real: routes that delete them depend on `no_dry_run`
        try:
            yield tried
        finally:
            await registry.close()


class DryRunMiddleware:
    """Inside the body limit, around the routes. Signs the caller in and reads the body first, so that nobody else and
    no slow upload holds up others. Each account has one dry run at a time, and further ones wait: few run at once in all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
                raise Invalid("Dry-Run", "must be `true` or left out")
            who = await signed_in(HTTPConnection(scope))
            body = await Request(scope, receive).body()
            turn = self._turns.setdefault(who.account_id or "", asyncio.Lock())
            async with asyncio.timeout(LONGEST), turn, dry_run(scope[SERVICES]) as tried:
                await self._app({**scope, DRY_RUN: tried}, _whole(body), marked)
        except TimeoutError:
            await problems.of(Unavailable("the dry run took too long"))(scope, receive, marked)
        except SpacesError as error:
            await problems.of(error)(scope, receive, marked)
        except HTTPException as error:
            await problems.of_http(error)(scope, receive, marked)


def _whole(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else await asyncio.Future()

    return receive
