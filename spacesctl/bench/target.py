"""The server under test: a Space on a server of its own, whose listeners join by WHEP (or by an engine's own door)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx

from spacesctl.bench.voice import Talker, packets
from spacesctl.client.http import Client
from spacesctl.client.problems import check
from spacesctl.domain.errors import Unavailable
from spacesctl.probe import machine
from spacesctl.probe.jitter_probe import JitterProbe, jitter_probe
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.probe.server_process import Server, serving

CONNECTIONS: Final = 8
"""HTTP connections that all listeners share."""
SPACES_EACH: Final = 20
"""Live Spaces that one host may have."""
UNLIMITED: Final = ("join", "sign_in", "account", "space")
ENGINE: Final = "spacesctl.engine"


class Target:
    """`signal` joins a listener; `pid` is the process that sends the sound, `watching` tells when its core stood still.

    The first listeners are those who talk: each hears a mix of its own, everybody but itself.
    """

    def __init__(
        self,
        server: Server,
        http: httpx.AsyncClient,
        space: str,
        pid: int,
        watching: JitterProbe,
        talking: Sequence[str] = (),
    ) -> None:
        self.server = server
        self.space = space
        self.pid = pid
        self.watching = watching
        self._http = http
        self._talking = list(talking)

    async def signal(self, listener: PooledListener) -> None:
        """WHEP (RFC 9725's sister): an offer up, an answer back."""
        headers = {"Content-Type": "application/sdp"}
        if self._talking:
            headers["Authorization"] = f"Bearer {self._talking.pop()}"
        answer = check(
            await self._http.post(f"/v1/spaces/{self.space}/whep", content=listener.offer(), headers=headers)
        )
        listener.location = answer.headers["Location"]
        listener.answer(answer.text)

    async def hang_up(self, listener: PooledListener) -> None:
        """DELETE, as a client that leaves does."""
        await self._http.delete(listener.location)

    async def metrics(self) -> dict[str, float]:
        """The engine's figures by their names: `ticks_late`, `work_ms_p99` and so on. Raises Unavailable when it does not answer."""
        text = (await self._http.get("/metrics")).text
        found = re.findall(r"^spacesctl_engine_(\w+?)(?:_total)? ([-+.e\d]+)$", text, re.MULTILINE)
        if "ticks" not in (figures := {name: float(value) for name, value in found}):
            raise Unavailable("the engine does not answer: it, or this machine, has more to do than it can")
        return figures


@asynccontextmanager
async def target(
    *, speakers: int = 1, packet_ms: str = "20", spaces: int = 1, pin: bool = True
) -> AsyncIterator[Target]:
    """A live Space with so many who talk all the time; further `spaces` are live and idle."""
    machine.need_linux()
    limits = {f"SPACESCTL_LIMITS__{name.upper()}": "off" for name in UNLIMITED}
    async with AsyncExitStack() as stack:
        context = serving("--no-bots", SPACESCTL_AUDIENCE_PACKET_MS=packet_ms, **limits)
        server = await asyncio.to_thread(stack.enter_context, context)
        await asyncio.to_thread(server.wait)
        pid = next(pid for pid, line in machine.children(server.process.pid).items() if ENGINE in line)
        measured, rest = machine.cores()
        watching = await stack.enter_async_context(jitter_probe(measured if pin else None))
        if pin:
            machine.pin(pid, measured)
            machine.pin(server.process.pid, rest)
            machine.pin_self(rest)
        tokens, ids = await asyncio.to_thread(_open, server, speakers, spaces)
        http = httpx.AsyncClient(
            base_url=server.url, timeout=30, limits=httpx.Limits(max_connections=CONNECTIONS), trust_env=False
        )
        await stack.enter_async_context(http)
        for number, token in enumerate(tokens):
            said = packets(number)
            start = 37 * number % len(said)
            await stack.enter_async_context(Talker(server.url, token, ids[0], said[start:] + said[:start]))
        yield Target(server, http, ids[0], pid, watching, tokens)


def _open(server: Server, speakers: int, spaces: int) -> tuple[list[str], list[str]]:
    """Accounts and Spaces: the speakers' tokens, and the Spaces' ids, the first with the speakers on its stage."""
    hosts = -(-spaces // SPACES_EACH)
    with Client(server.url, server.owner_token) as owner:
        made = [
            owner.post("/v1/accounts", {"handle": f"bench{number}", "kind": "person"})
            for number in range(speakers + hosts)
        ]
    tokens, ids = [one["token"] for one in made], list[str]()
    for number in range(hosts):
        with Client(server.url, tokens[-1 - number]) as host:
            ids += [_space(host, f"Bench {place}") for place in range(min(SPACES_EACH, spaces - len(ids)))]
    for token in tokens[:speakers]:
        with Client(server.url, token) as speaker:
            speaker.post(f"/v1/spaces/{ids[0]}/requests", {})
    return tokens[:speakers], ids


def _space(host: Client, title: str) -> str:
    fields: dict[str, Any] = {"title": title, "speakers": "everyone", "captions": False}
    made = host.post("/v1/spaces", fields)
    host.post(f"/v1/spaces/{made['id']}/start", {})
    return str(made["id"])
