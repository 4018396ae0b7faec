"""What is done for live Spaces every second: counts are published, absent hosts noticed, Space clocks stored."""

from __future__ import annotations

from spacesctl.api.events import Presence
from spacesctl.domain.errors import is_final
from spacesctl.live.actor import SpaceActor
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import spaces as space_store

LOOK_EVERY = 1.0
"""Seconds between two looks."""
RELEASE_EVERY = 0.1
"""Seconds between two looks at what audiences are to be told."""
TICKS_KEPT_EVERY = 10.0
"""Seconds between two writes of the Space clocks to the store."""
ATTENDANCE_EVERY = 2.0
"""Seconds between two writes of who came in."""


class Watch:
    """Looks after the live Spaces of a registry: `look` and `keep_ticks` are called regularly. `bot_id` is the bundled bot's,
    whose presence counts for nothing."""

    def __init__(self, registry: SpaceRegistry, bot_id: str) -> None:
        self._registry = registry
        self._bot_id = bot_id
        self._told: dict[str, int] = {}

    async def look(self) -> None:
        """Publish reactions and the numbers of participants that changed, and act on absent hosts and empty Spaces. Every Space is looked
        at, whatever happens at another; then the first error is raised."""
        self._registry.let_go_of_ended()
        for actor in self._registry.actors.values():
            actor.forget_evidence()
        live = self._registry.live()
        failed: Exception | None = None
        for actor in live:
            actor.tell_reactions()
            actor.tell_delay()
            try:
                await actor.look_around(self._bot_id)
            except Exception as error:
                if not is_final(error):  # otherwise it ended in the meantime
                    failed = failed or error
            self._tell_count(actor)
        ids = {actor.space.id for actor in live}
        self._told = {space_id: count for space_id, count in self._told.items() if space_id in ids}
        if failed is not None:
            raise failed

    def _tell_count(self, actor: SpaceActor) -> None:
        count, space_id = actor.participant_count, actor.space.id
        actor.open.attendance.counted(count)
        if self._told.get(space_id, 0) != count:
            self._told[space_id] = count
            actor.publish(Presence(participant_count=count))

    async def keep_ticks(self) -> None:
        """Store how far each Space clock has run."""
        live = self._registry.live()
        if not live:
            return
        async with self._registry.db.begin() as db:
            for actor in live:
                mark = actor.mark()
                await space_store.keep_mark(db, actor.space.id, mark.tick, mark.boot, mark.zero)
