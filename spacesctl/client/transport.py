"""What both clients do alike: a call as a request, and an answer as a value."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypedDict, TypeVar
from urllib.request import getproxies

import httpx

from spacesctl.api.wire import dump, load
from spacesctl.client.call import Call
from spacesctl.domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from spacesctl.api.events import Event

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(10.0, connect=5.0, read=45.0)
"""Seconds. On a quiet event stream the server sends a comment every 15 s."""
MOST_ANSWER = 64 << 20
"""Bytes."""
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}
UPLOAD_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
T = TypeVar("T")


class Request(TypedDict):
    """The arguments of httpx for a call."""

    method: str
    url: str
    content: bytes | None
    headers: dict[str, str]
    params: dict[str, str | int | list[str]]


def request(call: Call[T]) -> Request:
    """A call as a request. Raises Invalid for text that is not UTF-8."""
    headers: dict[str, str] = {}
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
    return {"method": call.method, "url": call.path, "content": content, "headers": headers, "params": given}


def headers_of(token: str | None, *, dry_run: bool = False) -> dict[str, str]:
    """The headers of all requests of a client."""
    found = {"Authorization": f"Bearer {token}"} if token else {}
    return found | ({"Dry-Run": "true"} if dry_run else {})


def trust(url: str) -> ssl.SSLContext | bool:
    """What `verify` of httpx is: the usual certificates, or none for plain HTTP, since reading them takes 30 ms."""
    if url.lower().startswith("https:") or any(proxy.lower().startswith("https:") for proxy in getproxies().values()):
        return True
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody


def direct(url: str) -> dict[str, None]:
    """What `mounts` of httpx is: no proxy of the environment for a server on this machine, which a proxy would look for on its own."""
    host = httpx.URL(url).host
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    return {f"all://[{host}]" if ":" in host else f"all://{host}": None} if here else {}


def require_url(url: str) -> str:
    """The address of a server without a slash at its end. Raises Invalid."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:  # the second: a host that is no name
        raise Invalid("url", f"{url!r} is not the address of a server") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or any(char.isspace() for char in url):
        raise Invalid("url", f"{url!r} is not the address of a server", hint="such as http://127.0.0.1:8420")
    return str(parsed).rstrip("/")  # the scheme in small letters


class Bounded:
    """Collects the body of an answer, of which only so much is taken: a server that sends without end is none. Raises Unavailable."""

    def __init__(self, url: str, found: httpx.Response) -> None:
        self._url, self._found = url, found
        self._body = bytearray()

    def add(self, piece: bytes) -> None:
        """Take a piece."""
        self._body += piece
        if len(self._body) > MOST_ANSWER:
            raise Unavailable(f"{self._url} answered with more than {MOST_ANSWER >> 20} MiB")

    def whole(self) -> httpx.Response:
        """The answer with its body, decoded."""
        kept = [(name, value) for name, value in self._found.headers.items() if name not in _OF_THE_TRANSFER]
        return httpx.Response(self._found.status_code, headers=kept, content=bytes(self._body))


def answer(url: str, found: httpx.Response, kind: type[T]) -> T:
    """The answer of a call. A page that another server shows at this address is none: raises Unavailable."""
    said = found.headers.get("content-type", "")
    whole: object = None
    if kind is bytes:
        whole = found.content
    elif kind is str:
        whole = found.text
    elif kind is not type(None):
        if "json" not in said:
            raise _no_server(url)
        try:
            return load(found.content, kind)
        except (ValueError, RecursionError) as error:
            raise _no_server(url) from error
    return _as(whole, kind)


def require_stream(url: str, found: httpx.Response) -> httpx.Response:
    """The answer if it is an event stream. Raises Unavailable."""
    if found.headers.get("content-type", "").partition(";")[0].strip() != "text/event-stream":
        raise _no_server(url)
    return found


def _as(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"the answer is a {type(value).__name__}")
    return value


def event(url: str, text: str) -> Event:
    """An event from its data. Raises Unavailable for what is none."""
    from spacesctl.api.events import read_event

    try:
        return read_event(text)
    except (ValueError, RecursionError) as error:
        raise _no_server(url) from error


def _no_server(url: str) -> Unavailable:
    return Unavailable(f"{url} answered with something that this client does not know: is it a spacesctl server?")
