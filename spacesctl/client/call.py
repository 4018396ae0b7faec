"""Calls of the API, each written once: a function makes a `Call`, and both clients carry it out."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar, overload
from urllib.parse import quote

from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

    from spacesctl.api.events import Event
    from spacesctl.api.wire import Given, Page

P = ParamSpec("P")
T = TypeVar("T")
MOST_SEGMENT = 200
Parameters = Mapping[str, str | int | list[str] | None]


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request. `answer` is the type of its JSON, `bytes` or `str` for another content, `type(None)` for none."""

    method: str
    path: str
    answer: type[T]
    body: Given | None = None
    parameters: Parameters = field(default_factory=dict)
    """Those that are None are left out."""
    idempotency_key: str | None = None
    """With a key the server does a repeated request only once."""
    last_event_id: int | str | None = None
    media: str = "application/json"
    """The content type that the answer must have."""

    @property
    def content(self) -> str:
        """The content type of the answer; "" when it has no body."""
        return "" if self.answer is type(None) else self.media

    def at(self, cursor: str) -> Call[T]:
        """The same list from another page on."""
        return replace(self, parameters={**self.parameters, "cursor": cursor})


class SyncGroup:
    """Calls of one kind, of a `Client`."""

    def __init__(self, client: Sender) -> None:
        self._client = client

    @property
    def sender(self) -> Sender:
        """What sends them."""
        return self._client


class AsyncGroup:
    """Calls of one kind, of an `AsyncClient`."""

    def __init__(self, client: AsyncSender) -> None:
        self._client = client

    @property
    def sender(self) -> AsyncSender:
        """What sends them."""
        return self._client


class Sender(Protocol):
    """What a group needs of a `Client`."""

    def send(self, call: Call[T]) -> T:
        """Send a request and read its answer."""

    def each(self, call: Call[Page[T]]) -> Iterator[T]:
        """The rows of a list, over all its pages."""

    def follow(self, call: Call[Event]) -> Iterator[Event]:
        """The events of a stream."""

    def download(self, path: str, target: Path, kind: str = "audio/ogg") -> str:
        """Write a large resource to a file; its SHA-256 in hex."""


class AsyncSender(Protocol):
    """What a group needs of an `AsyncClient`."""

    def send(self, call: Call[T]) -> Coroutine[None, None, T]:
        """Send a request and read its answer."""

    def each(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """The rows of a list, over all its pages."""

    def follow(self, call: Call[Event]) -> AsyncIterator[Event]:
        """The events of a stream."""

    def download(self, path: str, target: Path, kind: str = "audio/ogg") -> Coroutine[None, None, str]:
        """Write a large resource to a file; its SHA-256 in hex."""


class Operation(Generic[P, T]):
    """One request with one answer: a method of both kinds of group."""

    def __init__(self, make: Callable[P, Call[T]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, group: SyncGroup, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: AsyncGroup, owner: type) -> Callable[P, Coroutine[None, None, T]]: ...

    def __get__(self, group: SyncGroup | AsyncGroup, owner: type) -> Callable[P, T | Coroutine[None, None, T]]:
        def call(*given: P.args, **named: P.kwargs) -> T | Coroutine[None, None, T]:
            return group.sender.send(self._make(*given, **named))

        return _like(self._make, call)


class Listing(Generic[P, T]):
    """A list: a method whose rows come page by page, as they are needed."""

    def __init__(self, make: Callable[P, Call[Page[T]]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, group: SyncGroup, owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, group: AsyncGroup, owner: type) -> Callable[P, AsyncIterator[T]]: ...

    def __get__(self, group: SyncGroup | AsyncGroup, owner: type) -> Callable[P, Iterator[T] | AsyncIterator[T]]:
        def call(*given: P.args, **named: P.kwargs) -> Iterator[T] | AsyncIterator[T]:
            return group.sender.each(self._make(*given, **named))

        return _like(self._make, call)


class Rows(Generic[P, T]):
    """A list that comes at once: a method with one request, whose answer is the rows."""

    def __init__(self, make: Callable[P, Call[Page[T]]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, group: SyncGroup, owner: type) -> Callable[P, list[T]]: ...
    @overload
    def __get__(self, group: AsyncGroup, owner: type) -> Callable[P, Coroutine[None, None, list[T]]]: ...

    def __get__(
        self, group: SyncGroup | AsyncGroup, owner: type
    ) -> Callable[P, list[T] | Coroutine[None, None, list[T]]]:
        def call(*given: P.args, **named: P.kwargs) -> list[T] | Coroutine[None, None, list[T]]:
            made = self._make(*given, **named)
            return group.sender.send(made).data if isinstance(group, SyncGroup) else _rows(group.sender, made)

        return _like(self._make, call)


async def _rows(sender: AsyncSender, call: Call[Page[T]]) -> list[T]:
    return (await sender.send(call)).data


class Following(Generic[P]):
    """An event stream: a method whose events come as they happen, until the stream ends."""

    def __init__(self, make: Callable[P, Call[Event]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, group: SyncGroup, owner: type) -> Callable[P, Iterator[Event]]: ...
    @overload
    def __get__(self, group: AsyncGroup, owner: type) -> Callable[P, AsyncIterator[Event]]: ...

    def __get__(
        self, group: SyncGroup | AsyncGroup, owner: type
    ) -> Callable[P, Iterator[Event] | AsyncIterator[Event]]:
        def call(*given: P.args, **named: P.kwargs) -> Iterator[Event] | AsyncIterator[Event]:
            return group.sender.follow(self._make(*given, **named))

        return _like(self._make, call)


def _like(make: Callable[..., object], call: Callable[P, T]) -> Callable[P, T]:
    """The method with the name, the text and the signature of the function that makes the call: for `help` and editors."""
    call.__name__ = call.__qualname__ = make.__name__.lstrip("_")
    call.__doc__ = make.__doc__
    setattr(call, "__signature__", inspect.signature(make).replace(return_annotation=inspect.Signature.empty))  # noqa: B010
    return call


def segment(text: str) -> str:
    """A text as one segment of a URL's path, quoted. Raises Invalid when it is empty, since the path would be another one, and for what is
    too long or no text.
    """
    if not text:
        raise Invalid("id", "is empty")
    if text in (".", ".."):
        raise Invalid("id", f"{text!r} is none")  # it would lead to another path
    if len(text) > MOST_SEGMENT:
        raise Invalid("id", f"has more than {MOST_SEGMENT} characters")
    try:
        return quote(text, safe="@")
    except UnicodeEncodeError as error:  # an argument of the command line that was no text
        raise Invalid("id", "is not UTF-8") from error
