"""The pages of the web app and their files, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from spacesctl import __version__
from spacesctl.api.operation import Health, Readiness
from spacesctl.api.problem import Problem
from spacesctl.api.wire import Answer, dump
from spacesctl.domain.errors import NotAllowed, NotFound
from spacesctl.server.http.metrics import render
from spacesctl.server.http.page_heads import Head, of_home, of_person, of_space
from spacesctl.server.http.rates import is_loopback
from spacesctl.server.http.readiness import readiness
from spacesctl.server.http.services import Here, client_host
from spacesctl.server.http.templates import page
from spacesctl.server.http.web_files import HEADERS, web_files
from spacesctl.server.http.wire_route import WireRoute, may_fail


class ReadinessRoute(WireRoute):
    """Says with a document of its own that the server is not ready."""

    problem_types: ClassVar[Mapping[int, type[Answer]]] = {0: Problem, 503: Readiness}
    problem_media_types: ClassVar[Mapping[int, str]] = {503: "application/json"}


router = APIRouter(route_class=WireRoute)
_PROXIED = {"x-forwarded-for", "x-forwarded-host", "forwarded", "via"}


@router.get("/", include_in_schema=False)
async def home(app: Here) -> Response:
    """Live and coming Spaces."""
    return await page("home", of_home(app))


@router.get("/s/{space_id}", include_in_schema=False)
async def space(app: Here, space_id: str) -> Response:
    """The page of a Space: but for its head the same for each; its script loads the rest from the API. Status 410 once the Space is
    over, 404 if there is none.
    """
    head, status = await of_space(app, space_id)
    return await page("space", head, status, up="../", headers=HEADERS)


@router.get("/@{handle}", include_in_schema=False)
async def person(app: Here, handle: str) -> Response:
    """The page of an account. Status 404 if there is none."""
    head, status = await of_person(app, handle)
    return await page("person", head, status)


def _place(name: str, title: str, template: str = "") -> None:
    @router.get(f"/{name}", include_in_schema=False, name=name)
    async def place() -> Response:
        return await page(template or name, Head(title, f"title.{name}"))


for _name, _title in (
    ("new", "New Space"),
    ("inbox", "Inbox"),
    ("settings", "Settings"),
    ("reports", "Reports"),
    ("admin", "This server"),
    ("sign-in", "Sign in"),
    ("sign-up", "Make an account"),
    ("device", "Let a program in"),
):
    _place(_name, _title)
# Links of earlier versions, and sign-in, lead there.
_place("account", "Your account", "settings")


@router.get("/web/{name}", include_in_schema=False)
@may_fail(NotFound)
async def asset(request: Request, name: str) -> Response:
    """A style sheet, script or image of the pages."""
    found = (await asyncio.to_thread(web_files)).get(name)
    if found is None:
        raise NotFound("page asset", name)
    return found.answer(request)


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
