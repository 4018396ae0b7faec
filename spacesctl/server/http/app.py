"""The ASGI application: all routes, error handlers and middleware."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from spacesctl import __version__
from spacesctl.server.http import openapi, problems
from spacesctl.server.http.body_limit import BodyLimit
from spacesctl.server.http.cross_origin import CrossOrigin
from spacesctl.server.http.dry_run import DryRunMiddleware
from spacesctl.server.http.front.at_once import InProgress
from spacesctl.server.http.measured import MeasuredAnswers
from spacesctl.server.http.routes import (
    accounts,
    bots,
    calendar,
    clips,
    events,
    feed,
    listen,
    messages,
    moderation,
    notifications,
    oversight,
    pages,
    people,
    pins,
    posts,
    recordings,
    redactions,
    sanctions,
    series,
    server,
    spaces,
    tokens,
    webhooks,
)
from spacesctl.server.http.safe_answers import SafeAnswers
from spacesctl.server.http.services import Services
from spacesctl.server.http.xapi import routes as xapi
from spacesctl.server.webrtc import lanes, probe, whip_whep

ROUTERS = [
    module.router
    for module in (
        accounts, oversight, tokens, posts, clips, feed, calendar, spaces, pins, series, people, messages, events, moderation, sanctions,
        bots, whip_whep, lanes, listen,
        pages, probe, server, recordings, redactions, xapi, webhooks, notifications,
    )
]  # fmt: skip


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Around all of the framework's own, which answers errors that nobody foresaw outside the middleware that is added."""
        services: Services = self.state.services
        return MeasuredAnswers(SafeAnswers(super().build_middleware_stack()), lambda: services.measured)


def create_app(app: Services) -> FastAPI:
    """Create the application. It has no lifespan, since uvicorn skips its shutdown while a stream is open; the caller
    closes the services.
    """
    api = _Application(title="spacesctl", version=__version__, openapi_url=None)
    api.state.services = app
    problems.install(api, _methods_at)
    openapi.install(api, ROUTERS)
    api.add_middleware(DryRunMiddleware)
    api.add_middleware(CrossOrigin)
    api.add_middleware(BodyLimit)
    api.add_middleware(InProgress, here=app)
    for router in ROUTERS:
        api.include_router(router)
    return api


def _methods_at(path: str) -> set[str]:
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return found | {"HEAD"} if "GET" in found else found
