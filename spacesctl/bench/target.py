"""The server under test: one of our servers with a live Space, which listeners join by WHEP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import httpx

from spacesctl.api.accounts import NewAccount
from spacesctl.api.spaces import NewSpace
from spacesctl.bench.voice import Talker, packets
from spacesctl.client import addresses
from spacesctl.client.http import Client
from spacesctl.client.problems import check
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.words import Policy
from spacesctl.probe import machine
from spacesctl.probe.accounts import token_of
from spacesctl.probe.jitter_probe import JitterProbe, jitter_probe
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.probe.server_process import Server, serving

CONNECTIONS: Final = 8
"""HTTP connections that all listeners share."""
SPACES_EACH: Final = 20
"""Live Spaces that one host may have."""
UNLIMITED: Final = ("join", "sign_in", "account", "space", "reaction")
"""The rate limits that are switched off."""
ENGINE: Final = "spacesctl.engine"
"""The module in the command line of the engine process."""


class Target:
    """A running server. `space` is its Space, `pid` the engine process; `watching` is a jitter probe on the engine's core, which tells when
    the machine stood still.

    `talking` are the tokens of the speakers. The first listeners join as these speakers, so each of them gets a mix of its own without
    its own voice.
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
        """Exchange a listener's offer and answer by WHEP. Raises the server's error when it refuses."""
        headers = {"Content-Type": "application/sdp"}
        if self._talking:
            headers["Authorization"] = f"Bearer {self._talking.pop()}"
        answer = check(await self._http.post(addresses.whep(self.space), content=listener.offer(), headers=headers))
        listener.location = answer.headers["Location"]
        listener.answer(answer.text)

    async def hang_up(self, listener: PooledListener) -> None:
        """End a listener's session with HTTP DELETE, as a client that leaves does."""
        await self._http.delete(listener.location)

    async def metrics(self) -> dict[str, float]:
        """The engine's metrics by name: `ticks_late`, `work_ms_p99` and so on. Raises Unavailable when the engine does not answer."""
        text = (await self._http.get("/metrics")).text
        found = re.findall(r"^spacesctl_engine_(\w+?)(?:_total)? ([-+.e\d]+)$", text, re.MULTILINE)
        if "ticks" not in (figures := {name: float(value) for name, value in found}):
            raise Unavailable("the engine does not answer: it or this machine is overloaded")
        return figures


@asynccontextmanager
async def target(
    *, speakers: int = 1, packet_ms: str = "20", spaces: int = 1, pin: bool = True
) -> AsyncIterator[Target]:
    """Start a server with `spaces` live Spaces. In the first one, `speakers` talk all the time; the others are idle. `packet_ms` is the
    packet time to the audience in milliseconds, or `auto`. With `pin`, the engine has a core of its own."""
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
    """Make accounts and Spaces. Returns the speakers' tokens and the Spaces' ids; the speakers are on the stage of the first Space."""
    hosts = -(-spaces // SPACES_EACH)
    with Client(server.url, server.owner_token) as owner:
        tokens = [
            token_of(owner.accounts.create(NewAccount(handle=f"bench{number}"))) for number in range(speakers + hosts)
        ]
    ids = list[str]()
    for number in range(hosts):
        with Client(server.url, tokens[-1 - number]) as host:
            ids += [_space(host, f"Bench {place}") for place in range(min(SPACES_EACH, spaces - len(ids)))]
    for token in tokens[:speakers]:
        with Client(server.url, token) as speaker:
            speaker.people.raise_hand(ids[0])
    return tokens[:speakers], ids


def _space(host: Client, title: str) -> str:
    return host.spaces.create(NewSpace(title=title, speakers=Policy.EVERYONE, captions=False, start=True)).id
