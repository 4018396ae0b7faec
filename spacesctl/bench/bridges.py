"""The servers that `bench loss` and `bench mouth-to-ear` compare: ours, Janus' AudioBridge, and a minimal forwarder made with aiortc."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

import httpx

from spacesctl.bench.janus import audiobridge
from spacesctl.client.http import Client
from spacesctl.client.problems import check
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.server_process import Server, serving

START: Final = 15.0
"""Seconds that a server has to start."""


class Bridge(Protocol):
    """A server that speakers and listeners can join. `name` is its name in reports."""

    name: str

    async def speak(self, offer: str) -> str:
        """Add a speaker. Returns the SDP answer to its offer."""

    async def listen(self, offer: str) -> str:
        """Add a listener, who hears all speakers. Returns the SDP answer to its offer."""


class Ours:
    """Our server, with one live Space. Each speaker has their own account."""

    def __init__(self, server: Server, http: httpx.AsyncClient, name: str = "spacesctl") -> None:
        self.name = name
        self._server = server
        self._http = http
        self._people = 0
        self._space = ""

    async def open(self) -> None:
        """Make and start the Space."""
        token = await self._account()
        self._space = await asyncio.to_thread(self._make_space, token)

    async def speak(self, offer: str) -> str:
        token = await self._account()
        await self._post("requests", token, json={})
        return await self._post("whip", token, content=offer)

    async def listen(self, offer: str) -> str:
        return await self._post("whep", None, content=offer)

    async def _post(self, what: str, token: str | None, **body: Any) -> str:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if "content" in body:
            headers["Content-Type"] = "application/sdp"
        return check(await self._http.post(f"/v1/spaces/{self._space}/{what}", headers=headers, **body)).text

    async def _account(self) -> str:
        self._people += 1
        handle = f"bench{self._people}"
        body = {"handle": handle, "kind": "person"}
        owner = await asyncio.to_thread(lambda: self._server.owner_token)
        headers = {"Authorization": f"Bearer {owner}"}
        made = check(await self._http.post("/v1/accounts", json=body, headers=headers)).json()
        return str(made["token"])

    def _make_space(self, token: str) -> str:
        with Client(self._server.url, token) as host:
            made = host.post("/v1/spaces", {"title": "Bench", "speakers": "everyone", "captions": False})
            host.post(f"/v1/spaces/{made['id']}/start", {})
        return str(made["id"])


@asynccontextmanager
async def ours() -> AsyncIterator[Bridge]:
    """Start one of our servers, with one live Space."""
    context = serving("--no-bots")
    server = await asyncio.to_thread(context.__enter__)
    try:
        await asyncio.to_thread(server.wait)
        async with httpx.AsyncClient(base_url=server.url, timeout=15, trust_env=False) as http:
            made = Ours(server, http)
            await made.open()
            yield made
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


class Aiortc:
    """The aiortc forwarder (`spacesctl.bench.aiortc_forwarder`) in its own process."""

    name = "aiortc"

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._turn = asyncio.Lock()

    async def speak(self, offer: str) -> str:
        return await self._ask({"kind": "up", "sdp": offer})

    async def listen(self, offer: str) -> str:
        return await self._ask({"kind": "down", "sdp": offer})

    async def _ask(self, what: dict[str, str]) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        async with self._turn, asyncio.timeout(START):
            stdin.write(json.dumps(what).encode() + b"\n")
            line = await stdout.readline()
        if not line:
            raise Unavailable("the aiortc process ended")
        return str(json.loads(line)["sdp"])


@asynccontextmanager
async def aiortc() -> AsyncIterator[Bridge]:
    """Start the aiortc forwarder."""
    command = (sys.executable, "-m", "spacesctl.bench.aiortc_forwarder")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
    try:
        yield Aiortc(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


BRIDGES: Final[dict[str, Callable[[], Any]]] = {"spacesctl": ours, "aiortc": aiortc, "AudioBridge": audiobridge}
"""By name, how to start each server: an async context manager that gives a `Bridge`."""
