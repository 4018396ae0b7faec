"""Whom the server believes about where a request comes from, and the path that it is reached below."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from spacesctl.server.http.proxy import BehindProxy, Placed
from tests.api.harness import Api, running_api

pytestmark = pytest.mark.anyio


async def seen(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "host": request.headers["host"],
            "client": request.client and request.client.host,
            "scheme": request.url.scheme,
        }
    )


async def ask(client: str, **headers: str) -> dict[str, Any]:
    app = BehindProxy(Starlette(routes=[Route("/", seen)]), ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside:8420") as http:
        given = {f"X-Forwarded-{name}": value for name, value in headers.items()}
        answer: dict[str, Any] = (await http.get("/", headers=given)).json()
    return answer


@pytest.mark.parametrize(
    ("proxy", "told", "client"),
    [
        ("127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.9.9.9", "192.0.2.1", "192.0.2.1"),
        ("2001:db8::5", "2001:4860::1", "2001:4860::1"),
        ("127.0.0.1", "198.51.100.7, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "127.0.0.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("192.0.2.66", "203.0.113.1", "192.0.2.66"),
        ("11.0.0.1", "203.0.113.1", "11.0.0.1"),
    ],
    ids=["a proxy", "its network", "IPv6", "the first is forged", "two proxies", "not a proxy", "nearly a proxy"],
)
async def test_the_client_is_whom_the_last_trusted_proxy_saw(proxy: str, told: str, client: str) -> None:
    found = await ask(proxy, For=told, Proto="https", Host="voice.example.org")
    believed = client != proxy
    assert found["client"] == client
    assert found["scheme"] == ("https" if believed else "http")
    assert found["host"] == ("voice.example.org" if believed else "inside:8420")


@pytest.mark.parametrize("prefix", ["", "/spaces"], ids=["taken off by the proxy", "left on"])
async def test_below_a_path_everything_is_found_and_what_is_answered_leads_there(
    tmp_path: Any, prefix: str, anyio_backend: str
) -> None:
    async with running_api(tmp_path / "data") as api:
        api.app.base_url = "https://voice.example.org/spaces"
        below = Placed(api.asgi, api.app.base_url)
        host = await api.account("host")
        host.http._transport = httpx.ASGITransport(below)
        made = await host.ok("POST", f"{prefix}/v1/spaces", {"title": "T", "start": True})
        assert made["link"] == f"https://voice.example.org/spaces/s/{made['id']}"
        assert (await host.call("GET", f"{prefix}/s/{made['id']}")).status_code == 200
        assert (await host.call("GET", f"{prefix}/web/space.css")).headers["content-type"].startswith("text/css")
        joined = await host.offer(f"{prefix}/v1/spaces/{made['id']}/whip")
        assert joined.headers["Location"].startswith(f"/spaces/v1/spaces/{made['id']}/whip/")
        assert (await host.call("DELETE", joined.headers["Location"])).status_code == 200
        assert (await host.call("GET", "/spacesque/v1/spaces")).status_code == 404


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via"])
async def test_a_proxy_on_this_machine_gets_no_metrics_for_others(api: Api, name: str) -> None:
    assert (await api.nobody.call("GET", "/metrics", headers={name: "127.0.0.1"})).status_code == 403


@pytest.fixture
async def api(tmp_path: Any, anyio_backend: str) -> Any:
    async with running_api(tmp_path / "data") as running:
        yield running
