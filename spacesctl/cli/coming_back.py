"""Coming back by itself when a connection is lost: how often it is tried, for how long, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from spacesctl.cli.output import note
from spacesctl.domain.errors import Gone, NotAllowed, NotSignedIn, SpacesError, TooMany, Unavailable
from spacesctl.support.backoff import Backoff, doubled

if TYPE_CHECKING:
    from spacesctl.api.events import Event
    from spacesctl.client.http import Client

LOST = "the connection is lost"
"""How what is told of a loss begins."""
RETRY_FOR = 60.0
"""Seconds that a lost connection is tried again before the command gives up."""
PASSING = (Unavailable, TooMany)
"""Errors that another try may mend."""
View = Literal["audience", "staff"]


class ComingBack:
    """`lost()` after each failure, `back()` when it works. `tell` gets a line at the loss and at the return."""

    def __init__(self, tell: Callable[[str], None] = note) -> None:
        self._tell = tell
        self._since: float | None = None
        self._backoff = Backoff(doubled(0.25, 4.0), jitter=0.25)

    def lost(self, error: SpacesError) -> float:
        """Seconds to wait before the next try. Raises the error when it has been tried for long enough."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
            self._tell(f"{LOST}: {error.message}; trying to come back")
        elif now - self._since > RETRY_FOR:
            raise error
        return max(self._backoff.next(), min(error.retry_after, RETRY_FOR) if isinstance(error, TooMany) else 0.0)

    def back(self) -> None:
        """The connection is there."""
        if self._since is not None:
            self._tell("connected again")
        self._since = None
        self._backoff.reset()


def events(
    spaces: Client,
    where: str,
    views: Sequence[View] = ("audience",),
    last: int | None = None,
    tell: Callable[[str], None] = note,
) -> Iterator[Event]:
    """The events of a Space after number `last`, from the first of the views that is not refused, with reconnections, until it ends.
    Raises Gone when it had ended before."""
    from spacesctl.api.events import StreamReset

    coming, left = ComingBack(tell), list(views)
    while True:
        try:
            for event in spaces.spaces.events(where, left[0], last_event_id=last):
                coming.back()
                last = event.data.seq if isinstance(event.data, StreamReset) else event.seq or last
                yield event
                if event.type in ("space.ended", "space.canceled"):
                    return
            error: SpacesError = Unavailable(f"{spaces.url} ended the stream")
        except (NotAllowed, NotSignedIn) as refusal:
            if len(left) == 1 or refusal.reason == "barred":
                raise
            left.pop(0)
            continue
        except PASSING as failure:
            error = failure
        time.sleep(coming.lost(error))


def until_gone(events: Iterator[Event]) -> Iterator[Event]:
    """The events; of a Space that ended while the connection was lost this is only said."""
    try:
        yield from events
    except Gone:
        note("the Space has ended")
