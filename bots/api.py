"""The part of the API that the bots use: `ServerApi` is the real one, the tests have a fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from spacesctl.api.captions import Assignment, BotStatus, NewCaption, NewCaptions
from spacesctl.api.chat import NewDraftMask, NewMask
from spacesctl.api.lanes import Hello, LaneEvent
from spacesctl.api.moderation import Act, NewAct, RuleFile
from spacesctl.api.redactions import NewRedaction, Redaction, RedactionChange
from spacesctl.client.aio import AsyncClient
from spacesctl.client.lanes import Lanes as ClientLanes


class Lanes(Protocol):
    """A connection (`async with`) that carries each lane of a Space separately. Iterating yields lane messages (bytes) and events."""

    @property
    def hello(self) -> Hello: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool | None: ...

    def __aiter__(self) -> AsyncIterator[bytes | LaneEvent]: ...


class RedactionApi(Protocol):
    """What keeps sound from the audience. Errors are those of `Api`."""

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        """Keep a stretch of a lane from the audience. Idempotent by `key`: the same again is answered as the first time."""

    async def change_redaction(self, space_id: str, redaction_id: str, change: RedactionChange) -> Redaction:
        """Move, narrow or widen a redaction."""

    async def withdraw_redaction(self, space_id: str, redaction_id: str) -> None:
        """Let the audience hear what it has not heard yet of a redaction."""


class Api(RedactionApi, Protocol):
    """Each call raises an error of `spacesctl.domain.errors`, or OSError when the server does not answer."""

    def assignments(self) -> AsyncIterator[list[Assignment]]:
        """The whole list of assignments: once at the start, then after each change."""

    def lanes(self, space_id: str) -> Lanes:
        """A connection to every lane of a Space, to be opened with `async with`."""

    async def post_captions(self, space_id: str, captions: Sequence[NewCaption]) -> None:
        """Publish captions."""

    async def rules(self, space_id: str) -> RuleFile:
        """The Space's rules."""

    async def act(self, space_id: str, act: NewAct) -> Act:
        """Record what a rule did or would have done, and do it when its mode is `enforce`. Idempotent by `key`."""

    async def mask_text(self, space_id: str, number: int, mask: NewMask) -> None:
        """Keep words of a text from the audience. The same again changes nothing."""

    async def hide_typed(self, space_id: str, mask: NewDraftMask) -> None:
        """Show the audience no more of what somebody types, until it is final."""

    async def bot_status(self, status: BotStatus) -> None:
        """Tell the server whether captions work."""


class ServerApi:
    """The API of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def assignments(self) -> AsyncIterator[list[Assignment]]:
        return self._client.assignments()

    def lanes(self, space_id: str) -> ClientLanes:
        return self._client.lanes(space_id, "all")

    async def post_captions(self, space_id: str, captions: Sequence[NewCaption]) -> None:
        await self._client.spaces.post_captions(space_id, NewCaptions(captions=list(captions)))

    async def rules(self, space_id: str) -> RuleFile:
        return await self._client.spaces.rules(space_id)

    async def act(self, space_id: str, act: NewAct) -> Act:
        return await self._client.spaces.act(space_id, act)

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        return await self._client.redactions.make(space_id, new, idempotency_key=key)

    async def change_redaction(self, space_id: str, redaction_id: str, change: RedactionChange) -> Redaction:
        return await self._client.redactions.change(space_id, redaction_id, change)

    async def withdraw_redaction(self, space_id: str, redaction_id: str) -> None:
        await self._client.redactions.withdraw(space_id, redaction_id)

    async def mask_text(self, space_id: str, number: int, mask: NewMask) -> None:
        await self._client.chat.mask(space_id, number, mask)

    async def hide_typed(self, space_id: str, mask: NewDraftMask) -> None:
        await self._client.chat.hide_typed(space_id, mask)

    async def bot_status(self, status: BotStatus) -> None:
        await self._client.server.bot_status(status)
