"""Event streams as the clients read them."""

from __future__ import annotations

import httpx
import pytest

from spacesctl.api.events import Presence, Unknown
from spacesctl.api.space_events import CaptionsSwitched
from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.client.sse import Reader
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


@pytest.mark.parametrize("data", ["hello", "[]", '{"type": "presence"}', '{"type": 7, "data": {}}', "[" * 100_000])
def test_what_is_no_event_is_passed_over_but_a_stream_of_nothing_else_is_told(data: str) -> None:
    with reading(f"data: {data}\n\n".encode() + STREAM) as client:
        assert len(list(client.spaces.events(SPACE))) == 3
    with (
        reading(f"data: {data[:99]}\n\n".encode() * 101) as client,
        pytest.raises(Unavailable, match="is it a spacesctl"),
    ):
        list(client.spaces.events(SPACE))


def test_an_event_of_another_form_than_here_keeps_its_number() -> None:
    changed = b'data: {"type": "hand.raised", "seq": 8, "at": "2026-01-01T00:00:00.000Z", "tick": 3, "data": {"who": "1"}}\n\n'
    with reading(changed) as client:
        [event] = client.spaces.events(SPACE)
    assert (event.seq, event.data) == (8, Unknown())


@pytest.mark.parametrize("endless", [b"data: " + b"x" * (2 << 20), b"data: x\n" * 200_000, b"x" * (2 << 20)])
def test_an_event_that_does_not_end_is_not_collected(endless: bytes) -> None:
    with reading(endless) as client, pytest.raises(Unavailable, match="more than 1 MiB"):
        list(client.spaces.events(SPACE))


def test_lines_end_as_the_standard_says_wherever_they_are_cut() -> None:
    said = "\ufeffid: 7\r\ndata: o\ndata:n\rdata: e\r\n\r\n: beat\n\n\ndata\n\nevent: x\ndata: two\n\n".encode()
    for size in range(1, len(said)):
        reader = Reader()
        assert [one for at in range(0, len(said), size) for one in reader.feed(said[at : at + size])] == [
            "o\nn\ne",
            "two",
        ]


def test_a_page_in_the_place_of_a_stream_is_told() -> None:
    client = Client("http://server.test")
    page = httpx.Response(200, headers={"Content-Type": "text/html"}, text="<html>")
    client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(lambda _: page))
    with client, pytest.raises(Unavailable, match="answered with an HTML page"):
        list(client.spaces.events(SPACE))


@pytest.mark.anyio
async def test_a_quiet_stream_of_the_asynchronous_client_goes_on_too() -> None:
    client = AsyncClient("http://server.test")
    client._http = httpx.AsyncClient(base_url=client.url, transport=answer(STREAM))
    async with client:
        kinds = [event.type async for event in client.spaces.events(SPACE)]
    assert kinds == ["captions.switched", "presence", "of.tomorrow"]
