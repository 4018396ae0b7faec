"""The asynchronous client, for bots and other programs with an event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeVar

import httpx

from spacesctl.client import transport
from spacesctl.client.connecting import connection, proxies_of_the_environment, require_url
from spacesctl.client.lanes import Lanes
from spacesctl.client.problems import check, unreachable
from spacesctl.domain.errors import Unavailable

if TYPE_CHECKING:
    from spacesctl.api.captions import Assignment
    from spacesctl.api.events import Event
    from spacesctl.api.posts import Clip
    from spacesctl.api.wire import Page
    from spacesctl.client.call import Call
    from spacesctl.client.groups.accounts import AsyncAccounts
    from spacesctl.client.groups.chat import AsyncChat
    from spacesctl.client.groups.devices import AsyncDevices
    from spacesctl.client.groups.messages import AsyncMessages
    from spacesctl.client.groups.moderation import AsyncModeration
    from spacesctl.client.groups.notifications import AsyncNotifications
    from spacesctl.client.groups.operation import AsyncOperating
    from spacesctl.client.groups.people import AsyncPeople
    from spacesctl.client.groups.posts import AsyncPosts
    from spacesctl.client.groups.recordings import AsyncRecordings
    from spacesctl.client.groups.redactions import AsyncRedactions
    from spacesctl.client.groups.series import AsyncSeries
    from spacesctl.client.groups.spaces import AsyncSpaces
    from spacesctl.client.groups.transparency import AsyncTransparency
    from spacesctl.client.groups.webhooks import AsyncWebhooks

T = TypeVar("T")


class AsyncClient:
    """A client of the API, to be used with `async with`.

    Every call raises the errors of `domain.errors`: the server's own, and `Unavailable` when it cannot be reached.
    Making one raises Invalid for a malformed URL, token or proxy.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = require_url(url)
        self._token = token
        with proxies_of_the_environment():
            self._http = httpx.AsyncClient(
                base_url=self.url,
                headers=transport.headers_of(token),
                timeout=transport.TIMEOUT,
                **connection(self.url),
            )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End its connections. `async with` does it, too."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a request and read its answer."""
        asked = transport.request(self.url, call)
        return transport.answer(
            self.url, await self._read(asked, call.content, transport.WHOLE, transport.TIMEOUT), call
        )

    async def _read(
        self, asked: transport.Request, kind: str, seconds: float, timeout: httpx.Timeout
    ) -> httpx.Response:
        """The successful answer to a request, of this content type and with its body, within `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._http.stream(**asked, timeout=timeout) as coming:
                transport.expect(self.url, coming, kind)
                body = await self._body(coming)
        except httpx.RequestError as error:
            raise unreachable(self.url, error) from error
        except TimeoutError as error:
            raise transport.too_slow(self.url) from error
        return check(transport.whole(coming, body))

    async def _body(self, coming: httpx.Response) -> bytes:
        limit, body = transport.Bounded(self.url, transport.MOST_ANSWER), bytearray()
        async for piece in coming.aiter_bytes():
            body += limit.count(piece)
        return bytes(body)

    async def _streamed(self, coming: httpx.Response, kind: str) -> httpx.Response:
        """An answer that is read as it comes, if it is a success of this content type; else raises what refuses."""
        transport.expect(self.url, coming, kind)
        return coming if coming.is_success else check(transport.whole(coming, await self._body(coming)))

    async def each(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """The rows of a list, over all its pages."""
        for _ in range(transport.MOST_PAGES):
            page = await self.send(call)
            for row in page.data:
                yield row
            if page.next is None or page.next == call.parameters.get("cursor"):
                return
            call = call.at(page.next)
        raise Unavailable(f"{self.url} answered with a list that does not end")

    async def follow(self, call: Call[Event]) -> AsyncIterator[Event]:
        """The events of a stream as they come, until it ends."""
        events = transport.Events(self.url)
        async for piece in self._stream(call):
            for event in events.take(piece):
                yield event

    async def assignments(self) -> AsyncIterator[list[Assignment]]:
        """For the bundled bot: the whole list of Spaces that need it, each time it changes."""
        from spacesctl.api.captions import Assignments
        from spacesctl.api.wire import load
        from spacesctl.client.call import Call

        events = transport.Events(self.url)
        async for piece in self._stream(Call("GET", "/v1/bots/assignments", Assignments)):
            for text in events.texts(piece):
                try:
                    found = load(text, Assignments)
                except (ValueError, RecursionError) as error:
                    raise transport.no_server(self.url) from error
                yield found.data

    async def download(self, path: str, target: Path, kind: str = transport.SOUND) -> str:
        """Write a large resource of this content type to a file, piece by piece; its SHA-256 in hex. Raises OSError too."""
        digest, limit = hashlib.sha256(), transport.Bounded(self.url, transport.MOST_DOWNLOAD)
        try:
            async with self._http.stream("GET", path, headers={"Accept-Encoding": "identity"}) as coming:
                await self._streamed(coming, kind)
                with await asyncio.to_thread(target.open, "wb") as file:
                    async for piece in coming.aiter_bytes():
                        digest.update(limit.count(piece))
                        await asyncio.to_thread(file.write, piece)
        except httpx.RequestError as error:
            raise unreachable(self.url, error) from error
        return digest.hexdigest()

    async def upload_clip(self, file: Path) -> Clip:
        """Upload a voice clip, to be attached to a post or a message. Raises OSError too."""
        call = transport.upload_call()
        asked = transport.request(self.url, call) | {"content": await asyncio.to_thread(file.read_bytes)}
        found = await self._read(asked, call.content, transport.UPLOAD_WHOLE, transport.UPLOAD_TIMEOUT)
        return transport.answer(self.url, found, call)

    def lanes(self, space_id: str, role: Literal["speak", "listen", "all"] = "all") -> Lanes:
        """A connection for sound, to be opened with `async with`."""
        return Lanes(self.url, self._token, space_id, role)

    async def _stream(self, call: Call[T]) -> AsyncIterator[bytes]:
        """The bytes of an event stream as they come, until it ends."""
        try:
            asked = transport.stream_request(self.url, call)
            async with self._http.stream(**asked, timeout=transport.STREAM_TIMEOUT) as coming:
                async for piece in (await self._streamed(coming, transport.STREAM)).aiter_bytes():
                    yield piece
        except httpx.RequestError as error:
            raise unreachable(self.url, error) from error

    @cached_property
    def spaces(self) -> AsyncSpaces:
        """Spaces: their life, their settings, their events."""
        from spacesctl.client.groups.spaces import AsyncSpaces

        return AsyncSpaces(self)

    @cached_property
    def people(self) -> AsyncPeople:
        """The people of a Space."""
        from spacesctl.client.groups.people import AsyncPeople

        return AsyncPeople(self)

    @cached_property
    def accounts(self) -> AsyncAccounts:
        """Accounts, tokens, follows and blocks."""
        from spacesctl.client.groups.accounts import AsyncAccounts

        return AsyncAccounts(self)

    @cached_property
    def devices(self) -> AsyncDevices:
        """Being let in by a person in a browser."""
        from spacesctl.client.groups.devices import AsyncDevices

        return AsyncDevices(self)

    @cached_property
    def messages(self) -> AsyncMessages:
        """Direct messages."""
        from spacesctl.client.groups.messages import AsyncMessages

        return AsyncMessages(self)

    @cached_property
    def posts(self) -> AsyncPosts:
        """Posts, the feed and voice clips."""
        from spacesctl.client.groups.posts import AsyncPosts

        return AsyncPosts(self)

    @cached_property
    def series(self) -> AsyncSeries:
        """Series of recurring Spaces."""
        from spacesctl.client.groups.series import AsyncSeries

        return AsyncSeries(self)

    @cached_property
    def recordings(self) -> AsyncRecordings:
        """Recordings."""
        from spacesctl.client.groups.recordings import AsyncRecordings

        return AsyncRecordings(self)

    @cached_property
    def chat(self) -> AsyncChat:
        """The chat of Spaces, and typed speech."""
        from spacesctl.client.groups.chat import AsyncChat

        return AsyncChat(self)

    @cached_property
    def redactions(self) -> AsyncRedactions:
        """Redactions."""
        from spacesctl.client.groups.redactions import AsyncRedactions

        return AsyncRedactions(self)

    @cached_property
    def transparency(self) -> AsyncTransparency:
        """What operators publish of moderation."""
        from spacesctl.client.groups.transparency import AsyncTransparency

        return AsyncTransparency(self)

    @cached_property
    def moderation(self) -> AsyncModeration:
        """Reports and the audit log."""
        from spacesctl.client.groups.moderation import AsyncModeration

        return AsyncModeration(self)

    @cached_property
    def webhooks(self) -> AsyncWebhooks:
        """Webhooks."""
        from spacesctl.client.groups.webhooks import AsyncWebhooks

        return AsyncWebhooks(self)

    @cached_property
    def notifications(self) -> AsyncNotifications:
        """Where direct messages are sent too."""
        from spacesctl.client.groups.notifications import AsyncNotifications

        return AsyncNotifications(self)

    @cached_property
    def server(self) -> AsyncOperating:
        """The server itself."""
        from spacesctl.client.groups.operation import AsyncOperating

        return AsyncOperating(self)
