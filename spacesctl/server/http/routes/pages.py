"""The public page of a Space, health and metrics."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from spacesctl import __version__
from spacesctl.domain.errors import NotAllowed, NotFound, Unavailable
from spacesctl.domain.space import State
from spacesctl.server.http.metrics import render
from spacesctl.server.http.rates import is_loopback
from spacesctl.server.http.services import Here, client_host
from spacesctl.store import spaces as space_store

router = APIRouter()
WEB = Path(__file__).parents[3] / "web"
_PROXIED = {"x-forwarded-for", "x-forwarded-host", "forwarded", "via"}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@router.get("/s/{space_id}", include_in_schema=False)
async def page(app: Here, space_id: str) -> FileResponse:
    """One page for every Space; it asks the API for the rest. Works before the start; 410 once over, 404 when there is none."""
    status = 200
    try:
        space = await app.registry.space(space_id)
        status = 410 if space.is_over else 200
    except NotFound:
        status = 404
    return FileResponse(WEB / "space.html", status, _HEADERS, "text/html")


@router.get("/web/{name}", include_in_schema=False)
def asset(name: str) -> FileResponse:
    path = WEB / name
    if "/" in name or path.suffix not in _TYPES or not path.is_file():
        raise NotFound("page asset", name)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)


@router.get("/healthz", tags=["operation"])
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", tags=["operation"])
async def ready(app: Here) -> JSONResponse:
    """Database, engine and (not required) bot; 503 while one that is required is missing."""
    checks: dict[str, str] = {}
    try:
        async with app.db.read() as db:
            await space_store.count(db, State.LIVE)
        checks["database"] = "ok"
    except Exception as error:  # whatever is wrong with it, it is not ready
        checks["database"] = type(error).__name__
    try:
        checks["engine"] = "ok" if app.registry.engine.ready else "starting"
    except Unavailable:
        checks["engine"] = "starting"
    good = all(value == "ok" for value in checks.values()) and not app.stopping
    checks["bot"] = "ok" if app.bot_status.get("ready") else str(app.bot_status.get("reason"))
    return JSONResponse({"ready": good, "checks": checks}, 200 if good else 503)


@router.get("/metrics", tags=["operation"], response_class=PlainTextResponse)
async def metrics(app: Here, request: Request) -> PlainTextResponse:
    """Prometheus text format, to this machine only."""
    # A proxy on this machine asks for others; those that say so are not answered, whoever they are.
    if not is_loopback(client_host(request)) or not _PROXIED.isdisjoint(request.headers.keys()):
        raise NotAllowed("metrics are for this machine alone", reason="loopback")
    return PlainTextResponse(await render(app), media_type="text/plain; version=0.0.4")
