"""HEAD beside every GET, and event streams that end before they begin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from spacesctl.server.http.app import ROUTERS
from tests.api.harness import Api

pytestmark = pytest.mark.anyio

GETS = sorted(
    route.path
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ())
)


@pytest.mark.parametrize("path", GETS)
async def test_a_head_is_answered_like_its_get(api: Api, path: str) -> None:
    place = path.replace("{space_id}", "x").replace("{ref}", "@owner").replace("{", "").replace("}", "")
    head = await api.owner.call("HEAD", place)
    assert head.status_code != 405
    assert head.content == b""
    if not path.endswith(("/events", "/assignments")):  # they never end in process
        assert head.status_code == (await api.owner.call("GET", place)).status_code


async def test_what_a_405_allows_names_head_too(api: Api) -> None:
    answer = await api.nobody.call("DELETE", "/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_head_of_an_event_stream_opens_none(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    answer = await host.call("HEAD", f"{space}/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert api.app.registry.event_streams() == 0


@pytest.mark.parametrize("steps", range(6))
async def test_a_client_that_leaves_at_once_leaves_no_event_stream(api: Api, steps: int) -> None:
    host = await api.account("host")
    space = await api.live(host)
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": f"{space}/events", "raw_path": b"", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"space.test")], "client": ("192.0.2.1", 1), "server": ("space.test", 80),
    }  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        for _ in range(steps):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await api.asgi(scope, receive, send)
    assert api.app.registry.event_streams() == 0
    assert len(api.app.front.streams) == len(api.app.front.in_progress) == 0
