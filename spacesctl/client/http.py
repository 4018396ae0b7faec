"""The synchronous client, for the command line and for scripts.

with Client("http://127.0.0.1:8420", token) as spaces:
    space = spaces.post("/v1/spaces", {"title": "Office hours"})
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
from httpx_sse import connect_sse

from spacesctl.client.problems import check, unreachable
from spacesctl.domain.errors import Invalid, Unavailable

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(10.0, connect=5.0, read=45.0)
"""Seconds. On a quiet event stream the server sends a comment every 15 s."""
UPLOAD_TIMEOUT = httpx.Timeout(120.0, connect=5.0)


class Client:
    """A client of the HTTP API, to be used with `with`.

    Every call raises the errors of `domain.errors`: the server's own, and `Unavailable` when it cannot be reached.
    Making one raises Invalid for a malformed URL.
    `timeout` is in seconds. With `dry_run` the server checks changes and does not make them. `on_request` is called before each request.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float | None = None,
        dry_run: bool = False,
        on_request: Callable[[httpx.Request], None] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if dry_run:
            headers["Dry-Run"] = "true"
        hooks = {"request": [on_request]} if on_request is not None else {}
        try:
            self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout or TIMEOUT, event_hooks=hooks)
        except httpx.InvalidURL as error:
            raise Invalid("url", f"{self.url!r} is not the address of a server") from error

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a resource. Parameters that are None are left out."""
        return self._call("GET", path, params={key: value for key, value in params.items() if value is not None})

    def text(self, path: str) -> str:
        """A resource that is text and not JSON."""
        try:
            return check(self._http.get(path)).text
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def content(self, path: str) -> bytes:
        """A resource that is binary, such as a voice clip."""
        try:
            return check(self._http.get(path)).content
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def download(self, path: str, target: Path) -> str:
        """Write a large resource to a file, piece by piece; its SHA-256 in hex. Raises OSError too."""
        digest = hashlib.sha256()
        try:
            with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    answer.read()
                check(answer)
                with target.open("wb") as file:
                    for piece in answer.iter_bytes():
                        digest.update(piece)
                        file.write(piece)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        return digest.hexdigest()

    def upload(self, path: str, file: Path) -> Any:
        """POST the bytes of a file; the JSON of the answer. The time limit is `UPLOAD_TIMEOUT`. Raises OSError too."""
        with file.open("rb") as content:
            headers = {"Content-Type": "application/octet-stream"}
            return self._call("POST", path, content=content, headers=headers, timeout=UPLOAD_TIMEOUT)

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        """POST a JSON body; the JSON of the answer, or None. With a key the server does a repeated request only once."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self._call("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any = None) -> Any:
        """PUT a JSON body; the JSON of the answer, or None."""
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH with a JSON body; the JSON of the answer, or None."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        """DELETE; the JSON of the answer, or None."""
        return self._call("DELETE", path)

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All rows of a list, over all its pages."""
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **params)
            rows += page["data"]
            cursor = page.get("next")
            if cursor is None:
                return rows

    def events(self, path: str, *, last_event_id: str | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Server-Sent Events as they come, until the stream ends: the JSON data of each, with `id` if it has one."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            with connect_sse(self._http, "GET", path, params=params, headers=headers, timeout=STREAM_TIMEOUT) as source:
                if not source.response.is_success:
                    source.response.read()
                check(source.response)
                for event in source.iter_sse():
                    if event.data:  # httpx-sse makes an empty event of the server's keep-alive comment
                        yield {**json.loads(event.data), **({"id": event.id} if event.id else {})}
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        try:
            answer = check(self._http.request(method, path, **kwargs))
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        except UnicodeEncodeError as error:  # an argument of the command line that was no text
            raise Invalid("request", "has text that is not UTF-8") from error
        return self._json(answer) if answer.content else None

    def _json(self, answer: httpx.Response) -> Any:
        """The JSON of an answer. A page that another server shows at this address is none."""
        try:
            if "json" in answer.headers.get("content-type", ""):
                return answer.json()
        except ValueError:
            pass
        raise Unavailable(f"{self.url} answered with something other than JSON: it is not a spacesctl server")


def segment(text: str) -> str:
    """A text as one segment of a URL's path, quoted."""
    return quote(text, safe="@")
