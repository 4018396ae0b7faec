"""Which live Spaces need the bundled bot. The bot gets the whole list each time it changes."""

from __future__ import annotations

import asyncio

from spacesctl.api.captions import Assignment
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.live.outcome import Outcome

LINGER = 1.0
"""Seconds for which a bot stays after the end was heard."""


class Assignments:
    """The list, with a version that rises with each change."""

    def __init__(self) -> None:
        self._wanted: dict[str, Assignment] = {}
        self._version = 0
        self._changed = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        """The server stops: requests that wait return at once."""
        self.closed = True
        self._changed.set()

    def see(self, space: Space) -> None:
        """Update the list with the present state of a Space."""
        wanted = None
        if space.state is State.LIVE and space.is_watched:
            wanted = Assignment(
                space_id=space.id,
                captions=space.captions,
                rules_hash=space.rules_hash,
                host_id=space.host_id,
                actions=sorted(space.grant.actions) if space.grant else [],
            )
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
        """Update the list after a command. A Space whose rules redact keeps the bot until its audience has heard the end."""
        space = outcome.after
        if space.is_over and space.redacts and space.id in self._wanted:
            asyncio.get_running_loop().call_later(space.delay + LINGER, self.see, space)
        else:
            self.see(space)

    @property
    def now(self) -> list[Assignment]:
        """The list."""
        return list(self._wanted.values())

    @property
    def version(self) -> int:
        """Rises with each change of the list."""
        return self._version

    async def wait(self, seen: int, timeout: float) -> None:
        """Wait until the version is no longer `seen`, at most `timeout` seconds."""
        if self._version == seen and not self.closed:
            try:
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
            except TimeoutError:
                return
