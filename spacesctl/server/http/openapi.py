"""The OpenAPI document: FastAPI's paths and parameters, with the bodies, answers, events and problems that are types of `api`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from spacesctl import __version__
from spacesctl.api import captions, webhook_messages
from spacesctl.api.schemas import ALL_EVENTS, Schemas, space_event
from spacesctl.api.wire import dump
from spacesctl.domain.errors import Invalid, NotSignedIn, SpacesError, TooMany, Unavailable
from spacesctl.server.http.services import no_dry_run
from spacesctl.server.http.wire_route import WireRoute

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
_ABOUT = """Live audio rooms. Accounts are named by id or by handle with its `@`. Lists are pages with a `next` cursor. Times are UTC with
milliseconds. Errors are problem documents (RFC 9457)."""
_DRY_RUN = {
    "name": "Dry-Run",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "enum": ["true"]},
    "description": "Check and answer as if the change had been made, but do not make it.",
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_PARAMETERS = {
    "cursor": "Where the page begins: `next` of the page before.",
    "ref": "An account, by its id or by its handle with the `@`.",
    "space_id": "The id of a Space.",
    "idempotency-key": "A repeated request with the same key is done once, and gets the first answer.",
    "last-event-id": "The number of the last event that came: the stream goes on after it.",
    "view": "`staff` is for the host, co-hosts and admins.",
    "after": "The number of an event.",
    "label": "The label of tokens.",
    "mic": "`closed`: the session begins muted.",
    "consent": "`recording`: the speaker agrees to be recorded.",
    "if-match": "The version that is to be changed.",
    "if-none-match": "The version that the client has.",
    "state": "Only those in these states.",
}


def install(api: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Serve the document at `/openapi.json`, made when it is asked for first."""

    @api.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def openapi() -> Response:
        # It reads the sources of the types for their texts, so not on the event loop.
        text = _made[0] if _made else await asyncio.to_thread(_text, api, routers)
        return Response(text, media_type="application/json")


_made: list[bytes] = []


def _text(api: FastAPI, routers: Sequence[APIRouter]) -> bytes:
    """The document as JSON: the same for all applications, since they have the same routes."""
    if not _made:
        _made.append(dump(document(api, routers)))
    return _made[0]


def document(api: FastAPI, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The whole document."""
    found = get_openapi(title="spacesctl", version=__version__, description=_ABOUT, routes=api.routes)
    routes = [route for router in routers for route in router.routes if isinstance(route, WireRoute)]
    kinds = [kind for route in routes for kind in (route.body, route.answer) if kind is not None]
    kinds += [kind for route in routes for kind in route.problem_types.values()]
    every = [*kinds, captions.Assignments, *ALL_EVENTS.values(), *webhook_messages.MESSAGES.values()]
    known = Schemas(every, _REF)
    for route in routes:
        for method in sorted(route.methods or ()):
            if (operation := found["paths"].get(route.path_format, {}).get(method.lower())) is not None:
                _complete(operation, route, known)
                _name(operation, route, method)
    components = found.setdefault("components", {})
    words = {name: one for name, one in components.get("schemas", {}).items() if "enum" in one}  # of queries
    components["schemas"] = {**words, **known.all, "SpaceEvent": space_event(known)}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-spacesctl",
            "description": "A browser's session: for pages of this server alone. Below a path the name begins with `__Secure-`.",
        },
    }
    found["webhooks"] = {name: _webhook(name, kind, known) for name, kind in webhook_messages.MESSAGES.items()}
    return found


def _webhook(name: str, kind: type, known: Schemas) -> dict[str, Any]:
    properties = {
        "type": {"const": name},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": known.ref(kind),
    }
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    taken = {"2XX": {"description": "Taken"}}
    return {"post": {"summary": inspect.cleandoc(kind.__doc__ or ""), "requestBody": body, "responses": taken}}


def _complete(operation: dict[str, Any], route: WireRoute, known: Schemas) -> None:
    if (
        route.token != WireRoute.no_token or NotSignedIn in route.problems
    ):  # a dry run needs one, also of what needs none
        ways: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
        operation["security"] = ways if route.token == "required" else [{}, *ways]
    if route.limits:
        operation["x-limit"] = [one.setting for one in route.limits]
    if route.body is not None:
        required = not route.body_may_be_missing
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": known.ref(route.body)}},
        }
    if route.answer is not None:
        content = {"application/json": {"schema": known.ref(route.answer)}}
        operation["responses"].setdefault(str(route.status_code or 200), {"description": "Done"})["content"] = content
    operation["responses"].pop("422", None)  # FastAPI's own; here it is a 400
    for status, texts in sorted(_by_status(route).items()):
        kind = route.problem_types.get(status, route.problem_types[0])
        content = {route.problem_media_types.get(status, _PROBLEM): {"schema": known.ref(kind)}}
        told = {"description": "; ".join(texts), "content": content}
        operation["responses"][str(status)] = told | ({"headers": _RETRY_AFTER} if status == TooMany.status else {})


def _name(operation: dict[str, Any], route: WireRoute, method: str) -> None:
    """A name that generators of clients make something readable of, a summary, and the texts of parameters."""
    way = route.path_format.rstrip("/").replace("/{session_id}", "").rpartition("/")[2]
    tag = str((route.tags or ["operation"])[0])
    operation["operationId"] = f"{tag}_{route.name}" + (f"_{way}" if way in ("whip", "whep") else "")
    first = operation.get("description", "").partition(". ")[0].partition("\n\n")[0]
    operation["summary"] = " ".join(first.split()).rstrip(".:")
    for one in operation.get("parameters", []):
        if (text := _PARAMETERS.get(one["name"])) is not None:
            one.setdefault("description", text)
    may_try = not any(one.dependency is no_dry_run for one in route.dependencies)
    if method not in ("GET", "HEAD", "OPTIONS") and route.token == "required" and may_try:
        operation.setdefault("parameters", []).append(_DRY_RUN)


def _by_status(route: WireRoute) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    errors: set[type[SpacesError]] = {*route.problems, Unavailable, SpacesError}
    if route.dependant.path_params or route.dependant.query_params or route.dependant.header_params or route.body:
        errors.add(Invalid)
    for error in sorted(errors, key=lambda one: one.code):
        texts.setdefault(error.status, []).append(error.title)
    if route.body is not None:
        texts |= {413: ["The body is too large"], 415: ["The body is of another content type"]}
    return texts
