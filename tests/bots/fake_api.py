"""A small API in memory: what the bots ask of the server, recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from spacesctl.audio.framing import LANES, pack

RULES = """schema = 1
[limits]
max_auto_actions_per_5min = {most}
[[rule]]
id = "scam-pitch"
mode = "{mode}"
when.any = [ {{ words = ["crypto giveaway"] }}, {{ regex = 'send me your (password|money)' }} ]
actions = ["mute", "report"]
"""


def rules(mode: str = "enforce", most: int = 5) -> str:
    return RULES.format(mode=mode, most=most)


def info(lane: int, account: str = "acc", role: str = "speaker", kind: str = "person") -> dict[str, Any]:
    return {"lane": lane, "account_id": account, "handle": account, "role": role, "kind": kind}


def assignment(space: str = "s", captions: bool = True, rules_hash: str | None = "h") -> Any:
    """A dict of the API, which is an `Assignment` to a bot."""
    return {"space_id": space, "captions": captions, "rules_hash": rules_hash, "host_id": "host", "actions": []}


class FakeLanes:
    """A connection: its messages are those put into `queue`; None closes it, an exception breaks it."""

    def __init__(self, hello: list[dict[str, Any]]) -> None:
        self.hello = {"version": 1, "role": "all", "clock": {"started_at": "", "tick": 0}, "lanes": hello}
        self.queue: asyncio.Queue[bytes | dict[str, Any] | Exception | None] = asyncio.Queue()
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.closed = True

    async def __aiter__(self) -> AsyncIterator[bytes | dict[str, Any]]:
        while (message := await self.queue.get()) is not None:
            if isinstance(message, Exception):
                raise message
            yield message

    def say(self, tick: int, *frames: tuple[int, int, bytes]) -> None:
        self.queue.put_nowait(pack(LANES, tick, frames))


class FakeApi:
    def __init__(self, rules_text: str | None = None) -> None:
        self.rules_text = rules_text
        self.captions: list[dict[str, Any]] = []
        self.acts: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.connections: list[FakeLanes] = []
        self.hello: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        """Raised by the next calls, one each."""
        self.assigned: asyncio.Queue[list[dict[str, Any]]] = asyncio.Queue()
        self.rules_asked = 0

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def assignments(self) -> AsyncIterator[list[dict[str, Any]]]:
        self._fail()
        while True:
            yield await self.assigned.get()

    def lanes(self, space_id: str, role: str = "all") -> FakeLanes:
        self._fail()
        self.connections.append(FakeLanes(list(self.hello)))
        return self.connections[-1]

    async def post_captions(self, space_id: str, captions: list[dict[str, Any]]) -> None:
        self._fail()
        self.captions += captions

    async def rules(self, space_id: str) -> dict[str, Any]:
        self.rules_asked += 1
        self._fail()
        return {"hash": "h", "text": self.rules_text}

    async def act(self, space_id: str, act: dict[str, Any]) -> dict[str, Any]:
        self._fail()
        self.acts.append(act)
        return {}

    async def bot_status(self, status: dict[str, Any]) -> None:
        self.statuses.append(status)


class FakePipeline:
    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.fed: list[tuple[int, list[tuple[int, int, bytes]]]] = []

    def open(self, space: str, lane: int) -> None:
        self.opened.append(lane)

    def frames(self, space: str, tick: int, frames: Any) -> None:
        self.fed.append((tick, [tuple(each) for each in frames]))

    def close(self, space: str, lane: int) -> None:
        self.closed.append(lane)
