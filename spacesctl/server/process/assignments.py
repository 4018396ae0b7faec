"""Which live Spaces want the bundled bot, told to it as a whole list each time that changes."""

from __future__ import annotations

import asyncio
from typing import Any

from spacesctl.domain.space import Space, State
from spacesctl.live.actor import Outcome


class Assignments:
    def __init__(self) -> None:
        self._wanted: dict[str, dict[str, Any]] = {}
        self._version = 0
        self._changed = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        """The server stops: whoever waits goes home."""
        self.closed = True
        self._changed.set()

    def see(self, space: Space) -> None:
        """Take a Space as it now is."""
        wanted = None
        if space.state is State.LIVE and space.is_watched:
            wanted = {
                "space_id": space.id,
                "captions": space.captions,
                "rules_hash": space.rules_hash,
                "host_id": space.host_id,
                "actions": sorted(space.grant.actions) if space.grant else [],
            }
        if self._wanted.get(space.id) == wanted:
            return
        if wanted is None:
            del self._wanted[space.id]
        else:
            self._wanted[space.id] = wanted
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def on_outcome(self, outcome: Outcome) -> None:
        self.see(outcome.after)

    @property
    def now(self) -> list[dict[str, Any]]:
        return list(self._wanted.values())

    @property
    def version(self) -> int:
        return self._version

    async def wait(self, seen: int, timeout: float) -> None:
        """Until the version is no longer `seen`, or `timeout` seconds have passed."""
        if self._version == seen and not self.closed:
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                return
