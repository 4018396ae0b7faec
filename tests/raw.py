"""Raw HTTP against a running server: what a test sees is what the server sent, not what our client makes of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import httpx
from httpx_sse import aconnect_sse

from spacesctl.client.lanes import Lanes
from spacesctl.client.problems import check, unreachable
from tests import conform


class Raw:
    """To be used with `with`. Each call gives the JSON of the answer, or None, and raises the errors of `domain.errors`."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout)

    def __enter__(self) -> Raw:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        return self._call("GET", path, params={key: value for key, value in params.items() if value is not None})

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._call("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any = None) -> Any:
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def text(self, path: str) -> str:
        return self._answer("GET", path).text

    def content(self, path: str) -> bytes:
        return self._answer("GET", path).content

    def upload(self, path: str, file: Path) -> Any:
        return self._call("POST", path, content=file.read_bytes(), headers={"Content-Type": "application/octet-stream"})

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, over all its pages."""
        return list(self._rows(path, params))

    def _rows(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            yield from page["data"]
            cursor = page.get("next")
            if cursor is None:
                return

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self._answer(method, path, **kwargs)
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None

    def _answer(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        try:
            return check(_conforming(self._http.request(method, path, **kwargs)))
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error


class AsyncRaw:
    """The same, with an event loop."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10.0)

    async def __aenter__(self) -> AsyncRaw:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        try:
            answer = check(_conforming(await self._http.request(method, path, json=body, params=params)))
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None

    async def events(
        self, path: str, *, last_event_id: str | None = None, **params: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """The JSON data of each event, with `id` if it has one."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            async with aconnect_sse(
                self._http, "GET", path, params=params, headers=headers, timeout=httpx.Timeout(10.0, read=45.0)
            ) as source:
                if not source.response.is_success:
                    await source.response.aread()
                check(source.response)
                async for event in source.aiter_sse():
                    if event.data:
                        yield {**json.loads(event.data), **({"id": event.id} if event.id else {})}
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def lanes(self, space_id: str, role: Literal["speak", "listen", "all"] = "all") -> Lanes:
        return Lanes(self.url, self._token, space_id, role)


def _conforming(answer: httpx.Response) -> httpx.Response:
    """Raises AssertionError for an answer that the OpenAPI document does not declare."""
    path = "/" + answer.request.url.path.lstrip("/")
    conform.check(
        answer.request.method, path, answer.status_code, answer.headers.get("content-type", ""), answer.content
    )
    told, conform.faults[:] = list(conform.faults), []
    assert not told, told
    return answer
