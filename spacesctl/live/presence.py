"""Who is still there: when a host has left for good, and when a Space was left by everybody.

Present is who has a connection with sound; for a host, following the events or giving a command counts as well: a terminal is
a seat. A host who never connected cannot have left.
"""

from __future__ import annotations

from typing import Literal

HOST_GRACE = 60.0
"""Seconds that a host may be away before somebody else is host."""
END_AFTER = 300.0
"""Seconds after which a Space without a host, or without anybody, ends."""

Step = Literal["host_gone", "end"]


class Presence:
    """One live Space's attendance. `look` is told once a second who is there; pure, but for what it remembers."""

    def __init__(self) -> None:
        self._host: str | None = None
        self._host_left: float | None = None
        self._all_left: float | None = None
        self._told = False
        self._anyone_seen = False

    def host_acted(self, now: float) -> None:
        """The host gave a command: if they seemed to be gone, the minute begins anew."""
        if self._host_left is not None:
            self._host_left, self._told = now, False

    def look(self, now: float, host: str, present: set[str | None]) -> Step | None:
        """What is to be done now, each once. `present` holds account ids, None for anonymous listeners; bots are left out."""
        if present:
            self._anyone_seen, self._all_left = True, None
        elif self._anyone_seen and self._all_left is None:
            self._all_left = now
        if host in present:
            self._host, self._host_left, self._told = host, None, False
        elif self._host == host and self._host_left is None:
            self._host_left = now
        if self._all_left is not None and now - self._all_left >= END_AFTER:
            return "end"
        if self._host != host or self._host_left is None:
            return None
        if now - self._host_left >= HOST_GRACE + END_AFTER:
            return "end"
        if now - self._host_left >= HOST_GRACE and not self._told:
            self._told = True
            return "host_gone"
        return None
