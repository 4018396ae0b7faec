"""The servers that `bench loss` and `bench mouth-to-ear` compare: ours, Janus' AudioBridge, and a minimal forwarder made with aiortc."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol

import httpx

from spacesctl.api.accounts import NewAccount
from spacesctl.api.spaces import NewSpace
from spacesctl.bench.janus import audiobridge
from spacesctl.client import addresses
from spacesctl.client.aio import AsyncClient
from spacesctl.client.problems import check
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.words import Policy
from spacesctl.probe.accounts import token_of
from spacesctl.probe.children import ends_with_parent
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
        new = NewSpace(title="Bench", speakers=Policy.EVERYONE, captions=False, start=True)
        async with AsyncClient(self._server.url, await self._account()) as host:
            self._space = (await host.spaces.create(new)).id

    async def speak(self, offer: str) -> str:
        token = await self._account()
        async with AsyncClient(self._server.url, token) as speaker:
            await speaker.people.raise_hand(self._space)
        return await self._post(addresses.whip(self._space), offer, {"Authorization": f"Bearer {token}"})

    async def listen(self, offer: str) -> str:
        return await self._post(addresses.whep(self._space), offer, {})

    async def _post(self, path: str, offer: str, headers: dict[str, str]) -> str:
        headers = headers | {"Content-Type": "application/sdp"}
        return check(await self._http.post(path, content=offer, headers=headers)).text

    async def _account(self) -> str:
        self._people += 1
        token = await asyncio.to_thread(lambda: self._server.owner_token)
        async with AsyncClient(self._server.url, token) as owner:
            return token_of(await owner.accounts.create(NewAccount(handle=f"bench{self._people}")))


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
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, limit=1 << 20, preexec_fn=ends_with_parent()
    )
    try:
        yield Aiortc(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


BRIDGES: Final[dict[str, Callable[[], AbstractAsyncContextManager[Bridge]]]] = {
    "spacesctl": ours,
    "aiortc": aiortc,
    "AudioBridge": audiobridge,
}
"""By name, how to start each server: an async context manager that gives a `Bridge`."""
