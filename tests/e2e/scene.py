"""A live Space on a real server, its accounts, and whoever takes part over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.raw import AsyncRaw
from tests.running import RunningServer, running_server

TICK = 0.02
WITHIN = 5
"""Ticks, 100 ms: within how long a voice is gone, or there again."""


class Scene:
    """`as_host`, `as_("ann")`, `anyone` are clients; a new Space is public, live, and everybody may speak in it."""

    def __init__(self, server: RunningServer, stack: AsyncExitStack) -> None:
        self.server = server
        self.stack = stack
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.space = ""
        self._clients: dict[str | None, AsyncRaw] = {}

    async def setting(self, *handles: str, **space: Any) -> None:
        """Accounts for the host and `handles`, a live Space, and the stage for each of them."""
        await self.open()
        for handle in ("host", *handles):
            await self.account(handle)
        self.as_host = self.as_("host")
        self.space = await self.new_space(**space)
        for handle in handles:
            await self.as_(handle).call("POST", f"{self.place}/requests")

    async def open(self) -> None:
        self.anyone = await self._client(None)

    async def account(self, handle: str) -> str:
        """A new account; its token."""
        made = await asyncio.to_thread(self.server.account, handle)
        self.tokens[handle], self.ids[handle] = made["token"], made["id"]
        await self._client(handle)
        return str(made["token"])

    async def new_space(self, host: str = "host", *, start: bool = True, **fields: Any) -> str:
        body = {"title": "The test", "speakers": "everyone", "captions": False, **fields}
        made = await self.as_(host).call("POST", "/v1/spaces", body)
        if start:
            await self.as_(host).call("POST", f"/v1/spaces/{made['id']}/start")
        return str(made["id"])

    @property
    def place(self) -> str:
        return f"/v1/spaces/{self.space}"

    def as_(self, handle: str) -> AsyncRaw:
        return self._clients[handle]

    async def act(self, what: str, handle: str, by: str = "host") -> dict[str, Any]:
        """`mute`, `unmute`, `demote` or `kick` somebody."""
        done: dict[str, Any] = await self.as_(by).call("POST", f"{self.place}/people/@{handle}/{what}", {})
        return done

    async def metric(self, name: str) -> float:
        text = await asyncio.to_thread(self._metrics)
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.split()[0].partition("{")[0] == name)

    def _metrics(self) -> str:
        import httpx

        return httpx.get(f"{self.server.url}/metrics").text

    async def _client(self, handle: str | None) -> AsyncRaw:
        made = AsyncRaw(self.server.url, self.tokens.get(handle or ""))
        self._clients[handle] = await self.stack.enter_async_context(made)
        return made


@asynccontextmanager
async def scene(
    tmp_path: Path, *handles: str, flags: Sequence[str] = ("--no-bots",), **space: Any
) -> AsyncIterator[Scene]:
    """A server with a live Space; whatever entered `stack` is left before the server is stopped, and it must stop cleanly."""
    async with server_again(tmp_path, flags=flags) as made:
        await made.setting(*handles, **space)
        yield made


@asynccontextmanager
async def server_again(tmp_path: Path, *, flags: Sequence[str] = ("--no-bots",)) -> AsyncIterator[Scene]:
    """The server alone, with whatever its folder has by now."""
    context = running_server(tmp_path / "data", *flags)
    server = await asyncio.to_thread(context.__enter__)
    try:
        async with AsyncExitStack() as stack:
            made = Scene(server, stack)
            await made.open()
            yield made
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def until(true: Callable[[], Any], seconds: float = 8.0, why: str = "it did not come to be") -> Any:
    """Until `true()` is; its value."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := true()):
                await asyncio.sleep(0.02)
            return found
    except TimeoutError:
        raise AssertionError(why) from None


def run(body: Callable[[], Awaitable[None]]) -> None:
    """Run the body of a test on a loop of its own."""

    async def whole() -> None:
        await body()

    asyncio.run(whole())
