"""Event streams as the clients read them."""

from __future__ import annotations

import httpx
import pytest

from spacesctl.api.events import Presence, Unknown
from spacesctl.api.space_events import CaptionsSwitched
from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.domain.errors import Unavailable

SPACE = "A" * 13
STREAM = b"""id: 7
event: captions.switched
data: {"type": "captions.switched", "seq": 7, "at": "2026-01-01T00:00:00.000Z", "tick": 3, "data": {"on": true, "new": 1}}

: still here

event: presence
data: {"type": "presence", "data": {"participant_count": 4}}

event: of.tomorrow
data: {"type": "of.tomorrow", "data": [1, 2], "more": true}

"""


def answer(content: bytes) -> httpx.MockTransport:
    headers = {"Content-Type": "text/event-stream"}
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=content))


def reading(content: bytes) -> Client:
    client = Client("http://server.test")
    client._http = httpx.Client(base_url=client.url, transport=answer(content))
    return client


def test_events_are_typed_and_those_of_a_newer_server_are_unknown() -> None:
    with reading(STREAM) as client:
        first, second, third = client.spaces.events(SPACE)
    assert (first.type, first.seq, first.tick, str(first.at)) == ("captions.switched", 7, 3, "2026-01-01T00:00:00.000Z")
    assert first.data == CaptionsSwitched(on=True)
    assert (second.seq, second.data) == (None, Presence(participant_count=4))
    assert isinstance(third.data, Unknown)


@pytest.mark.parametrize("data", ["hello", '{"type": "presence"}', '{"type": "presence", "data": {}}'])
def test_what_is_no_event_is_told(data: str) -> None:
    with reading(f"data: {data}\n\n".encode()) as client, pytest.raises(Unavailable, match="is it a spacesctl server"):
        list(client.spaces.events(SPACE))


def test_a_page_in_the_place_of_a_stream_is_told() -> None:
    client = Client("http://server.test")
    page = httpx.Response(200, headers={"Content-Type": "text/html"}, text="<html>")
    client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(lambda _: page))
    with client, pytest.raises(Unavailable, match="is it a spacesctl server"):
        list(client.spaces.events(SPACE))


@pytest.mark.anyio
async def test_a_quiet_stream_of_the_asynchronous_client_goes_on_too() -> None:
    client = AsyncClient("http://server.test")
    client._http = httpx.AsyncClient(base_url=client.url, transport=answer(STREAM))
    async with client:
        kinds = [event.type async for event in client.spaces.events(SPACE)]
    assert kinds == ["captions.switched", "presence", "of.tomorrow"]
