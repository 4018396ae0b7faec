"""Reads a Space for the console in threads of their own, so that the screen never waits for the network, and comes back by itself."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
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
        views: list[Literal["staff", "audience"]] = ["staff", "audience"]
        last: int | None = None
        while not self._stopped.is_set():
            try:
                for event in self._client.spaces.events(self._where, views[0], last_event_id=last):
                    self._backoff.reset()
                    last = event.data.seq if isinstance(event.data, StreamReset) else event.seq or last
                    self._put(event)
                    if self._stopped.is_set() or event.type in ("space.ended", "space.canceled"):
                        return
            except (NotAllowed, NotSignedIn) as refusal:
                views.pop(0)
                if views and refusal.reason != "barred":
                    continue
                return self._put(Ended(refusal.message))
            except Gone:
                return self._put(Ended("the Space has ended"))
            except SpacesError:
                pass  # it is tried again, for as long as the console is open
            self._put(Lost())
            self._stopped.wait(self._backoff.next())

    def _put(self, news: Event | Lost | Ended) -> None:
        while not self._stopped.is_set():
            try:
                return self._news.put(news, timeout=0.5)
            except queue.Full:
                continue
