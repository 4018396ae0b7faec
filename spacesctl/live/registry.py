"""All Spaces of this server: finds or creates the actor of a Space, and routes the engine's messages to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Gone
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space, State
from spacesctl.engine.messages import Frames, FromEngine, Levels, PeerJoined, PeerLeft, Stats
from spacesctl.live.actor import Outcome, Projection, SpaceActor
from spacesctl.live.engine import Engine
from spacesctl.store import accounts
from spacesctl.store import spaces as space_store
from spacesctl.store.database import Database

IDLE_ACTORS = 200
"""How many actors of Spaces that are not live are kept for further commands. The oldest beyond that are stopped."""
DRAIN_WITHIN = 0.5
"""Seconds that WebSockets have to send their last messages when the server stops."""


class SpaceRegistry:
    """The actors of all Spaces in use."""

    def __init__(self, db: Database, engine: Engine) -> None:
        self.db = db
        self.engine = engine
        self.actors: dict[str, SpaceActor] = {}
        self.stats: asyncio.Future[Stats] | None = None
        self.subscribers: list[Callable[[Outcome], None]] = []
        """Called after every command, for example by the alarm clock and the bots' assignments."""
        self._loading = asyncio.Lock()
        self._peers: dict[str, SpaceActor] = {}
        self._background: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Load all live Spaces at the start. Their microphone sessions are closed; everything else is as before."""
        async with self.db.read() as connection:
            live = await space_store.live(connection)
        for space in live:
            actor = await self.actor(space.id)
            await actor.engine_restarted()

    async def close(self) -> None:
        """End all streams and stop the actors. Spaces stay live in the store."""
        for actor in self.actors.values():
            actor.hub.close()
            for session in actor.connections.sessions.values():
                if session.feed is not None:
                    session.feed.close("server_stopping")
                if session.pages is not None:
                    session.pages.close("server_stopping")
        await self._drain_feeds()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*(actor.stop() for actor in self.actors.values()), return_exceptions=True)

    async def _drain_feeds(self) -> None:
        """Wait briefly for the last messages to be sent; slow readers are not waited for."""
        feeds = [s.feed for actor in self.actors.values() for s in actor.connections.sessions.values() if s.feed]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                for feed in feeds:
                    await feed.drained.wait()

    async def actor(self, space_id: str) -> SpaceActor:
        """The actor of a Space, created if needed. Raises NotFound."""
        actor = self.actors.get(space_id)
        if actor is not None:
            return actor
        async with self._loading:
            if space_id in self.actors:
                return self.actors[space_id]
            async with self.db.read() as connection:
                space = await space_store.load(connection, space_id)
                last_tick = await space_store.last_tick(connection, space_id)
            await self._let_go()
            actor = self.actors[space_id] = SpaceActor(space, self.db, self.engine, self._changed, last_tick)
            return actor

    async def create(self, command: c.Create, projection: Projection | None = None) -> Outcome:
        """Create a Space and its actor. Raises what the command raises."""
        actor = SpaceActor(None, self.db, self.engine, self._changed)
        try:
            outcome = await actor.ask(command, projection)
        except BaseException:
            await actor.stop()
            raise
        self.actors[command.id] = actor
        return outcome

    async def space(self, space_id: str) -> Space:
        """The present state of a Space. Raises NotFound."""
        space = (await self.actor(space_id)).space
        if space is None:
            raise RuntimeError("an actor of the registry has a Space")
        return space

    async def live_actor(self, space_id: str) -> SpaceActor:
        """The actor of a Space that is not over. Raises NotFound or Gone."""
        actor = await self.actor(space_id)
        if actor.space is not None and actor.space.is_over:
            raise Gone("Space", space_id, actor.space.state.value)
        return actor

    async def blocked(self, space: Space, account_id: str | None) -> bool:
        """Whether there is a block between the host and this account."""
        if account_id is None:
            return False
        async with self.db.read() as connection:
            return await accounts.block_between(connection, space.host_id, account_id)

    async def followed(self, space: Space, account_id: str | None) -> bool:
        """Whether the host follows this account."""
        if account_id is None:
            return False
        async with self.db.read() as connection:
            return await accounts.follows_account(connection, space.host_id, account_id)

    async def person(self, space: Space, account: Account) -> c.Target:
        """The account as a command needs it, with whether there is a block between it and the host."""
        return c.Target(account.id, account.handle, account.kind, await self.blocked(space, account.id))

    async def remove_blocked(self, blocker: Person, account: Account) -> None:
        """Remove `account` from all live and scheduled Spaces of `blocker`, who has blocked it."""
        person = c.Target(account.id, account.handle, account.kind, blocked=True)
        async with self.db.read() as connection:
            hosted = await space_store.hosted(connection, blocker.account_id or "")
        for space_id in hosted:
            await (await self.actor(space_id)).ask(c.RemoveBlocked(blocker, person))

    def expect_peer(self, peer: str, actor: SpaceActor) -> None:
        """Route the engine's messages about this WebRTC peer to `actor`."""
        self._peers[peer] = actor

    def on_engine(self, message: FromEngine) -> None:
        """Handle a message from the engine. Called by the reader of the engine link; never waits."""
        match message:
            case Frames(space=space_id):
                if (actor := self.actors.get(space_id)) is not None:
                    actor.on_frames(message)
            case Levels(space=space_id):
                if (actor := self.actors.get(space_id)) is not None:
                    actor.on_levels(message)
            case PeerJoined(peer=peer):
                if (actor := self._peers.get(peer)) is not None and peer in actor.connections.sessions:
                    actor.connections.sessions[peer].joined = True
            case PeerLeft(peer=peer):
                if (actor := self._peers.pop(peer, None)) is not None:
                    self.in_background(actor.drop_session(peer))
            case Stats() if self.stats is not None and not self.stats.done():
                self.stats.set_result(message)
            case _:
                pass

    async def engine_restarted(self) -> None:
        """Open all live Spaces on the new engine."""
        self._peers.clear()
        for actor in list(self.actors.values()):
            await actor.engine_restarted()

    def in_background(self, work: Coroutine[None, None, None]) -> None:
        """Run a coroutine as a task that is canceled when the registry closes."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _changed(self, outcome: Outcome) -> None:
        for watcher in self.subscribers:
            watcher(outcome)

    async def _let_go(self) -> None:
        idle = [
            space_id
            for space_id, actor in self.actors.items()
            if actor.space is not None and actor.space.state is not State.LIVE and not actor.hub.subscribers
        ]
        for space_id in idle[: max(0, len(idle) - IDLE_ACTORS)]:
            await self.actors.pop(space_id).stop()
