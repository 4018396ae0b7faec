"""Reads a Space for the console in threads of their own, so that the screen never waits for the network, and comes back by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from spacesctl.api.events import Event, StreamReset
from spacesctl.api.people import Members, RaisedHand
from spacesctl.api.spaces import Space
from spacesctl.api.suggestions import Suggestion
from spacesctl.domain.errors import Gone, NotAllowed, NotSignedIn, SpacesError
from spacesctl.domain.words import Role
from spacesctl.support.backoff import Backoff, doubled

if TYPE_CHECKING:
    from spacesctl.client.http import Client

MOST_WAITING: Final = 4_096
"""Events that wait for the screen; the connection waits with more of them."""
_STAFF: Final = (Role.HOST, Role.COHOST)


@dataclass(frozen=True)
class Lost:
    """The connection is lost, and is tried again."""


@dataclass(frozen=True)
class Ended:
    """Nothing comes any more: the Space is over, or one may not follow it. `why` is what the server says."""

    why: str


@dataclass(frozen=True)
class Facts:
    """What the API tells when it is read."""

    space: Space
    members: Members
    hands: Sequence[RaisedHand] = ()
    suggestions: Sequence[Suggestion] = ()


def facts(client: Client, where: str) -> Facts:
    """Read all that the console shows. Raises what the client raises."""
    space, members = client.spaces.get(where), client.people.list(where)
    if space.me is None or space.me.role not in _STAFF:
        return Facts(space, members)
    waiting = [one for one in client.people.suggestions(where) if one.state == "open"]
    return Facts(space, members, list(client.people.hands(where)), waiting[::-1])


class Reader:
    """Follows the events of a Space from `begin` to `stop`; `news` gives what came since."""

    def __init__(self, client: Client, where: str) -> None:
        self._client = client
        self._where = where
        self._news: queue.Queue[Event | Lost | Ended] = queue.Queue(MOST_WAITING)
        self._stopped = threading.Event()
        self._backoff = Backoff(doubled(0.25, 4.0), jitter=0.25)
        self._views: Sequence[Literal["staff", "audience"]] = ("staff", "audience")
        self._last: int | None = None

    def begin(self) -> None:
        """Start the thread; it ends with the program."""
        threading.Thread(target=self._run, name="console events", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    def news(self) -> Iterator[Event | Lost | Ended]:
        """What came since the last call; it never waits."""
        for _ in range(MOST_WAITING):
            try:
                yield self._news.get_nowait()
            except queue.Empty:
                return

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                over = self._follow()
            except (NotAllowed, NotSignedIn) as refusal:
                self._views = self._views[1:] if refusal.reason != "barred" else ()
                over = None if self._views else Ended(refusal.message)
            except Gone:
                over = Ended("the Space has ended")
            except SpacesError:  # it is tried again, for as long as the console is open
                over = None
                self._lost()
            if over is not None:
                self._put(over)
                return

    def _follow(self) -> Ended | None:
        """Follow one connection to its end."""
        for event in self._client.spaces.events(self._where, self._views[0], last_event_id=self._last):
            self._backoff.reset()
            self._last = event.data.seq if isinstance(event.data, StreamReset) else event.seq or self._last
            self._put(event)
            if event.type in ("space.ended", "space.canceled"):
                return Ended("the Space has ended")
            if self._stopped.is_set():
                return None
        self._lost()
        return None

    def _lost(self) -> None:
        self._put(Lost())
        self._stopped.wait(self._backoff.next())

    def _put(self, news: Event | Lost | Ended) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._news.put(news, timeout=0.5)
                break
