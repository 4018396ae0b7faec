"""The public page of a Space, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from spacesctl import __version__
from spacesctl.api.operation import Health, Readiness
from spacesctl.api.problem import Problem
from spacesctl.api.wire import Answer, dump
from spacesctl.domain.errors import NotAllowed, NotFound
from spacesctl.server.http.metrics import render
from spacesctl.server.http.rates import is_loopback
from spacesctl.server.http.readiness import readiness
from spacesctl.server.http.services import Here, client_host
from spacesctl.server.http.wire_route import WireRoute, may_fail


class ReadinessRoute(WireRoute):
    """Says with a document of its own that the server is not ready."""

    problem_types: ClassVar[Mapping[int, type[Answer]]] = {0: Problem, 503: Readiness}
    problem_media_types: ClassVar[Mapping[int, str]] = {503: "application/json"}


router = APIRouter(route_class=WireRoute)
WEB = Path(__file__).parents[3] / "web"
_PROXIED = {"x-forwarded-for", "x-forwarded-host", "forwarded", "via"}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_FORMS = {
    **_HEADERS,
    "Content-Security-Policy": "default-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
}
"""Of pages that ask for passwords: scripts send them, and no form does."""


@router.get("/s/{space_id}", include_in_schema=False)
async def page(app: Here, space_id: str) -> FileResponse:
    """The public page, the same for each Space; its script loads the rest from the API. Status 410 once the Space is
    over, 404 if there is none.
    """
    status = 200
    try:
        space = await app.registry.space(space_id)
        status = 410 if space.is_over else 200
    except NotFound:
        status = 404
    return FileResponse(WEB / "space.html", status, _HEADERS, "text/html")


def _place(name: str) -> None:
    @router.get(f"/{name}", include_in_schema=False, name=name)
    async def place() -> FileResponse:
        return FileResponse(WEB / f"{name}.html", 200, _FORMS, "text/html")


for _name in ("sign-in", "sign-up", "account", "device"):
    _place(_name)


@router.get("/web/{name}", include_in_schema=False)
@may_fail(NotFound)
async def asset(name: str) -> FileResponse:
    """A style sheet, script or image of the page."""
    path = next((one for one in await asyncio.to_thread(_assets) if one.name == name), None)
    if path is None:
        raise NotFound("page asset", name)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)


def _assets() -> list[Path]:
    """What there is, so that no name of others becomes a path."""
    return [path for path in WEB.iterdir() if path.suffix in _TYPES]


@router.get("/healthz", tags=["operation"])
async def health() -> Health:
    """The process is running."""
    return Health(status="ok", version=__version__)


async def ready(app: Here) -> Readiness | Response:
    """Whether everything works that the server needs; 503 if not. `checks` names each part and what is wrong with it. The bot's state and
    room on the disk are shown, but not required.
    """
    found = await readiness(app)
    return found if found.ready else Response(dump(found), 503, media_type="application/json")


router.add_api_route("/readyz", ready, tags=["operation"], route_class_override=ReadinessRoute)


@router.get("/metrics", tags=["operation"], response_class=PlainTextResponse)
@may_fail(NotAllowed)
async def metrics(app: Here, request: Request) -> PlainTextResponse:
    """Metrics in Prometheus text format, for requests from this machine only."""
    # A proxy on this machine forwards requests of others, so requests with proxy headers are refused too.
    if not is_loopback(client_host(request)) or not _PROXIED.isdisjoint(request.headers.keys()):
        raise NotAllowed("metrics can be read from this machine only", reason="loopback")
    return PlainTextResponse(await render(app), media_type="text/plain; version=0.0.4")
