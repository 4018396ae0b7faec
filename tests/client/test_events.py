"""Event streams as the clients read them."""

from __future__ import annotations

import httpx
import pytest

from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client

STREAM = b"""id: 7
event: caption
data: {"type": "caption"}

: still here

event: levels
data: {"type": "levels"}

"""


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=STREAM)


def test_a_quiet_stream_goes_on_after_a_keep_alive_comment() -> None:
    client = Client("http://server.test")
    client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(answer))
    with client:
        assert [event["type"] for event in client.events("/events")] == ["caption", "levels"]


@pytest.mark.anyio
async def test_a_quiet_stream_of_the_asynchronous_client_goes_on_too() -> None:
    client = AsyncClient("http://server.test")
    client._http = httpx.AsyncClient(base_url=client.url, transport=httpx.MockTransport(answer))
    async with client:
        assert [event["type"] async for event in client.events("/events")] == ["caption", "levels"]
