"""How many requests and event streams an address has at once. Behind trusted proxies it is the address that they forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from spacesctl.domain.errors import TooMany
from spacesctl.server.http import problems
from spacesctl.server.http.front.by_address import networks
from spacesctl.server.http.rates import LOOK_AGAIN
from spacesctl.server.http.services import client_host, services


class InProgress:
    """The middleware: an address with as many requests in progress as it may have connections gets a 429 for the next one. Without
    proxies the connections are counted already, and one connection has one request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        connection = HTTPConnection(scope)
        here, host = services(connection), client_host(connection)
        counts, most = here.front.in_progress, here.rates.limits.connections
        if not counts.take(host, most):
            here.front.refused["address"] += 1
            return await problems.of(_too_many("requests at once", host, most))(scope, receive, send)
        try:
            return await self._app(scope, receive, send)
        finally:
            counts.give_back(host)


async def _one_stream(connection: HTTPConnection) -> AsyncIterator[None]:
    """Counts an event stream until its end. Raises TooMany."""
    here, host = services(connection), client_host(connection)
    most = here.rates.limits.streams
    if not here.front.streams.take(host, most):
        here.front.refused["streams"] += 1
        raise _too_many("event streams", host, most)
    try:
        yield
    finally:
        here.front.streams.give_back(host)


def _too_many(what: str, host: str, most: int) -> TooMany:
    own = most * networks(host)[0][1]
    return TooMany(f"{what} from your address; the limit is {own}", LOOK_AGAIN)


OneStream = Annotated[None, Depends(_one_stream)]
"""A parameter of every route that answers with an event stream."""
