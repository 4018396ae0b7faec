"""What both clients do alike: a call as a request, and what comes back as a value. Nothing that comes back is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, TypedDict, TypeVar

import httpx

from spacesctl.api.wire import dump, load
from spacesctl.client.call import Call
from spacesctl.client.origins import is_link, server_of
from spacesctl.client.problems import kind_of
from spacesctl.client.sse import MOST_EVENT, Reader, TooLong
from spacesctl.domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from spacesctl.api.events import Event
    from spacesctl.api.posts import Clip

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(10.0, connect=5.0, read=6.0)
"""Seconds. On a quiet stream the server sends a comment every 2 s (`live.stream_writer`): without one for 6 s it hangs, or is gone."""
UPLOAD_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
WHOLE = 30.0
"""Seconds that a request and its answer may take altogether."""
UPLOAD_WHOLE = 600.0
MOST_ANSWER = 64 << 20
"""Bytes."""
MOST_PAGES = 10_000
"""Pages of a list: a million rows."""
MOST_DOWNLOAD = 8 << 30
"""Bytes of a file: 600 hours of sound."""
MOST_UNREADABLE = 100
"""Events in a row that may be none, before the stream counts as none."""
STREAM = "text/event-stream"
SOUND = "audio/ogg"
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}
T = TypeVar("T")


class Request(TypedDict):
    """The arguments of httpx for a call."""

    method: str
    url: str
    content: bytes | BinaryIO | None
    headers: dict[str, str]
    params: dict[str, str | int | list[str]]


def request(server: str, call: Call[T]) -> Request:
    """A call as a request to a server. Raises Invalid for text that is not UTF-8, and for a link to another server."""
    headers = {"Accept-Encoding": "identity"}  # what is packed into a kilobyte may be a gigabyte
    try:
        content = dump(call.body) if call.body is not None else None
        call.path.encode()
    except UnicodeEncodeError as error:  # an argument of the command line that was no text
        raise Invalid("request", "has text that is not UTF-8") from error
    if content is not None:
        headers["Content-Type"] = "application/json"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    if call.last_event_id is not None:
        headers["Last-Event-ID"] = str(call.last_event_id)
    given = {name: value for name, value in call.parameters.items() if value is not None}
    path = path_on(server, call.path)
    return {"method": call.method, "url": path, "content": content, "headers": headers, "params": given}


def stream_request(server: str, call: Call[T]) -> Request:
    """A call whose answer is an event stream."""
    asked = request(server, call)
    asked["headers"] |= {"Accept": STREAM, "Cache-Control": "no-store"}
    return asked


def upload_call() -> Call[Clip]:
    """The call that uploads a voice clip, whose sound the client adds."""
    from spacesctl.api.posts import Clip

    return Call("POST", "/v1/clips", Clip)


def path_on(server: str, path: str) -> str:
    """The path of a call. A link names its server, and what is done there is not done elsewhere."""
    if not is_link(path):
        return path
    at = path.index("/v1/")
    if server_of(path[:at]) != server_of(server):
        raise Invalid("space", f"{path[:at]} is another server than {server}", hint="make a client for that one")
    return path[at:]


def headers_of(token: str | None, *, dry_run: bool = False) -> dict[str, str]:
    """The headers of all requests of a client. Raises Invalid for a token that is none."""
    if token and not is_token(token):
        raise Invalid("token", "has characters that no token has", hint="copy it again, without quotes or line ends")
    found = {"Authorization": f"Bearer {token}"} if token else {}
    return found | ({"Dry-Run": "true"} if dry_run else {})


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token: ASCII without spaces and line ends."""
    return text.isascii() and text.isprintable() and " " not in text


class Bounded:
    """Counts the bytes of a body, of which only so much is taken: a server that sends without end is none. Raises Unavailable."""

    def __init__(self, url: str, most: int) -> None:
        self._url, self._most, self._count = url, most, 0

    def count(self, piece: bytes) -> bytes:
        """The piece, if it is not too much."""
        self._count += len(piece)
        if self._count > self._most:
            raise Unavailable(f"{self._url} answered with more than {self._most >> 20} MiB")
        return piece


def whole(found: httpx.Response, body: bytes) -> httpx.Response:
    """The answer with its body."""
    kept = [(name, value) for name, value in found.headers.items() if name not in _OF_THE_TRANSFER]
    return httpx.Response(found.status_code, headers=kept, content=body)


def expect(url: str, found: httpx.Response, kind: str) -> httpx.Response:
    """The answer, unless it is a success of another content type ("": none at all) than was asked for: a success is what our server says,
    and not what somebody in between says. Raises Unavailable."""
    if found.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unavailable(f"{url} answered in a packed form, which was not asked for: is there a proxy in front?")
    if found.is_redirect:
        raise Unavailable(
            f"{url} redirects to {_place_of(found)}, which is not followed: is that its address, or a login page of the network in front?"
        )
    if found.is_success and (found.status_code != 204 if not kind else kind_of(found) != kind):
        raise no_server(url, found)
    return found


def _place_of(found: httpx.Response) -> str:
    place: str = found.headers.get("location", "")
    return place.partition("?")[0][:200]  # what follows may be secret


def answer(url: str, found: httpx.Response, call: Call[T]) -> T:
    """The answer of a call, of the expected content type. Raises Unavailable for another shape."""
    kind = call.answer
    value: object = None
    if kind is bytes:
        value = found.content
    elif kind is str:
        value = found.content.decode("utf-8", "replace")
    elif kind is not type(None):
        try:
            return load(found.content, kind)
        except (ValueError, RecursionError) as error:
            raise no_server(url) from error
    if not isinstance(value, kind):
        raise TypeError(f"the answer is a {type(value).__name__}")
    return value


class Events:
    """The events of a stream. What is no event is passed over, and counted in `unreadable`; only a stream of nothing else is none."""

    def __init__(self, url: str) -> None:
        self.unreadable = 0
        self._in_a_row = 0
        self._url, self._reader = url, Reader()

    def take(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete with this piece. Raises Unavailable."""
        from spacesctl.api.events import read_event

        for text in self.texts(piece):
            try:
                event = read_event(text)
            except (ValueError, RecursionError):
                self._count()
                continue
            self._in_a_row = 0
            yield event

    def texts(self, piece: bytes) -> Iterator[str]:
        """The data of the events. Raises Unavailable."""
        try:
            yield from self._reader.feed(piece)
        except TooLong as error:
            raise Unavailable(f"{self._url} sent an event of more than {MOST_EVENT >> 20} MiB") from error

    def _count(self) -> None:
        self.unreadable += 1
        self._in_a_row += 1
        if self._in_a_row > MOST_UNREADABLE:
            raise no_server(self._url)


def no_server(url: str, found: httpx.Response | None = None) -> Unavailable:
    """The error for an answer that no server of ours gives."""
    if found is not None and kind_of(found) == "text/html":
        return Unavailable(
            f"{url} answered with an HTML page, not as a Space server does: is a login page of the network in front?"
        )
    return Unavailable(f"{url} answered with something that this client does not know: is it a spacesctl server?")


def too_slow(url: str) -> Unavailable:
    """The error for an answer that takes too long altogether."""
    return Unavailable(f"{url} takes too long to answer")
