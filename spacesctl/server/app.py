"""The ASGI application: every route, one error shape, and the services they work with."""

from __future__ import annotations

from fastapi import FastAPI

from spacesctl import __version__
from spacesctl.server import problems
from spacesctl.server.cross_origin import CrossOrigin
from spacesctl.server.limits import BodyLimit
from spacesctl.server.routes import (
    accounts,
    bots,
    calendar,
    clips,
    events,
    feed,
    lanes,
    listen,
    messages,
    moderation,
    notifications,
    pages,
    people,
    pins,
    posts,
    probe,
    recordings,
    series,
    spaces,
    webhooks,
    webrtc,
)
from spacesctl.server.services import Services
from spacesctl.server.trial import DryRun
from spacesctl.server.xapi import routes as xapi

ROUTERS = [
    module.router
    for module in (
        accounts, posts, clips, feed, calendar, spaces, pins, series, people, messages, events, moderation, bots, webrtc, lanes, listen,
        pages, probe, recordings, xapi, webhooks, notifications,
    )
]  # fmt: skip


def create_app(here: Services) -> FastAPI:
    """No lifespan: whoever makes the services ends them (uvicorn skips a lifespan's shutdown while a stream is open)."""
    app = FastAPI(title="spacesctl", version=__version__, docs_url=None, redoc_url=None)
    app.state.services = here
    problems.install(app)
    app.add_middleware(DryRun)
    app.add_middleware(CrossOrigin)
    app.add_middleware(BodyLimit)
    for router in ROUTERS:
        app.include_router(router)
    return app
