"""The ASGI application: all routes, error handlers and middleware."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from spacesctl import __version__
from spacesctl.server.http import openapi, problems
from spacesctl.server.http.body_limit import BodyLimit
from spacesctl.server.http.cross_origin import CrossOrigin
from spacesctl.server.http.dry_run import DryRunMiddleware
from spacesctl.server.http.front.at_once import InProgress
from spacesctl.server.http.measured import MeasuredAnswers
from spacesctl.server.http.routes import (
    accounts,
    appeals,
    bots,
    calendar,
    chat,
    clips,
    coop,
    devices,
    events,
    feed,
    holds,
    listen,
    messages,
    moderation,
    notifications,
    oversight,
    pages,
    passkeys,
    people,
    pins,
    posts,
    privacy,
    provider,
    recordings,
    redactions,
    reports,
    sanctions,
    series,
    server,
    sign_in,
    spaces,
    suggestions,
    tokens,
    transparency,
    webhooks,
)
from spacesctl.server.http.safe_answers import SafeAnswers
from spacesctl.server.http.services import SERVICES, Services
from spacesctl.server.http.xapi import routes as xapi
from spacesctl.server.webrtc import lanes, probe, whip_whep

ROUTERS = [
    module.router
    for module in (
        accounts, oversight, privacy, holds, tokens, sign_in, passkeys, provider, devices, posts, clips, feed, calendar,
        spaces, pins, series, people, messages, events, moderation, reports, suggestions, sanctions, appeals, transparency,
        bots, whip_whep, lanes, listen, pages, probe, server, recordings, redactions, xapi, webhooks, notifications, coop,
        chat,
    )
]  # fmt: skip


class Application:
    """The ASGI application of one server: the routes, with its services in the scope of each request. It has no lifespan, since uvicorn
    skips its shutdown while a stream is open; the caller closes the services. What is outside the routes also sees the answers to errors
    that nobody foresaw."""

    def __init__(self, app: Services) -> None:
        self._services = app
        self._app = MeasuredAnswers(SafeAnswers(routes()), app.measured)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[SERVICES] = self._services
        await self._app(scope, receive, send)


@cache
def routes() -> FastAPI:
    """The framework's application, the same for all servers of a process: it takes a third of a second to make its routes."""
    api = FastAPI(title="spacesctl", version=__version__, openapi_url=None)
    problems.install(api, _methods_at)
    openapi.install(api, ROUTERS)
    api.add_middleware(DryRunMiddleware)
    api.add_middleware(CrossOrigin)
    api.add_middleware(BodyLimit)
    api.add_middleware(InProgress)
    for router in ROUTERS:
        api.include_router(router)
    return api


def _methods_at(path: str) -> set[str]:
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return found | {"HEAD"} if "GET" in found else found
