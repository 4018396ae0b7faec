"""The part of the API that the bots use. `spacesctl.client.aio.AsyncClient` implements it; the tests have a fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypedDict


class LaneInfo(TypedDict):
    """Who speaks on a lane. `role`: host, cohost or speaker; `kind`: person, brand or bot."""

    lane: int
    account_id: str
    handle: str
    role: str
    kind: str


class Assignment(TypedDict):
    """A live Space that needs the bot: whether captions are on, and the hash of its rules, None without rules."""

    space_id: str
    captions: bool
    rules_hash: str | None
    host_id: str
    actions: list[str]


class Lanes(Protocol):
    """A connection (`async with`) that carries each lane of a Space separately.

    Once it is open, `hello` is `{"version", "role", "clock": {"started_at", "tick"}, "lanes": [LaneInfo]}`. Iterating yields lane
    messages (bytes) and events (dicts): `lane_opened`, `lane_changed`, `lane_closed`, `rules_changed`, `gap`, `ended`.
    """

    @property
    def hello(self) -> dict[str, Any]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None: ...

    def __aiter__(self) -> AsyncIterator[bytes | dict[str, Any]]: ...


class Api(Protocol):
    """Each call raises an error of `spacesctl.domain.errors`, or OSError when the server does not answer."""

    def assignments(self) -> AsyncIterator[list[dict[str, Any]]]:
        """The whole list of assignments: once at the start, then after each change."""
        ...

    def lanes(self, space_id: str, role: Literal["all"] = "all") -> Lanes:
        """A connection to every lane of a Space, to be opened with `async with`."""
        ...

    async def post_captions(self, space_id: str, captions: list[dict[str, Any]]) -> None:
        """Publish captions, as `bots.transcriber.caption` makes them."""
        ...

    async def rules(self, space_id: str) -> dict[str, Any]:
        """`{"hash", "text"}` of the Space's rules; both are None when it has no rules."""
        ...

    async def act(self, space_id: str, act: dict[str, Any]) -> dict[str, Any]:
        """Record what a rule did or would have done, and do it when its mode is `enforce`. Idempotent by `key`."""
        ...

    async def bot_status(self, status: dict[str, Any]) -> None:
        """Tell the server whether captions work: `Supervisor.status`."""
        ...
