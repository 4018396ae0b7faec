"""Decides when a host is away or gone, and when a Space is empty. No I/O: it remembers what it was told.

An account is in the Space while it has a connection with audio or an event stream, and for a minute after a command. A host who never
connected, as in a Space that starts by itself, is not considered away.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Literal

from spacesctl.domain import absence
from spacesctl.domain import commands as c
from spacesctl.domain.principals import System
from spacesctl.domain.space import Space

HOST_GRACE = absence.HOST_GRACE.total_seconds()
END_AFTER = absence.END_AFTER.total_seconds()
AWAY_AFTER = 3.0
"""Seconds. A page that is loaded again, or a connection that is replaced, is back before."""
COMMAND_COUNTS = 60.0
"""Seconds for which a command shows that an account is there."""

Step = Literal["host_away", "host_back", "former_host_back", "host_gone", "end_without_host", "end_empty"]


class Presence:
    """The presence of people in one live Space. Times are in monotonic seconds.

    `seen`: the host had been there before the server stopped, and is looked at as having left when it started again.
    """

    def __init__(self, *, seen: bool = False) -> None:
        self._host: str | None = None
        self._host_seen = False
        self._host_left: float | None = None
        self._announced: Literal["away", "gone"] | None = None
        self._all_left: float | None = None
        self._anyone_seen = False
        self._acted: dict[str, float] = {}
        self._seen_before = seen
        self._last: tuple[Literal["away", "gone"] | None, float | None] = (None, None)

    def acted(self, account_id: str, now: float) -> None:
        """The account gave a command."""
        self._acted[account_id] = now

    def present(self, now: float, connected: Collection[str | None]) -> set[str | None]:
        """Who is there: the connected accounts (None for anonymous ones), and those that gave a command lately."""
        self._acted = {one: at for one, at in self._acted.items() if now - at < COMMAND_COUNTS}
        return {*connected, *self._acted}

    def look(
        self, now: float, host: str, connected: Collection[str | None], cohosts: Collection[str], former: str | None
    ) -> Step | None:
        """Called once a second; returns the step to take now. `former` is the host who left and gets the seat back on return."""
        self._last = (self._announced, self._host_left)
        here = self.present(now, connected)
        if self._is_empty(now, here):
            return "end_empty"
        self._follow(host)
        if former is not None and former in here:
            return "former_host_back"
        if host in here:
            was, self._announced, self._host_left = self._announced, None, None
            self._host_seen = self._host_seen or host in connected
            return "host_back" if was is not None else None
        if not self._host_seen:
            return None
        if self._host_left is None:
            self._host_left = now
        return self._step_without_host(now - self._host_left, any(one in here for one in cohosts))

    def not_done(self) -> None:
        """The step that the last look returned could not be taken: the next look returns it again."""
        self._announced, self._host_left = self._last

    def _follow(self, host: str) -> None:
        if self._host != host:
            self._host, self._host_seen, self._host_left, self._announced = host, self._seen_before, None, None
            self._seen_before = False

    def _is_empty(self, now: float, here: Collection[str | None]) -> bool:
        if here:
            self._anyone_seen, self._all_left = True, None
        elif self._anyone_seen and self._all_left is None:
            self._all_left = now
        return self._all_left is not None and now - self._all_left >= END_AFTER

    def _step_without_host(self, away: float, has_cohost: bool) -> Step | None:
        if away >= HOST_GRACE + END_AFTER:
            return "end_without_host"
        if away >= HOST_GRACE and (self._announced != "gone" or has_cohost):
            self._announced = "gone"
            return "host_gone"
        if away >= AWAY_AFTER and self._announced is None:
            self._announced = "away"
            return "host_away"
        return None


def command_of(step: Step, space: Space, present: Collection[str | None]) -> c.Command:
    """The command by which a step is taken; `present` are those who are there."""
    by = System(step)
    match step:
        case "host_away":
            return c.HostAway(by, absence.HOST_GRACE - timedelta(seconds=AWAY_AFTER))
        case "host_back":
            return c.HostBack(by, space.host_id)
        case "former_host_back":
            return c.HostBack(by, space.former_host or "")
        case "host_gone":
            return c.HostGone(by, frozenset(one for one in present if one is not None))
        case "end_without_host" | "end_empty":
            return c.End(by)
