"""The synchronous client, for the command line and for scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import httpx

from spacesctl.client import transport
from spacesctl.client.connecting import Deadline, connection, proxies_of_the_environment, require_url
from spacesctl.client.problems import check, unreachable
from spacesctl.domain.errors import Unavailable

if TYPE_CHECKING:
    from spacesctl.api.events import Event
    from spacesctl.api.posts import Clip
    from spacesctl.api.wire import Page
    from spacesctl.client.call import Call
    from spacesctl.client.groups.accounts import Accounts
    from spacesctl.client.groups.chat import Chat
    from spacesctl.client.groups.devices import Devices
    from spacesctl.client.groups.messages import Messages
    from spacesctl.client.groups.moderation import Moderation
    from spacesctl.client.groups.notifications import Notifications
    from spacesctl.client.groups.operation import Operating
    from spacesctl.client.groups.people import People
    from spacesctl.client.groups.posts import Posts
    from spacesctl.client.groups.recordings import Recordings
    from spacesctl.client.groups.redactions import Redactions
    from spacesctl.client.groups.series import Series
    from spacesctl.client.groups.spaces import Spaces
    from spacesctl.client.groups.transparency import Transparency
    from spacesctl.client.groups.webhooks import Webhooks

T = TypeVar("T")


class Client:
    """A client of the API, to be used with `with`.

    Every call raises the errors of `domain.errors`: the server's own, and `Unavailable` when it cannot be reached.
    Making one raises Invalid for a malformed URL, token or proxy.
    `timeout` is that of a request in seconds; if none is given 10 for each wait, and 30 for the whole. Event streams, uploads and
    downloads have their own. With `dry_run` the server checks changes and does not make them. `on_request` is called before each request.
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
        self.url = require_url(url)
        self._whole = timeout or transport.WHOLE
        hooks = {"request": [on_request]} if on_request is not None else {}
        with proxies_of_the_environment():
            self._http = httpx.Client(
                base_url=self.url,
                headers=transport.headers_of(token, dry_run=dry_run),
                timeout=timeout or transport.TIMEOUT,
                event_hooks=hooks,
                **connection(self.url),
            )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End its connections. `with` does it, too."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a request and read its answer."""
        found = self._read(transport.request(self.url, call), call.content, self._whole, self._http.timeout)
        return transport.answer(self.url, found, call)

    def _read(self, asked: transport.Request, kind: str, seconds: float, timeout: httpx.Timeout) -> httpx.Response:
        """The successful answer to a request, of this content type and with its body, within `seconds`."""
        with Deadline(seconds) as deadline:
            try:
                with self._http.stream(**asked, timeout=timeout, extensions={"trace": deadline.trace}) as coming:
                    transport.expect(self.url, coming, kind)
                    body = self._body(coming, deadline)
            except httpx.RequestError as error:
                raise transport.too_slow(self.url) if deadline.passed else unreachable(self.url, error) from error
        return check(transport.whole(coming, body))

    def _body(self, coming: httpx.Response, deadline: Deadline | None = None) -> bytes:
        limit, body = transport.Bounded(self.url, transport.MOST_ANSWER), bytearray()
        for piece in coming.iter_bytes():
            body += limit.count(piece)
            if deadline is not None and deadline.passed:
                raise transport.too_slow(self.url)
        return bytes(body)

    def _streamed(self, coming: httpx.Response, kind: str) -> httpx.Response:
        """An answer that is read as it comes, if it is a success of this content type; else raises what refuses."""
        transport.expect(self.url, coming, kind)
        return coming if coming.is_success else check(transport.whole(coming, self._body(coming)))

    def each(self, call: Call[Page[T]]) -> Iterator[T]:
        """The rows of a list, over all its pages."""
        for _ in range(transport.MOST_PAGES):
            page = self.send(call)
            yield from page.data
            if page.next is None or page.next == call.parameters.get("cursor"):
                return
            call = call.at(page.next)
        raise Unavailable(f"{self.url} answered with a list that does not end")

    def follow(self, call: Call[Event]) -> Iterator[Event]:
        """The events of a stream as they come, until it ends."""
        events = transport.Events(self.url)
        try:
            asked = transport.stream_request(self.url, call)
            with self._http.stream(**asked, timeout=transport.STREAM_TIMEOUT) as coming:
                for piece in self._streamed(coming, transport.STREAM).iter_bytes():
                    yield from events.take(piece)
        except httpx.RequestError as error:
            raise unreachable(self.url, error) from error

    def download(self, path: str, target: Path, kind: str = transport.SOUND) -> str:
        """Write a large resource of this content type to a file, piece by piece; its SHA-256 in hex. Raises OSError too."""
        digest, limit = hashlib.sha256(), transport.Bounded(self.url, transport.MOST_DOWNLOAD)
        try:
            with self._http.stream("GET", path, headers={"Accept-Encoding": "identity"}) as coming:
                self._streamed(coming, kind)
                with target.open("wb") as file:
                    for piece in coming.iter_bytes():
                        digest.update(limit.count(piece))
                        file.write(piece)
        except httpx.RequestError as error:
            raise unreachable(self.url, error) from error
        return digest.hexdigest()

    def upload_clip(self, file: Path) -> Clip:
        """Upload a voice clip, to be attached to a post or a message. Raises OSError too."""
        call = transport.upload_call()
        with file.open("rb") as content:
            asked = transport.request(self.url, call) | {"content": content}
            found = self._read(asked, call.content, transport.UPLOAD_WHOLE, transport.UPLOAD_TIMEOUT)
        return transport.answer(self.url, found, call)

    @cached_property
    def spaces(self) -> Spaces:
        """Spaces: their life, their settings, their events."""
        from spacesctl.client.groups.spaces import Spaces

        return Spaces(self)

    @cached_property
    def people(self) -> People:
        """The people of a Space."""
        from spacesctl.client.groups.people import People

        return People(self)

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts, tokens, follows and blocks."""
        from spacesctl.client.groups.accounts import Accounts

        return Accounts(self)

    @cached_property
    def devices(self) -> Devices:
        """Being let in by a person in a browser."""
        from spacesctl.client.groups.devices import Devices

        return Devices(self)

    @cached_property
    def messages(self) -> Messages:
        """Direct messages."""
        from spacesctl.client.groups.messages import Messages

        return Messages(self)

    @cached_property
    def posts(self) -> Posts:
        """Posts, the feed and voice clips."""
        from spacesctl.client.groups.posts import Posts

        return Posts(self)

    @cached_property
    def series(self) -> Series:
        """Series of recurring Spaces."""
        from spacesctl.client.groups.series import Series

        return Series(self)

    @cached_property
    def recordings(self) -> Recordings:
        """Recordings."""
        from spacesctl.client.groups.recordings import Recordings

        return Recordings(self)

    @cached_property
    def chat(self) -> Chat:
        """The chat of Spaces, and typed speech."""
        from spacesctl.client.groups.chat import Chat

        return Chat(self)

    @cached_property
    def redactions(self) -> Redactions:
        """Redactions."""
        from spacesctl.client.groups.redactions import Redactions

        return Redactions(self)

    @cached_property
    def transparency(self) -> Transparency:
        """What operators publish of moderation."""
        from spacesctl.client.groups.transparency import Transparency

        return Transparency(self)

    @cached_property
    def moderation(self) -> Moderation:
        """Reports and the audit log."""
        from spacesctl.client.groups.moderation import Moderation

        return Moderation(self)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks."""
        from spacesctl.client.groups.webhooks import Webhooks

        return Webhooks(self)

    @cached_property
    def notifications(self) -> Notifications:
        """Where direct messages are sent too."""
        from spacesctl.client.groups.notifications import Notifications

        return Notifications(self)

    @cached_property
    def server(self) -> Operating:
        """The server itself."""
        from spacesctl.client.groups.operation import Operating

        return Operating(self)
