"""Decides when a host is gone and when a Space is empty.

An account is present while it has a connection with audio. A host is present as well while they follow the events or
give commands, as from a terminal. A host who never connected is not considered gone.
"""

from __future__ import annotations

from typing import Literal

HOST_GRACE = 60.0
"""Seconds that a host may be away before a co-host takes over."""
END_AFTER = 300.0
"""A Space ends after so many seconds without anybody, or without the host after `HOST_GRACE`."""

Step = Literal["host_gone", "end"]


class Presence:
    """The presence of people in one live Space. No I/O; it remembers what `look` was told."""

    def __init__(self) -> None:
        self._host: str | None = None
        self._host_left: float | None = None
        self._all_left: float | None = None
        self._told = False
        self._anyone_seen = False

    def host_acted(self, now: float) -> None:
        """The host gave a command: if they were away, their grace time begins again. `now` is in monotonic seconds."""
        if self._host_left is not None:
            self._host_left, self._told = now, False

    def look(self, now: float, host: str, present: set[str | None]) -> Step | None:
        """Called once a second; returns the step to take now, each once. `present` holds account ids, None for
        anonymous listeners; bots are left out.
        """
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
