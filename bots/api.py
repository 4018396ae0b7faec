"""What the bots need of the API. `spacesctl.client.aio.AsyncClient` is one; tests have a small one of their own."""

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
    """A live Space that wants a bot: captions on or off, and the rules' hash where there are rules."""

    space_id: str
    captions: bool
    rules_hash: str | None
    host_id: str
    actions: list[str]


class Lanes(Protocol):
    """Every lane of a Space apart, while it is open (`async with`).

    `hello` is known then: `{"version", "role", "clock": {"started_at", "tick"}, "lanes": [LaneInfo]}`. It yields lane messages
    (bytes) and events: `lane_opened`, `lane_changed`, `lane_closed`, `rules_changed`, `gap`, `ended`.
    """

    @property
    def hello(self) -> dict[str, Any]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None: ...

    def __aiter__(self) -> AsyncIterator[bytes | dict[str, Any]]: ...


class Api(Protocol):
    """Each call raises an error of `spacesctl.domain.errors`, or OSError when nothing answers."""

    def assignments(self) -> AsyncIterator[list[dict[str, Any]]]:
        """The whole list of assignments, now and each time that it changes."""
        ...

    def lanes(self, space_id: str, role: Literal["all"] = "all") -> Lanes: ...

    async def post_captions(self, space_id: str, captions: list[dict[str, Any]]) -> None: ...

    async def rules(self, space_id: str) -> dict[str, Any]:
        """`{"hash", "text"}` of the Space's rules, both None where there are none."""
        ...

    async def act(self, space_id: str, act: dict[str, Any]) -> dict[str, Any]:
        """Record what a rule did or would have done, and do it when its mode is `enforce`. Idempotent by `key`."""
        ...

    async def bot_status(self, status: dict[str, Any]) -> None: ...
