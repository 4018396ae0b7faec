"""The snippets of `deploy/` as they stand, run by the real proxies: only addresses and files are put in."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from spacesctl.client.lanes import Lanes
from tests.certificates import Authority
from tests.e2e.scene import Scene, run, scene
from tests.e2e.test_browser import CHROMIUM, tab
from tests.listening import voice
from tests.raw import AsyncRaw
from tests.running import wait_until
from tests.typed import async_generator
from tests.webrtc import SpeakerPeer

DEPLOY = Path(__file__).parents[2] / "deploy"
PUBLIC = "voice.example.org"
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    {snippet}
}}
"""


def put_in(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"the snippet has no {old}"
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    live = f"/etc/letsencrypt/live/{PUBLIC}"
    snippet = put_in(
        (DEPLOY / "nginx.conf").read_text(), ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("127.0.0.1:8420", upstream),
        (f"{live}/fullchain.pem", f"{folder}/cert.pem"), (f"{live}/privkey.pem", f"{folder}/key.pem"),
        (f"server_name {PUBLIC}", "server_name localhost"),
    )  # fmt: skip
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, snippet=snippet))
    return [
        shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx",
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
    ]


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    """Its own certificates are for the world; here it is given one."""
    site = f"https://localhost:{port} {{\n\ttls {folder}/cert.pem {folder}/key.pem"
    snippet = put_in((DEPLOY / "Caddyfile").read_text(), ("127.0.0.1:8420", upstream), (f"{PUBLIC} {{", site))
    # The public name stands in the first comment too, which is none of Caddy's business.
    snippet = "\n".join(line for line in snippet.splitlines() if not line.startswith("#"))
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}}\n{snippet}\n"
    )
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


PROXIES = [
    pytest.param(
        make,
        id=make.__name__,
        marks=pytest.mark.skipif(
            shutil.which(make.__name__, path="/usr/sbin:/usr/bin") is None, reason=f"{make.__name__} is not installed"
        ),
    )
    for make in (nginx, caddy)
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin"}
        )
    try:
        wait_until(lambda: _answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "proxy.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@asynccontextmanager
async def proxied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, int, str], list[str]]
) -> AsyncIterator[tuple[Scene, str]]:
    """A live Space of a server behind the proxy, and the server's public URL."""
    authority = Authority(tmp_path)
    authority.issue(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    port = free_port()
    url = f"https://localhost:{port}/spaces"
    async with scene(
        tmp_path, "ann", flags=("--no-bots", "--behind-proxy", "--public-url", url), title="Behind"
    ) as room:
        with running(make(tmp_path, port, room.server.http), port, tmp_path):
            yield room, url


@pytest.mark.timeout(40)
@pytest.mark.parametrize("make", PROXIES)
def test_events_lanes_and_whip_work_through_the_proxy_below_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, int, str], list[str]]
) -> None:
    async def body() -> None:
        async with (
            proxied(tmp_path, monkeypatch, make) as (room, url),
            AsyncRaw(url, room.tokens["host"]) as host,
            AsyncRaw(url) as anyone,
        ):
            assert (await host.call("GET", room.place))["link"] == f"{url}/s/{room.space}"
            events = async_generator(anyone.events(f"{room.place}/events"))
            async with asyncio.timeout(5):  # far below the heartbeat, which would push a buffer on
                assert (await anext(events))["type"] == "hello"
                await host.call("PATCH", room.place, {"title": "Renamed"})
                while (event := await anext(events))["type"] != "space.edited":
                    pass
            assert event["data"]["title"] == "Renamed"
            async with Lanes(url, room.tokens["host"], room.space, "listen") as lanes:
                assert lanes.hello.role == "listen"
            async with httpx.AsyncClient() as http:
                await whip_and_leave(http, url, room)
                forbidden = await http.get(f"{url}/metrics")
                assert forbidden.status_code == 403, "it is asked for somebody else"
                page = await http.get(f"{url}/s/{room.space}")
                assert page.status_code == 200
            assert await room.metric("spacesctl_event_streams") == 1
            await events.aclose()
            async with asyncio.timeout(5):
                while await room.metric("spacesctl_event_streams"):  # the proxy lets go of what its client let go of
                    await asyncio.sleep(0.05)

    run(body)


async def listeners(room: Scene, number: int) -> None:
    """Until as many listen without an account."""
    async with asyncio.timeout(8):
        while (await room.anyone.call("GET", f"{room.place}/people"))["anonymous"] != number:
            await asyncio.sleep(0.05)


async def whip_and_leave(http: httpx.AsyncClient, url: str, room: Scene) -> None:
    peer = SpeakerPeer(voice(11, 1.0))
    headers = {"Authorization": f"Bearer {room.tokens['ann']}", "Content-Type": "application/sdp"}
    answer = await http.post(f"{url}{room.place}/whip", content=await peer.offer(), headers=headers)
    assert answer.status_code == 201, answer.text
    await peer.accept(answer.text)
    await peer.joined()
    place = answer.headers["Location"]
    assert place.startswith(f"/spaces{room.place}/whip/")
    assert (await http.delete(str(httpx.URL(url).join(place)))).status_code == 200
    await peer.close()


@pytest.mark.timeout(60)
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("make", PROXIES)
def test_the_page_lives_below_the_path_of_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, int, str], list[str]]
) -> None:
    async def body() -> None:
        async with (
            proxied(tmp_path, monkeypatch, make) as (room, url),
            tab(tmp_path, ignore_https_errors=True) as browser,
        ):
            await browser.page.goto(f"{url}/s/{room.space}")
            await browser.reads("title", "Behind")
            await browser.page.click("#listen")
            await browser.reads("listen", "stop listening")
            await listeners(room, 1)
            await room.as_host.call("PATCH", room.place, {"title": "Renamed"})
            await browser.reads("title", "Renamed")
            await browser.page.click("#listen")
            await listeners(room, 0)
            assert await browser.errors() == []

    run(body)
