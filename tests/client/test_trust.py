"""Which certificates a client reads."""

from __future__ import annotations

import ssl

import httpx
import pytest

from spacesctl.client.aio import AsyncClient
from spacesctl.client.http import Client
from spacesctl.client.transport import trust


def test_plain_http_needs_no_certificates_and_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    found = trust("http://127.0.0.1:8420")
    assert isinstance(found, ssl.SSLContext)
    assert found.verify_mode is ssl.CERT_REQUIRED
    assert found.get_ca_certs() == []


def test_https_and_a_proxy_with_tls_are_checked_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust("https://live.example") is True
    monkeypatch.setenv("http_proxy", "https://proxy.example:3128")
    assert trust("http://live.example") is True


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
