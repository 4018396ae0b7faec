"""What is done for live Spaces every second: counts are published, absent hosts noticed, Space clocks stored."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import structlog

from spacesctl.api.events import Presence
from spacesctl.domain.errors import SpacesError
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import spaces as space_store

_log = structlog.get_logger()
EVERY = 1.0
"""Seconds between two looks."""
TICK_KEPT_EVERY = 10
"""Looks between two writes of the Space clocks to the store."""


class Watch:
    """Looks after the live Spaces of a registry. `bot_id` is the bundled bot's, whose presence counts for nothing."""

    def __init__(self, registry: SpaceRegistry, bot_id: str) -> None:
        self._registry = registry
        self._bot_id = bot_id
        self._told: dict[str, int] = {}

    async def run(self) -> None:
        """Look every second, for ever."""
        for second in range(sys.maxsize):
            await asyncio.sleep(EVERY)
            try:
                await self.look()
                if second % TICK_KEPT_EVERY == 0:
                    await self.keep_ticks()
            except Exception as error:  # the store may be there again in a second
                _log.error("a look at the live Spaces failed", kind=type(error).__name__, exc_info=error)

    async def look(self) -> None:
        """Publish reactions and the numbers of participants that changed, and act on absent hosts and empty Spaces."""
        live = self._registry.live()
        for actor in live:
            actor.tell_reactions()
            with contextlib.suppress(SpacesError):  # it ended in the meantime
                await actor.look_around(self._bot_id)
            count, space_id = actor.participant_count, actor.space.id
            if self._told.get(space_id, 0) != count:
                self._told[space_id] = count
                actor.publish(Presence(participant_count=count))
        ids = {actor.space.id for actor in live}
        self._told = {space_id: count for space_id, count in self._told.items() if space_id in ids}

    async def keep_ticks(self) -> None:
        """Store how far each Space clock has run, and drop evidence that is too old."""
        live = self._registry.live()
        if not live:
            return
        async with self._registry.db.begin() as db:
            for actor in live:
                tick = actor.now_tick()
                actor.ring.forget(tick)
                await space_store.keep_tick(db, actor.space.id, tick)
