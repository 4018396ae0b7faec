"""All open connections of the server: how many there may be, how many from one address, and who gives way when there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from spacesctl.server.http.front.by_address import AddressCounts

TOLD_AT_ONCE: Final = 64
"""Connections above the limit of their address that wait to be told so. Further ones are closed without a word."""


class Owner(Protocol):
    """The protocol of a connection."""

    def give_way(self) -> None:
        """Close at once: the connection waits for a request, and somebody else needs its place."""


class Place:
    """The place of one connection. `over`: its address has too many, so its first request is refused."""

    __slots__ = ("_connections", "_left", "host", "over", "owner")

    def __init__(self, connections: Connections, owner: Owner, host: str, *, over: bool) -> None:
        self._connections, self._left = connections, False
        self.owner, self.host, self.over = owner, host, over

    def waits(self) -> None:
        """The connection has no request: it may be closed when places run out, the one that waits longest first."""
        if not self._left:
            self._connections.waiting.pop(self, None)
            self._connections.waiting[self] = None

    def works(self) -> None:
        """The connection has a request."""
        self._connections.waiting.pop(self, None)

    def leave(self) -> None:
        """The connection is closed. More calls do nothing."""
        if not self._left:
            self._left = True
            self._connections.left(self)


class Connections:
    """The places. `most` is for all together, `by_address()` for one address (0: no limit); `exempt` are those that forward others'."""

    def __init__(
        self, most: int, by_address: Callable[[], int], exempt: Callable[[str], bool], refused: Counter[str]
    ) -> None:
        self.most, self.open = most, 0
        self.waiting: dict[Place, None] = {}
        self._by_address, self._exempt, self._refused = by_address, exempt, refused
        self._held = AddressCounts()
        self._over = 0

    def enter(self, owner: Owner, host: str) -> Place | None:
        """A place that waits for its first request; None: there is no room, close the connection."""
        if self.open >= self.most and not self._make_room():
            self._refused["full"] += 1
            return None
        over = not self._exempt(host) and not self._held.take(host, self._by_address())
        if over and self._over >= TOLD_AT_ONCE:
            self._refused["address"] += 1
            return None
        self.open += 1
        self._over += over
        place = Place(self, owner, host, over=over)
        place.waits()
        return place

    def left(self, place: Place) -> None:
        """Forget a place."""
        self.waiting.pop(place, None)
        self.open -= 1
        if place.over:
            self._over -= 1
        elif not self._exempt(place.host):
            self._held.give_back(place.host)

    def _make_room(self) -> bool:
        """Close the connection that has waited longest for a request."""
        place = next(iter(self.waiting), None)
        if place is None:
            return False
        self._refused["gave_way"] += 1
        place.leave()
        place.owner.give_way()
        return True
