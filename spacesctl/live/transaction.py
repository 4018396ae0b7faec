"""A request is one transaction: all that it changes is decided, written and only then applied, or none of it is.

    async with registry.transaction(space_id) as tx:
        outcome = await tx.ask(space_id, command, another)

Leaving the block commits; an exception, also one of `ask`, rolls back and changes nothing. What was stored is then told to the engine,
to event streams and to the registry's subscribers. None of that can make a stored change fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.admission import kept_out, require_entry
from spacesctl.domain.principals import Person, System
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role
from spacesctl.live.actor import SpaceActor
from spacesctl.live.microphones import Microphones
from spacesctl.live.outcome import Outcome, Projection
from spacesctl.live.revocations import Revocations
from spacesctl.store import accounts
from spacesctl.store import spaces as space_store
from spacesctl.store.ports import Database
from spacesctl.store.spaces import StoredEvent
from spacesctl.support.clock import Clock


@dataclass(frozen=True)
class Applied:
    """An outcome that was written, and the actor that takes it over."""

    actor: SpaceActor
    outcome: Outcome
    stored: list[StoredEvent]


class Actors(Protocol):
    """What a transaction needs of the registry."""

    db: Database
    clock: Clock
    projections: Sequence[Projection]
    revocations: Revocations

    def new_actor(self) -> SpaceActor:
        """An actor for a Space that is being created."""

    async def enter_turn(self, space_id: str, held: AsyncExitStack) -> SpaceActor:
        """Wait for the turn at a Space, which `held` then releases. Raises NotFound or TooMany."""

    def see_through(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run the end of a transaction as a task that outlives its request."""

    def apply(self, done: Iterable[Applied]) -> None:
        """Take over what was committed."""


class Transaction:
    """Everything that one request changes. Made by `SpaceRegistry.transaction`.

    The Spaces are locked in the order of their ids before the database is, so that two requests never wait for each other.
    """

    db: AsyncConnection
    """Within the block: the transaction. What is written here is committed with the events."""

    def __init__(self, registry: Actors, space_ids: Sequence[str]) -> None:
        self._registry = registry
        self._ids = sorted(set(space_ids))
        self._turns = AsyncExitStack()
        self._opened = AsyncExitStack()
        self._actors: dict[str, SpaceActor] = {}
        self._states: dict[str, Space] = {}
        self._done: list[Applied] = []
        self._undo: list[Callable[[], None]] = []
        self.now: datetime = registry.clock.now()

    async def __aenter__(self) -> Transaction:
        try:
            for space_id in self._ids:
                self._actors[space_id] = await self._registry.enter_turn(space_id, self._turns)
            self.db = await self._opened.enter_async_context(self._registry.db.begin())
        except BaseException:
            await self._turns.aclose()
            raise
        self.now = self._registry.clock.now()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In a task of its own: a request that is canceled while it commits must not leave memory behind the store.
        await asyncio.shield(self._registry.see_through(self._end(kind, error, trace)))

    async def _end(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._turns:
            try:
                await self._opened.__aexit__(kind, error, trace)
            except BaseException as failure:
                error = failure
                raise
            finally:
                for undo in self._undo if error is not None else ():
                    undo()
            if error is None:
                self._registry.apply(self._done)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Call `undo` if this is not committed: it takes back what was done in memory."""
        self._undo.append(undo)

    @property
    def space_ids(self) -> list[str]:
        """The Spaces that can be asked here."""
        return list(self._actors)

    def space(self, space_id: str) -> Space:
        """The Space as this transaction leaves it so far."""
        found = self._states.get(space_id) or self._actors[space_id].state
        if found is None:
            raise RuntimeError("this Space has not been created")
        return found

    def is_there(self, space_id: str, account_id: str) -> bool:
        """Whether an account has a part in a Space, or is connected to it."""
        return account_id in self.space(space_id).parts() or account_id in self._actors[space_id].present()

    def here(self, space_id: str) -> frozenset[str]:
        """The accounts that are in a Space: connected, or with a command in the last minute."""
        return self._actors[space_id].here()

    def heard(self, space_id: str) -> int:
        """The last tick of the stage that the audience of a Space has heard."""
        return self._actors[space_id].heard

    def now_tick(self, space_id: str) -> int:
        """The present tick of a Space."""
        return self._actors[space_id].now_tick()

    def is_airing(self, space_id: str) -> bool:
        """Whether the audience of a Space is to hear or read something yet."""
        return self._actors[space_id].audience.is_waiting

    def microphones(self, space_id: str) -> Microphones:
        """The microphone sessions that there are and were in a Space."""
        return self._actors[space_id].microphones

    async def create(self, command: c.Create, *more: c.Command) -> Outcome:
        """Create a Space, and give it further commands of the same principal. Raises what refuses one of them."""
        self._actors[command.id] = self._registry.new_actor()
        return await self.ask(command.id, command, *more)

    async def ask(self, space_id: str, *commands: c.Command) -> Outcome:
        """Decide all commands, which one principal gives, and write what follows from them. Raises what refuses one of them; the
        whole transaction must end then.
        """
        if any(command.by != commands[0].by for command in commands):
            raise RuntimeError("commands of several principals are asked one by one: each outcome has one")
        actor = self._actors[space_id]
        before = self._states.get(space_id, actor.state)
        if isinstance(commands[0].by, Person):
            self._registry.revocations.require(commands[0].by)
        if before is not None and not before.is_over:
            await self._admit(before, commands)
        commands = tuple(_with_tail(actor, command) for command in commands)
        events, after = actor.decide_all(before, commands, self.now)
        if left_out := await self._kept_out(after, events, actor.present()):
            more, after = actor.decide_all(after, left_out, self.now)
            events = [*events, *more]
        outcome = Outcome(before, after, events, self.now, commands[0].by, actor.stop_clock(before), actor.present())
        stored: list[StoredEvent] = []
        if events:
            stored = await space_store.save(self.db, after, events, self.now, outcome.tick)
        for projection in self._registry.projections:
            await projection(self.db, outcome)
        self._states[space_id] = after
        self._done.append(Applied(actor, outcome, stored))
        return outcome

    async def keep_apart(self, space_id: str) -> None:
        """Remove from a Space whom the blocks of its staff keep out, and who came in while the staff changed."""
        space = self.space(space_id)
        if not space.is_over and (left_out := await self._outside(space, self._actors[space_id].present())):
            await self.ask(space_id, *left_out)

    async def _admit(self, space: Space, commands: Sequence[c.Command]) -> None:
        """Who may not be in a Space has nothing to say there either. Admins may act everywhere. Raises NotAllowed or Refused."""
        by = commands[0].by
        if not isinstance(by, Person) or by.account_id is None or by.is_admin:
            return
        if all(isinstance(command, _FROM_OUTSIDE) for command in commands):
            return
        blocks = await accounts.blocks_of(self.db, by.account_id)
        require_entry(space, by, blocked=kept_out(space, by.account_id, blocks))

    async def _kept_out(self, space: Space, events: Sequence[e.Event], present: frozenset[str]) -> list[c.Command]:
        """The commands that remove whom the blocks of a new host or co-host keep out."""
        if space.is_over or not any(is_new_staff(event) for event in events):
            return []
        return await self._outside(space, present)

    async def _outside(self, space: Space, present: frozenset[str]) -> list[c.Command]:
        blocks = await accounts.blocks_around(self.db, space.host_id, space.staff)
        here = [one for one in sorted({*space.parts(), *present}) if kept_out(space, one, blocks)]
        known = await accounts.by_ids(self.db, set(here))
        return [
            c.RemoveBlocked(_BLOCKED, c.Target(one, known[one].handle, known[one].kind, blocked=True)) for one in here
        ]


def _with_tail(actor: SpaceActor, command: c.Command) -> c.Command:
    """The command with what its person said that the audience has not heard, if that may go with them."""
    if isinstance(command, c.Kick | c.RemoveBlocked | c.TakeAct | c.TakeOut | c.Confirm):
        tail = actor.unheard(command.person.account_id)
        return replace(command, person=replace(command.person, tail=tail)) if tail else command
    return command


_FROM_OUTSIDE = (c.FileReport, c.FileAppeal, c.RemoveBlocked)
"""Commands of people who may not be in the Space: who was removed may report and appeal, and a block ends one's own part."""
_BLOCKED = System("blocked")


def is_new_staff(event: e.Event) -> bool:
    """Whether somebody hosts, or is a co-host, whose blocks did not count before."""
    return isinstance(event, e.HostChanged) or (isinstance(event, e.RoleChanged) and event.role is Role.COHOST)
