"""Which certificates a client reads, and which server a token is sent to."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from spacesctl.client import profile
from spacesctl.client.aio import AsyncClient
from spacesctl.client.connecting import trust
from spacesctl.client.http import Client


def test_plain_http_needs_no_certificates_and_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    found = trust("http://127.0.0.1:8420")
    assert isinstance(found, ssl.SSLContext)
    assert found.verify_mode is ssl.CERT_REQUIRED
    assert found.get_ca_certs() == []


def test_https_and_a_proxy_with_tls_are_checked_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust("https://live.example").get_ca_certs()
    monkeypatch.setenv("http_proxy", "https://proxy.example:3128")
    assert trust("http://live.example").get_ca_certs()
    assert not trust("http://127.0.0.1:8420").get_ca_certs()


@pytest.mark.parametrize("name", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"])
def test_a_server_on_this_machine_is_asked_without_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    with Client(f"http://{name}:8420") as client, Client("http://live.example") as other:
        direct = client._http._transport_for_url(httpx.URL(f"http://{name}:8420/v1"))
        assert direct is client._http._transport
        assert other._http._transport_for_url(httpx.URL("http://live.example/v1")) is not other._http._transport


@pytest.mark.anyio
async def test_so_does_the_client_with_an_event_loop(monkeypatch: pytest.MonkeyPatch, anyio_backend: str) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    async with AsyncClient("http://127.0.0.1:8420") as client:
        assert client._http._transport_for_url(httpx.URL("http://127.0.0.1:8420/")) is client._http._transport


MINE = "http://127.0.0.1:8420"
PROFILE = f'url = "{MINE}"\ntoken = "spx_owner"\n'


@pytest.mark.parametrize(
    ("flag", "environment", "folder", "stored", "expected"),
    [
        (None, {}, {}, PROFILE, (MINE, "spx_owner", None)),
        (MINE + "/", {}, {}, PROFILE, (MINE, "spx_owner", None)),
        ("http://evil.example", {}, {}, PROFILE, ("http://evil.example", None, MINE)),
        (None, {}, {"URL": "http://evil.example"}, PROFILE, ("http://evil.example", None, MINE)),
        (None, {"URL": "http://other.example"}, {}, PROFILE, ("http://other.example", None, MINE)),
        (None, {"TOKEN": "spx_env"}, {"URL": "http://evil.example"}, PROFILE, ("http://evil.example", None, MINE)),
        (None, {"TOKEN": "spx_env"}, {}, PROFILE, (MINE, "spx_env", None)),
        (None, {"TOKEN": "spx_env", "URL": "http://b"}, {}, PROFILE, ("http://b", "spx_env", None)),
        ("http://a", {"TOKEN": "spx_env"}, {}, PROFILE, ("http://a", "spx_env", None)),
        ("http://a", {"TOKEN": "spx_env", "URL": "http://b"}, {}, PROFILE, ("http://a", None, "http://b")),
        (MINE, {"TOKEN": "spx_env", "URL": "http://b"}, {}, PROFILE, (MINE, "spx_owner", None)),
        (None, {}, {"URL": "http://c", "TOKEN": "spx_c"}, PROFILE, ("http://c", "spx_c", None)),
        (None, {"TOKEN": ""}, {}, PROFILE, (MINE, None, None)),
        (None, {}, {}, 'token = "spx_owner"', (MINE, "spx_owner", None)),
        ("http://a", {}, {}, 'token = "spx_owner"', ("http://a", None, MINE)),
    ],
)
def test_a_token_is_sent_only_to_the_server_that_it_was_given_for(
    monkeypatch: pytest.MonkeyPatch,
    flag: str | None,
    environment: dict[str, str],
    folder: dict[str, str],
    stored: str,
    expected: tuple[str, str | None, str | None],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"SPACESCTL_{name}", value)
    Path(".env").write_text("".join(f"SPACESCTL_{name}={value}\n" for name, value in folder.items()))
    profile.profile_path().parent.mkdir(parents=True, exist_ok=True)
    profile.profile_path().write_text(stored)
    found = profile.find(flag)
    assert (found.url, found.token, found.withheld) == expected
