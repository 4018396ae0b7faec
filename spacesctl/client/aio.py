"""The asynchronous client, for bots and other programs with an event loop."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Literal

import httpx
from httpx_sse import aconnect_sse

from spacesctl.client.http import STREAM_TIMEOUT, TIMEOUT, segment
from spacesctl.client.lanes import Lanes
from spacesctl.client.problems import check, unreachable


class AsyncClient:
    """A client of the HTTP API, to be used with `async with`.

    Every call raises the errors of `domain.errors`: the server's own, and `Unavailable` when it cannot be reached.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=TIMEOUT)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Send a request with a JSON body; the JSON of the answer, or None when it has none."""
        try:
            answer = check(await self._http.request(method, path, json=body, params=params))
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None

    async def events(
        self, path: str, *, last_event_id: str | None = None, **params: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Server-Sent Events as they come, until the stream ends: the JSON data of each, with `id` if it has one."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            async with aconnect_sse(
                self._http, "GET", path, params=params, headers=headers, timeout=STREAM_TIMEOUT
            ) as source:
                if not source.response.is_success:
                    await source.response.aread()
                check(source.response)
                async for event in source.aiter_sse():
                    if event.data:  # httpx-sse makes an empty event of the server's keep-alive comment
                        yield {**json.loads(event.data), **({"id": event.id} if event.id else {})}
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def lanes(self, space_id: str, role: Literal["speak", "listen", "all"] = "all") -> Lanes:
        """A connection for sound, to be opened with `async with`."""
        return Lanes(self.url, self._token, space_id, role)

    async def assignments(self) -> AsyncIterator[list[dict[str, Any]]]:
        """For the bundled bot: the whole list of Spaces that need it, each time it changes."""
        async for event in self.events("/v1/bots/assignments"):
            yield event["data"]

    async def post_captions(self, space_id: str, captions: list[dict[str, Any]]) -> None:
        """For the bundled bot: publish captions of a Space."""
        await self.call("POST", f"/v1/spaces/{segment(space_id)}/captions", {"captions": captions})

    async def rules(self, space_id: str) -> dict[str, Any]:
        """`{"hash", "text"}` of a Space's rules; both are None when it has none."""
        found: dict[str, Any] = await self.call("GET", f"/v1/spaces/{segment(space_id)}/rules")
        return found

    async def act(self, space_id: str, act: dict[str, Any]) -> dict[str, Any]:
        """Carry out or record an act of a rule. A second call with the same `key` changes nothing and has the same answer."""
        done: dict[str, Any] = await self.call("POST", f"/v1/spaces/{segment(space_id)}/acts", act)
        return done

    async def bot_status(self, status: dict[str, Any]) -> None:
        """For the bundled bot: tell the server whether captions work."""
        await self.call("PUT", "/v1/bots/status", status)
