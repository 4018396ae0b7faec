"""The pages below a path of a host, behind a proxy that takes the path away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.scene import run
from tests.e2e.test_browser import pytestmark as pytestmark
from tests.e2e.test_browser import tab
from tests.running import running_server

PATH = "/rooms"


@asynccontextmanager
async def taking_away(upstream: int, port: int) -> AsyncIterator[None]:
    """A proxy at `/rooms`: each connection has one request, whose path it shortens. What is not below that path, it closes."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, version = (await reader.readline()).decode().split()
        if not path.startswith(f"{PATH}/"):
            writer.close()
            return
        there, to = await asyncio.open_connection("127.0.0.1", upstream)
        to.write(f"{method} {path.removeprefix(PATH)} {version}\r\nConnection: close\r\n".encode())
        while (line := await reader.readline()) != b"\r\n":
            if not line.lower().startswith(b"connection:"):
                to.write(line)
        to.write(line)
        await asyncio.gather(carry(reader, to), carry(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_links_files_and_the_api_are_found_below_the_path(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}{PATH}"

    async def body(upstream: int, space: str) -> None:
        async with taking_away(upstream, port), tab(tmp_path) as browser:
            page = browser.page
            await page.goto(f"{url}/")
            await browser.reads("live", "Below")
            await page.click("#live .name")
            await page.wait_for_url(f"{url}/s/{space}")
            await browser.reads("title", "Below")
            await browser.reads("state", "live")
            sound = await page.get_attribute("link[type='audio/ogg']", "href")
            assert sound == f"{url}/v1/spaces/{space}/listen.ogg"
            await page.click(".brand")
            await page.wait_for_url(f"{url}/")
            await page.click("#live a[href$='@host']")
            await page.wait_for_url(f"{url}/@host")
            await browser.reads("spaces", "Below")
            await page.click("#nav-sign-in")
            await page.wait_for_url(f"{url}/sign-in")
            assert await browser.errors() == []

    with running_server(tmp_path / "data", "--no-bots", "--public-url", url) as server:
        host = server.account("host")
        with server.client(host["token"]) as client:
            space = client.post("/v1/spaces", {"title": "Below", "start": True})
        assert space["link"] == f"{url}/s/{space['id']}"
        run(lambda: body(int(server.url.rsplit(":", 1)[-1]), str(space["id"])))
