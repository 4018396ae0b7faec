"""The servers that are compared: ours, Janus' AudioBridge, and the least that mixes or forwards with aiortc. Each takes an offer."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from spacesctl.client.http import Client
from spacesctl.client.problems import check
from spacesctl.demo.server import Server, serving
from spacesctl.domain.errors import Unavailable

JANUS_FILES: Final = Path(__file__).parents[2] / "tests" / "bench" / "janus"
"""Its configuration: only in a checkout."""
JANUS_LIBRARIES: Final = (
    "/usr/lib/x86_64-linux-gnu/janus",
    "/usr/lib/aarch64-linux-gnu/janus",
    "/usr/lib/janus",
    "/opt/janus/lib",
)
START: Final = 15.0
"""Seconds that a server has to start."""
ROOM: Final = 1234


class Bridge(Protocol):
    """A server that people can speak to and listen to. `name` is how reports call it."""

    name: str

    async def speak(self, offer: str) -> str:
        """The answer to somebody who speaks."""

    async def listen(self, offer: str) -> str:
        """The answer to somebody who listens, and hears everybody."""


class Ours:
    """A live Space; everybody who speaks is an account of its own."""

    def __init__(self, server: Server, http: httpx.AsyncClient, name: str = "spacesctl") -> None:
        self.name = name
        self._server = server
        self._http = http
        self._people = 0
        self._space = ""

    async def open(self) -> None:
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
    """A server of one's own with one live Space."""
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


class Janus:
    """One room of AudioBridge, by Janus' HTTP interface."""

    name = "AudioBridge"

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._sessions: list[asyncio.Task[None]] = []

    async def speak(self, offer: str) -> str:
        return await self._join(offer, muted=False)

    async def listen(self, offer: str) -> str:
        return await self._join(offer, muted=True)

    async def wait(self) -> None:
        async with asyncio.timeout(START):
            while True:
                try:
                    await self._http.get("/janus/info")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.1)

    async def close(self) -> None:
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _join(self, offer: str, *, muted: bool) -> str:
        session = (await self._say("/janus", {"janus": "create"}))["data"]["id"]
        attached = {"janus": "attach", "plugin": "janus.plugin.audiobridge"}
        handle = (await self._say(f"/janus/{session}", attached))["data"]["id"]
        body = {"request": "join", "room": ROOM, "muted": muted, "codec": "opus", "fec": True}
        message = {"janus": "message", "body": body, "jsep": {"type": "offer", "sdp": offer}}
        await self._say(f"/janus/{session}/{handle}", message)
        async with asyncio.timeout(START):
            while True:
                event = (await self._http.get(f"/janus/{session}", timeout=40)).json()
                if "jsep" in event:
                    self._sessions.append(asyncio.create_task(self._keep(session)))
                    return str(event["jsep"]["sdp"])
                if "error" in event.get("plugindata", {}).get("data", {}):
                    raise Unavailable(f"Janus: {event['plugindata']['data']['error']}")

    async def _keep(self, session: int) -> None:
        """Poll, as its clients do: a session that nobody polls is ended."""
        while True:
            await self._http.get(f"/janus/{session}", timeout=60)

    async def _say(self, path: str, what: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = (
            await self._http.post(path, json={**what, "transaction": secrets.token_hex(6)})
        ).json()
        if answer.get("janus") == "error":
            raise Unavailable(f"Janus: {answer['error']['reason']}")
        return answer


def why_no_janus() -> str | None:
    """Why Janus cannot be run here; None when it can."""
    if shutil.which("janus") is None:
        return "Janus is not installed (Debian: apt-get install janus)"
    if not JANUS_FILES.is_dir():
        return "its configuration is part of the source tree (tests/bench/janus), not of the package"
    return None


@asynccontextmanager
async def janus() -> AsyncIterator[Bridge]:
    """Janus with our configuration, on ports of its own. Raises Unavailable where it cannot be run."""
    why = await asyncio.to_thread(why_no_janus)
    if why is not None:
        raise Unavailable(why)
    port = _free_port()
    context = _running_janus(port)
    await asyncio.to_thread(context.__enter__)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http:
            made = Janus(http)
            try:
                await made.wait()
                yield made
            finally:
                await made.close()
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


class Aiortc:
    """A forwarder or mixer in a process of its own (`spacesctl.bench.forwarder`)."""

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
    """The aiortc forwarder."""
    command = (sys.executable, "-m", "spacesctl.bench.forwarder")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
    try:
        yield Aiortc(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


BRIDGES: Final[dict[str, Callable[[], Any]]] = {"spacesctl": ours, "aiortc": aiortc, "AudioBridge": janus}


def _configure(folder: Path, port: int) -> None:
    library = next((one for one in JANUS_LIBRARIES if Path(one).is_dir()), JANUS_LIBRARIES[0])
    first = 40_000 + secrets.randbelow(200) * 100
    values = {
        "FOLDER": str(folder),
        "LIBRARY": library,
        "SECRET": secrets.token_hex(16),
        "PORTS": f"{first}-{first + 99}",
        "HTTP": str(port),
    }
    for file in JANUS_FILES.glob("*.jcfg"):
        text = file.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        (folder / file.name).write_text(text)


@contextmanager
def _running_janus(port: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="janus-") as name:
        folder = Path(name)
        _configure(folder, port)
        with (folder / "log").open("wb") as out:
            command = ["janus", "-F", str(folder)]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
