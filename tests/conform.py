"""Compares answers with what the OpenAPI document declares, strictly: the status, the media type, and every field."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from spacesctl.api.wire import dump, load
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.openapi import document
from spacesctl.server.http.wire_route import WireRoute

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
faults: list[str] = []
"""What did not conform in the present test."""


@dataclass(frozen=True)
class Declared:
    """One operation of the document."""

    name: str
    path: re.Pattern[str]
    route: WireRoute
    statuses: frozenset[int]
    media: dict[int, frozenset[str]]


@cache
def the_document() -> dict[str, Any]:
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return document(app, ROUTERS)


@cache
def operations() -> dict[str, list[Declared]]:
    found: dict[str, list[Declared]] = {}
    paths = the_document()["paths"]
    for route in _routes():
        for method in sorted(route.methods or ()):
            operation = paths.get(route.path_format, {}).get(method.lower())
            if operation is None:
                continue
            media = {int(status): frozenset(told.get("content", {})) for status, told in operation["responses"].items()}
            made = Declared(f"{method} {route.path_format}", route.path_regex, route, frozenset(media), media)
            found.setdefault(method, []).append(made)
    return found


def _routes() -> Iterator[WireRoute]:
    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, WireRoute))


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks about a request that it is to make: an answer of the protocol's, and of no operation."""
    return method == "OPTIONS" and "access-control-request-method" in headers


def check(method: str, path: str, status: int, media: str, body: bytes) -> None:
    """Note what does not conform. Paths that no operation has are passed over."""
    found = next((one for one in operations().get(method, []) if one.path.fullmatch(path)), None)
    if found is None or status == 405:
        return
    if status not in found.statuses:
        faults.append(f"{found.name} answered {status}, which it does not declare")
        return
    kind = media.partition(";")[0].strip()
    if body and kind not in found.media[status]:
        faults.append(f"{found.name} answered {status} with {kind!r}, and declares {sorted(found.media[status])}")
    if body and kind.endswith("json"):
        _check_json(found, status, body)


def _check_json(found: Declared, status: int, body: bytes) -> None:
    kinds = found.route.problem_types
    kind = found.route.answer if status < 300 else kinds.get(status, kinds[0])
    if kind is None:
        faults.append(f"{found.name} answered {status} with JSON, and declares none")
        return
    try:
        ours = json.loads(dump(load(body, kind)))
    except ValueError as error:
        faults.append(f"{found.name} answered {status} with JSON of another type: {error}")
        return
    if ours != json.loads(body):
        faults.append(f"{found.name} answered {status} with other fields than {kind}: {body[:300]!r}")


KEPT = re.compile(
    r"/|/s/[^/]+|/web/[^/]+|/@[^/]+|/(sign-in|sign-up|account|device|new|inbox|settings|reports|admin)|"
    r"/v1/(spaces/[^/]+|accounts/[^/]+/calendar)\.ics|/v1/clips/[^/]+\.ogg"
)
"""What some caches may keep, because it is public."""


def check_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Note an answer that a browser may take for something else, or that a cache may keep although it is not public."""
    where = f"{scope['method']} {scope['path']}"
    if headers.get("x-content-type-options") != "nosniff":
        faults.append(f"{where} is answered without nosniff")
    if "no-store" not in headers.get("cache-control", "") and not KEPT.fullmatch(scope["path"]):
        faults.append(f"{where} is answered without no-store")


class Conforming:
    """An application whose answers are checked."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, media, body = 0, "", bytearray()

        async def listen(message: Message) -> None:
            nonlocal status, media
            if message["type"] == "http.response.start":
                status = message["status"]
                check_headers(scope, Headers(raw=list(message.get("headers", []))))
                media = dict(message.get("headers", [])).get(b"content-type", b"").decode()
            elif message["type"] == "http.response.body" and not media.startswith(("text/event-stream", "audio/")):
                body.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, listen)
        if status and not is_preflight(scope["method"], Headers(scope=scope)):
            check(scope["method"], scope["path"], status, media, bytes(body))
