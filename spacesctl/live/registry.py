"""All Spaces of this server: finds or creates the actor of a Space, begins transactions, and routes the engine's messages."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, cast

import structlog

from spacesctl.api.wire import Answer
from spacesctl.domain import commands as c
from spacesctl.domain.errors import Gone, SpacesError, is_final
from spacesctl.domain.principals import System
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role, State
from spacesctl.engine.messages import Aired, Frames, FromEngine, Levels, PeerJoined, PeerLeft, Redacted, Stats
from spacesctl.live.actor import SpaceActor
from spacesctl.live.clock import ClockMark, tick_after
from spacesctl.live.engine import Engine
from spacesctl.live.event_views import View
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.outcome import Outcome, Projection
from spacesctl.live.recent_blocks import RecentBlocks
from spacesctl.live.revocations import Revocations
from spacesctl.live.stream_writer import StreamWriter
from spacesctl.live.transaction import Applied, Transaction, is_new_staff
from spacesctl.store import attendance as attendance_store
from spacesctl.store import spaces as space_store
from spacesctl.store.ports import Database
from spacesctl.support.clock import Clock, RealClock
from spacesctl.support.supervision import TaskSupervisor

IDLE_ACTORS = 200
"""How many actors of Spaces that are not live are kept for further commands. The oldest beyond that are dropped."""
DRAIN_WITHIN = 0.5
"""Seconds that WebSockets have to send their last messages when the server stops."""
_log = structlog.get_logger()


class SpaceRegistry:
    """The Spaces in use. `projections` write what follows from events, in this order, within each transaction."""

    def __init__(
        self,
        db: Database,
        engine: Engine,
        projections: Sequence[Projection] = (),
        clock: Clock | None = None,
        *,
        tasks: TaskSupervisor | None = None,
    ) -> None:
        self.db = db
        self.engine = engine
        self.projections = projections
        self.clock = clock or RealClock()
        self.actors: dict[str, SpaceActor] = {}
        self.revocations = Revocations()
        self.blocks = RecentBlocks()
        self.stats: asyncio.Future[Stats] | None = None
        self.subscribers: list[Callable[[Outcome], None]] = []
        """Called after each stored outcome, for example by the alarm clock and the bots' assignments. What they raise is logged."""
        self._loading = asyncio.Lock()
        self.writer = StreamWriter()
        """Writes all event streams."""
        self._peers: dict[str, SpaceActor] = {}
        self.tasks = tasks or TaskSupervisor(is_final)
        """The long-lived tasks of the server, and the jobs that follow from what happened."""
        self._ending: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Load all live Spaces at the start. Their microphone sessions are closed; everything else is as before."""
        async with self.db.read() as connection:
            live = await space_store.live(connection)
        for space in live:
            actor = await self.actor_of(space.id)
            await actor.engine_restarted()

    async def close(self) -> None:
        """End all streams. Spaces stay live in the store; transactions that are ending are waited for."""
        for actor in self.actors.values():
            actor.hub.close()
            for session in actor.connections.sessions.values():
                if session.feed is not None:
                    session.feed.close("server_stopping")
                if session.pages is not None:
                    session.pages.close("server_stopping")
        await self._drain_feeds()
        await self.tasks.close()
        with contextlib.suppress(SpacesError):  # such as a full disk: it is not worth an error at the end
            await self.store_attendance()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _drain_feeds(self) -> None:
        """Wait briefly for the last messages to be sent; slow readers are not waited for."""
        feeds = [s.feed for actor in self.actors.values() for s in actor.connections.sessions.values() if s.feed]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                for feed in feeds:
                    await feed.drained.wait()

    async def handle(self, space_id: str) -> SpaceHandle:
        """The way into a Space. Raises NotFound."""
        return await self.actor_of(space_id)

    async def live_handle(self, space_id: str) -> SpaceHandle:
        """The way into a Space that is not over. Raises NotFound or Gone."""
        actor = await self.actor_of(space_id)
        if actor.space.is_over:
            raise Gone("Space", space_id, actor.space.state.value)
        return actor

    def known(self, space_id: str) -> SpaceHandle | None:
        """The way into a Space if it is in use at the moment."""
        return self.actors.get(space_id)

    async def space(self, space_id: str) -> Space:
        """The present state of a Space. Raises NotFound."""
        return (await self.actor_of(space_id)).space

    def transaction(self, *space_ids: str) -> Transaction:
        """A transaction over these Spaces. Entering it raises NotFound or TooMany."""
        return Transaction(self, space_ids)

    async def ask(self, space_id: str, *commands: c.Command) -> Outcome:
        """Give commands to one Space in a transaction of their own. Raises what refuses one of them; nothing has changed then."""
        async with self.transaction(space_id) as tx:
            return await tx.ask(space_id, *commands)

    async def actor_of(self, space_id: str) -> SpaceActor:
        """The actor of a Space, created if needed. Raises NotFound."""
        actor = self.actors.get(space_id)
        if actor is not None:
            return actor
        async with self._loading:
            if space_id in self.actors:
                return self.actors[space_id]
            async with self.db.read() as connection:
                space = await space_store.load(connection, space_id)
                mark = ClockMark(*await space_store.mark(connection, space_id))
            self._let_go()
            live = space.started_at if space.state is State.LIVE else None
            tick = mark.tick if live is None else tick_after(mark, live, self.clock)
            actor = self.actors[space_id] = self._new_actor(space, tick)
            actor.known_to = mark.tick
            return actor

    def new_actor(self) -> SpaceActor:
        """An actor for a Space that is being created."""
        return self._new_actor(None, 0)

    def _new_actor(self, space: Space | None, last_tick: int) -> SpaceActor:
        made = SpaceActor(space, self.engine, self.clock, self.ask, self.tasks, last_tick, self.writer)
        made.open.revocations, made.open.blocks = self.revocations, self.blocks
        return made

    async def enter_turn(self, space_id: str, held: AsyncExitStack) -> SpaceActor:
        """Wait for the turn at a Space, which `held` then releases. Raises NotFound or TooMany."""
        while True:
            actor = await self.actor_of(space_id)
            waiting = actor.turn()
            await waiting.__aenter__()
            if (
                self.actors.get(space_id) is actor
            ):  # it can have been let go, and loaded again, before its turn was taken
                held.push_async_exit(waiting)
                return actor
            await waiting.__aexit__(None, None, None)

    def see_through(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run the end of a transaction as a task, which `close` waits for."""
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    def apply(self, done: Iterable[Applied]) -> None:
        """Take over what was committed. No error of this is the caller's: it is logged with an incident's id."""
        for one in done:
            # A Space that was just created may have been asked for, and loaded, since the commit: there is one actor of it.
            actor = self.actors.setdefault(one.outcome.after.id, one.actor)
            self._guarded(actor.apply, one.outcome, one.stored)
            if any(is_new_staff(event) for event in one.outcome.events):
                self.tasks.later("blocks of new staff", partial(self._keep_apart, actor.space.id))
            # Apart from the request: it waits for none of them.
            for subscriber in self.subscribers:
                asyncio.get_running_loop().call_soon(self._guarded, subscriber, one.outcome)

    async def _keep_apart(self, space_id: str) -> None:
        async with self.transaction(space_id) as tx:
            await tx.keep_apart(space_id)

    @staticmethod
    def _guarded(call: Callable[..., None], *args: Any) -> None:
        try:
            call(*args)
        except Exception as error:
            incident = secrets.token_hex(6)
            _log.error("an effect failed", incident=incident, kind=type(error).__name__, exc_info=error)

    def expect_peer(self, peer: str, handle: SpaceHandle) -> None:
        """Route the engine's messages about this WebRTC peer to its Space."""
        self._peers[peer] = cast(SpaceActor, handle)

    def on_engine(self, message: FromEngine) -> None:
        """Handle a message from the engine. Called by the reader of the engine link; never waits."""
        match message:
            case Frames(space=space_id):
                if (actor := self.actors.get(space_id)) is not None:
                    actor.on_frames(message)
            case Levels(space=space_id):
                if (actor := self.actors.get(space_id)) is not None:
                    actor.on_levels(message)
            case Aired(space=space_id):
                if (actor := self.actors.get(space_id)) is not None:
                    actor.audience.aired(message)
            case Redacted(space=space_id, name=name, first=first):
                if (actor := self.actors.get(space_id)) is not None:
                    self._redacted(actor, name, first)
            case PeerJoined(peer=peer):
                if (actor := self._peers.get(peer)) is not None and peer in actor.connections.sessions:
                    actor.connections.sessions[peer].joined = True
            case PeerLeft(peer=peer):
                if (actor := self._peers.pop(peer, None)) is not None:
                    self.tasks.later("end a session", partial(actor.disconnect, peer))
            case Stats() if self.stats is not None and not self.stats.done():
                self.stats.set_result(message)
            case _:
                pass

    def _redacted(self, actor: SpaceActor, name: str, first: int) -> None:
        """Note what the audience had heard of a redaction when it came into force, if that is more than was thought."""
        found = actor.space.redactions.get(name)
        if found is None or first <= found.first or (found.missed_to is not None and first - 1 <= found.missed_to):
            return
        missed = c.MissRedaction(System("late"), name, first - 1)
        self.tasks.later("note a late redaction", partial(actor.ask, missed))

    async def release(self) -> None:
        """Tell the audiences what they hear now. Called several times a second."""
        for actor in self.actors.values():
            actor.audience.release()

    async def engine_restarted(self) -> None:
        """Open all live Spaces on the new engine. Nothing here fails because the store is in trouble."""
        self._peers.clear()
        for actor in list(self.actors.values()):
            await actor.engine_restarted()

    def revoke(self, credentials: Collection[str], why: str = "revoked") -> None:
        """End what was opened with these credentials (ids), in all Spaces: at once, the lanes as soon as the store takes it. `why` is what
        they are told."""
        self.revocations.add(credentials)
        for actor in self.actors.values():
            if ended := actor.revoked(credentials, why):
                self.tasks.later("close lanes", partial(actor.after_revocation, ended, why))

    def live(self) -> list[SpaceActor]:
        """The actors of the live Spaces."""
        return [actor for actor in self.actors.values() if actor.state is not None and actor.state.state is State.LIVE]

    def with_staff(self, accounts: Collection[str]) -> list[str]:
        """The Spaces in use, not over, that one of these accounts hosts or hosted, or whose co-host it is."""
        wanted = frozenset(accounts)
        states = (actor.state for actor in self.actors.values() if actor.state is not None)
        return [space.id for space in states if not space.is_over and not wanted.isdisjoint(space.staff)]

    def cohosted(self, account_id: str) -> list[str]:
        """The live Spaces whose co-host this account is."""
        return [actor.space.id for actor in self.live() if actor.space.role_of(account_id) is Role.COHOST]

    async def store_attendance(self) -> None:
        """Store who came into the Spaces since the last call, and how many were there at once. Called every few seconds, and at the end."""
        came = {space_id: actor.open.attendance.unstored for space_id, actor in self.actors.items()}
        rows = [(space_id, account) for space_id, accounts in came.items() for account in accounts]
        peaks = {space_id: actor.open.attendance.unstored_peak for space_id, actor in self.actors.items()}
        if not rows and not any(peaks.values()):
            return
        async with self.db.begin() as connection:
            await attendance_store.add(connection, rows, self.clock.now())
            for space_id, peak in peaks.items():
                if peak is not None:
                    await space_store.keep_peak(connection, space_id, peak)
        for space_id, accounts in came.items():
            if (actor := self.actors.get(space_id)) is not None:
                actor.open.attendance.stored(accounts, peaks[space_id])

    def event_streams(self) -> int:
        """How many event streams are open."""
        return sum(len(actor.hub.subscribers) for actor in self.actors.values())

    def publish(self, told: Callable[[Space, View], Answer | None]) -> None:
        """Send messages that are not stored to the event streams of the Spaces in use: what `told` says to each view, if anything."""
        for actor in self.actors.values():
            for view in View:
                if actor.state is not None and (data := told(actor.state, view)) is not None:
                    actor.publish(data, (view,))

    def connections_by_kind(self) -> Counter[str]:
        """How many connections with audio of each kind there are."""
        return Counter(session.kind.value for actor in self.live() for session in actor.connections.sessions.values())

    def connections_from(self, place: str) -> int:
        """How many connections with audio come from one place, in all Spaces."""
        return sum(actor.connections.places[place] for actor in self.actors.values())

    def let_go_of_ended(self) -> None:
        """Forget the actors of Spaces that are over, a minute after their end: until then they may be reported, with evidence. Called
        regularly; without it each would keep the last minute of all its voices."""
        spent = {space_id: actor for space_id, actor in self.actors.items() if not actor.is_busy and actor.is_spent()}
        for space_id in spent:
            del self.actors[space_id]
        if spent:
            left = set(spent.values())
            self._peers = {peer: actor for peer, actor in self._peers.items() if actor not in left}

    def _let_go(self) -> None:
        idle = [
            space_id
            for space_id, actor in self.actors.items()
            if not actor.is_live and not actor.is_busy and not actor.hub.subscribers and not actor.audience.is_waiting
        ]
        for space_id in idle[: max(0, len(idle) - IDLE_ACTORS)]:
            del self.actors[space_id]
