"""Calls of the API, each written once: a function makes a `Call`, and both clients carry it out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar, overload
from urllib.parse import quote

if TYPE_CHECKING:
    from spacesctl.api.events import Event
    from spacesctl.api.wire import Given, Page

P = ParamSpec("P")
T = TypeVar("T")
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
    last_event_id: str | None = None

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


class AsyncSender(Protocol):
    """What a group needs of an `AsyncClient`."""

    async def send(self, call: Call[T]) -> T:
        """Send a request and read its answer."""

    def each(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """The rows of a list, over all its pages."""

    def follow(self, call: Call[Event]) -> AsyncIterator[Event]:
        """The events of a stream."""


class Operation(Generic[P, T]):
    """One request with one answer: a method of both kinds of group."""

    def __init__(self, make: Callable[P, Call[T]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, group: SyncGroup, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: AsyncGroup, owner: type) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, group: SyncGroup | AsyncGroup, owner: type) -> Callable[P, T | Awaitable[T]]:
        def call(*given: P.args, **named: P.kwargs) -> T | Awaitable[T]:
            return group.sender.send(self._make(*given, **named))

        return call


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

        return call


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

        return call


def segment(text: str) -> str:
    """A text as one segment of a URL's path, quoted."""
    return quote(text, safe="@")
