"""The clients over HTTP: answers, pages, refusals and a server that is away, as the errors of `domain.errors`."""

from __future__ import annotations

import errno
import hashlib
import inspect
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacesctl.api.posts import NewMessage
from spacesctl.api.spaces import NewSpace
from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.client.problems import check, unreachable
from spacesctl.domain.errors import Gone, Invalid, NotFound, SpacesError, TooMany, Unavailable
from tests.cli.broken_server import broken_server

Call = Callable[[Client], Any]
WHO = {"id": "1", "handle": "@ann", "name": "Ann", "kind": "person", "created_at": "2026-01-01T00:00:00.000Z"}


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
        client.spaces.get("A" * 13)
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
        client.spaces.create(NewSpace(title="T"))
    assert raised.value.retry_after == seconds


def test_all_pages_of_a_list_are_read_as_they_are_needed() -> None:
    pages = [json.dumps({"data": [WHO], "next": "a"}), json.dumps({"data": [{**WHO, "id": "2"}], "next": None})]
    with broken_server({"/v1/accounts": [*pages]}) as (url, asked), Client(url) as client:
        rows = client.accounts.list()
        assert not asked, "nothing is asked before a row is wanted"
        assert next(rows).id == "1"
        assert len(asked) == 1
        assert [row.id for row in rows] == ["2"]
    assert len(asked) == 2


def test_an_answer_without_a_body_is_none() -> None:
    with answering(httpx.Response(204)) as client:
        assert client.accounts.follow("@ann") is None


def test_what_a_newer_server_adds_is_passed_over_and_what_an_older_one_lacks_is_the_default() -> None:
    newer = json.dumps({**WHO, "shoe_size": 43})
    older = json.dumps({"data": [WHO]})
    with broken_server({"/v1/accounts/@ann": [newer], "/v1/accounts": [older]}) as (url, _), Client(url) as client:
        assert client.accounts.get("@ann").handle == "@ann"
        assert [row.handle for row in client.accounts.list()] == ["@ann"]


@pytest.mark.parametrize("page", ["<html>hello</html>", '{"other": 1}', "[]", ""])
def test_another_server_at_this_address_is_told(page: str) -> None:
    with (
        broken_server({"/v1/accounts/@ann": [page]}) as (url, _),
        Client(url) as client,
        pytest.raises(
            Unavailable, match="answered with an HTML page" if page.startswith("<") else "is it a spacesctl server"
        ),
    ):
        client.accounts.get("@ann")


@pytest.mark.parametrize("url", ["", "server.test", "http://", "ftp://x", "http://[::1", "http://a b"])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_malformed_address_is_refused_before_anything_is_sent(
    url: str, kind: type[Client] | type[AsyncClient]
) -> None:
    with pytest.raises(Invalid, match="is not the address of a server"):
        kind(url)


def test_text_that_is_no_utf_8_is_refused() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Invalid, match="not UTF-8"):
        client.messages.send(NewMessage(to="@ann", text="\udc80"))


CALLS: dict[str, Call] = {
    "json": lambda client: client.accounts.me(),
    "text": lambda client: client.server.metrics(),
    "bytes": lambda client: client.posts.clip("x"),
    "events": lambda client: list(client.spaces.events("A" * 13)),
    "upload": lambda client: client.upload_clip(Path(__file__)),
}


@pytest.mark.parametrize("name", [*CALLS, "download"])
def test_a_server_that_is_away_or_refuses_is_the_same_error_in_every_call(name: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    calls: dict[str, Call] = {**CALLS, "download": lambda client: client.download("/v1/recordings/1/mix.ogg", target)}
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
    with broken_server({"/v1/accounts/@ann": [json.dumps(WHO)]}) as (url, _):
        async with AsyncClient(url, "spx_x") as client:
            assert (await client.accounts.get("@ann")).name == "Ann"
            with pytest.raises(NotFound):
                await client.spaces.rules("A" * 13)
            with pytest.raises(NotFound):
                await anext(client.spaces.events("A" * 13))
    async with AsyncClient("http://127.0.0.1:9") as away:
        with pytest.raises(Unavailable, match="cannot reach"):
            await away.accounts.me()
        with pytest.raises(Unavailable, match="cannot reach"):
            await anext(away.assignments())
        with pytest.raises(Unavailable, match="cannot reach"):
            await anext(away.accounts.list())


def test_a_code_that_no_error_of_ours_has_is_kept() -> None:
    with answering(problem(405, code="method_not_allowed", detail="x")) as client, pytest.raises(SpacesError) as raised:
        client.accounts.me()
    assert raised.value.code == "method_not_allowed"
    assert SpacesError.code == "error"


def test_a_space_may_be_named_by_its_link_and_nothing_by_an_empty_text() -> None:
    with broken_server({}) as (url, asked), Client(url) as client:
        with pytest.raises(NotFound):
            client.spaces.get(f"{url}/s/AbCdEfGhIjKlM")
        with pytest.raises(Invalid, match="is empty"):
            client.spaces.get("")
    assert [path for path, _ in asked] == ["/v1/spaces/AbCdEfGhIjKlM"]


def test_methods_tell_what_they_take_and_do() -> None:
    with Client("http://server.test") as client:
        assert client.people.mute.__doc__ == "Server-mute a person."
        assert str(inspect.signature(client.people.mute)).startswith("(space_id")
        client.close()


@pytest.mark.anyio
async def test_the_asynchronous_client_moves_files_too(tmp_path: Path) -> None:
    clip = {"id": "c1", "url": "/v1/clips/c1.ogg", "duration_ms": 1000, "bytes": 3}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(201, json=clip) if request.content == b"abc" else httpx.Response(400)
        found = request.url.path == "/v1/recordings/r1/mix.ogg"
        return (
            httpx.Response(200, content=b"sound", headers={"Content-Type": "audio/ogg"})
            if found
            else httpx.Response(404)
        )

    (tmp_path / "in.wav").write_bytes(b"abc")
    async with AsyncClient("http://server.test") as client:
        client._http = httpx.AsyncClient(base_url=client.url, transport=httpx.MockTransport(answer))
        assert (await client.upload_clip(tmp_path / "in.wav")).duration_ms == 1000
        digest = await client.recordings.download("r1", "mix.ogg", tmp_path / "out.ogg")
        assert digest == hashlib.sha256(b"sound").hexdigest()
        assert (tmp_path / "out.ogg").read_bytes() == b"sound"
        with pytest.raises(NotFound):
            await client.recordings.download("r2", "mix.ogg", tmp_path / "none.ogg")
        assert not (tmp_path / "none.ogg").exists()


DEEP = '{"zz":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text=DEEP, headers={"content-type": "application/json"}),
        httpx.Response(400, text=DEEP, headers={"content-type": "application/problem+json"}),
        httpx.Response(429, json={}, headers={"retry-after": "9" * 5_000}),
        httpx.Response(200, json={**WHO, "created_at": "0001-01-01T00:00:00+14:00", "scopes": []}),
    ],
    ids=["deep", "a deep problem", "a long time to wait", "an instant before all"],
)
def test_a_hostile_answer_is_an_error_of_ours(answer: httpx.Response) -> None:
    with answering(answer) as client, pytest.raises(SpacesError):
        client.accounts.me()


def test_an_encoding_that_is_none_is_told() -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    broken = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"{}"), headers=headers))
    client = Client("http://server.test")
    client._http = httpx.Client(base_url=client.url, transport=broken)
    with client, pytest.raises(Unavailable):
        client.accounts.me()


def test_of_an_endless_answer_only_so_much_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacesctl.client.transport.MOST_ANSWER", 1 << 20)
    with (
        answering(httpx.Response(200, text="x" * (2 << 20))) as client,
        pytest.raises(Unavailable, match="more than 1 MiB"),
    ):
        client.server.metrics()


def test_a_list_that_leads_back_to_itself_ends() -> None:
    page = json.dumps({"data": [WHO], "next": "again"})
    with broken_server({"/v1/accounts": [page] * 9}) as (url, asked), Client(url) as client:
        assert len(list(client.accounts.list())) == 2
    assert len(asked) == 2


def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacesctl.client.transport.MOST_PAGES", 6)
    pages = [json.dumps({"data": [WHO], "next": word}) for word in "ab"] * 9
    with (
        broken_server({"/v1/accounts": [*pages]}) as (url, asked),
        Client(url) as client,
        pytest.raises(Unavailable, match="does not end"),
    ):
        list(client.accounts.list())
    assert len(asked) == 6


@pytest.mark.parametrize("url", ["HTTP://Server.Test/", "Http://server.test"])
def test_the_scheme_of_an_address_may_be_in_capitals(url: str) -> None:
    with Client(url) as client:
        assert client.url == "http://server.test"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "nobody listens there; is the server running?"),
        (socket.gaierror(-2, "Name or service not known"), "there is no such name"),
        (TimeoutError("timed out"), "it does not answer in time"),
        (httpx.ReadTimeout("timed out"), "it does not answer in time"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "it does not speak TLS; does its address begin with http://?"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no network leads there"),
        (ConnectionResetError(104, "reset"), "the connection broke off"),
        (httpx.RemoteProtocolError("illegal request line"), "what answers there is no web server"),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            "it ended the connection without an answer",
        ),
        (ExceptionGroup("several", [ConnectionRefusedError(111, "x")]), "nobody listens there; is the server running?"),
        (ValueError("another"), "the connection failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_why_a_server_is_not_reached_is_told_in_words(cause: Exception, said: str) -> None:
    failed = httpx.ConnectError("All connection attempts failed")
    failed.__cause__ = OSError("All connection attempts failed")
    failed.__cause__.__cause__ = cause
    assert str(unreachable("http://a.example", failed)) == f"cannot reach the server at http://a.example: {said}"


@pytest.mark.parametrize("body", ['{"detail": "Not Found"}', "<h1>no</h1>"])
def test_what_is_no_server_of_ours_is_told_from_what_it_has_not(body: str) -> None:
    with pytest.raises(NotFound, match="is its URL right, and is it a spacesctl server"):
        check(httpx.Response(404, content=body))
    ours = '{"code": "not_found", "status": 404, "detail": "there is no Space x"}'
    with pytest.raises(NotFound, match="there is no Space x"):
        check(httpx.Response(404, content=ours))
