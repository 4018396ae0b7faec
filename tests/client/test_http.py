"""The clients over HTTP: answers, pages, refusals and a server that is away, as the errors of `domain.errors`."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.client.problems import unreachable
from spacesctl.domain.errors import Gone, Invalid, NotFound, SpacesError, TooMany, Unavailable
from tests.cli.broken_server import broken_server

Call = Callable[[Client], Any]


def problem(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


def answering(answer: httpx.Response) -> Client:
    """A client of a server that always answers this."""
    client = Client("http://server.test")
    client._http = httpx.Client(base_url=client.url, transport=httpx.MockTransport(lambda _: answer))
    return client


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (problem(404, code="not_found", detail="there is no Space X"), NotFound, "there is no Space X"),
        (problem(400, code="invalid", detail="title: is too long", field="title"), Invalid, "title: is too long"),
        (problem(410), Gone, "the server answered 410"),
        (httpx.Response(502, text="<html>"), SpacesError, "the server answered 502"),
        (httpx.Response(503, json=["odd"]), Unavailable, "the server answered 503"),
        (problem(418, code="new_in_a_later_version", detail="tea"), SpacesError, "tea"),
    ],
    ids=["not found", "invalid", "without a code", "a proxy's page", "a list", "an unknown code"],
)
def test_a_refusal_is_raised_as_the_servers_error(answer: httpx.Response, kind: type[SpacesError], told: str) -> None:
    with answering(answer) as client, pytest.raises(kind, match=told) as raised:
        client.get("/v1/spaces")
    if isinstance(raised.value, Invalid):
        assert raised.value.field == "title"


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {"retry_after": 3}, 7),
        ({}, {"retry_after": 3}, 3),
        ({"retry-after": "soon"}, {}, 1),
    ],
    ids=["by the header", "by the body", "not told"],
)
def test_when_to_try_again_is_told(headers: dict[str, str], body: dict[str, Any], seconds: int) -> None:
    with answering(httpx.Response(429, json=body, headers=headers)) as client, pytest.raises(TooMany) as raised:
        client.post("/v1/spaces")
    assert raised.value.retry_after == seconds


def test_all_pages_of_a_list_are_read() -> None:
    pages = [json.dumps({"data": [{"id": "1"}], "next": "a"}), json.dumps({"data": [{"id": "2"}], "next": None})]
    with broken_server({"/v1/spaces": [*pages]}) as (url, asked), Client(url) as client:
        assert [row["id"] for row in client.all("/v1/spaces", state=None)] == ["1", "2"]
    assert len(asked) == 2


def test_an_answer_without_a_body_is_none() -> None:
    with broken_server({"/v1/x": [204]}) as (url, _), Client(url) as client:
        assert client.get("/v1/x") is None


CALLS: dict[str, Call] = {
    "get": lambda client: client.get("/v1/x"),
    "text": lambda client: client.text("/metrics"),
    "content": lambda client: client.content("/v1/clips/x.ogg"),
    "events": lambda client: list(client.events("/v1/events")),
}


@pytest.mark.parametrize("name", [*CALLS, "download"])
def test_a_server_that_is_away_or_refuses_is_the_same_error_in_every_call(name: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    calls: dict[str, Call] = {**CALLS, "download": lambda client: client.download("/v1/x", target)}
    call = calls[name]
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unavailable, match="cannot reach the server at"):
        call(client)
    with broken_server({}) as (url, _), Client(url) as client, pytest.raises(NotFound, match="answered 404"):
        call(client)
    assert not target.exists(), "what was not found is not written"


def test_a_certificate_that_is_not_trusted_is_told_with_what_to_do() -> None:
    untrusted = ssl.SSLCertVerificationError("self-signed certificate")
    untrusted.verify_message = "self-signed certificate"
    failed = httpx.ConnectError("failed")
    failed.__cause__ = untrusted
    told = str(unreachable("https://live.example", failed))
    assert "the certificate of https://live.example is not trusted (self-signed certificate)" in told
    assert "SSL_CERT_FILE" in told


@pytest.mark.anyio
async def test_the_asynchronous_client_raises_the_same_errors() -> None:
    with broken_server({"/v1/x": ['{"a": 1}', 204]}) as (url, _):
        async with AsyncClient(url, "spx_x") as client:
            assert await client.call("GET", "/v1/x") == {"a": 1}
            assert await client.call("GET", "/v1/x") is None
            with pytest.raises(NotFound):
                await client.rules("A" * 13)
            with pytest.raises(NotFound):
                await anext(client.events("/v1/events"))
    async with AsyncClient("http://127.0.0.1:9") as away:
        with pytest.raises(Unavailable, match="cannot reach"):
            await away.call("GET", "/v1/x")
        with pytest.raises(Unavailable, match="cannot reach"):
            await anext(away.assignments())
