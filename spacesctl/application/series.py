"""Keeps every series running: plans its coming occurrence, creates the Space in time, then plans the next.

All steps can be repeated: after a crash they bring the store to the same state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.invitations import send_invites
from spacesctl.domain import commands as c
from spacesctl.domain import series as rules
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotAllowed, Refused, SpacesError
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.series import Series, SeriesState
from spacesctl.domain.space import InviteState, State
from spacesctl.live.actor import Outcome
from spacesctl.live.now import utc_now
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store import accounts, audit
from spacesctl.store import series as series_store


class SeriesKeeper:
    """Runs all series. `wake(series)` is called with each series that has a planned occurrence, so that the alarm clock is set."""

    def __init__(
        self, registry: SpaceRegistry, bot: Account, link: Callable[[str], str], wake: Callable[[Series], None]
    ) -> None:
        self._house = registry
        self._bot = bot
        self._link = link
        self._wake = wake
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        """Bring all active series up to date at the start of the server."""
        async with self._house.db.read() as db:
            active = await series_store.active(db)
        for series in active:
            await self.arrange(series.id)
        self._house.subscribers.append(self._on_outcome)

    async def create(self, series: Series, caller: Person) -> Series:
        """Store a new series and plan it. Raises Invalid."""
        made = rules.plan(await asyncio.to_thread(rules.checked, series), utc_now())
        async with self._house.db.begin() as db:
            await series_store.save(db, made)
            await audit.append(
                db, audit.Entry("series.create", caller.account_id, None, None, {"series": made.id}), utc_now()
            )
        return await self.arrange(made.id)

    async def get(self, series_id: str, caller: Person) -> Series:
        """Load a series. Raises NotFound, or NotAllowed for anyone but its host and admins."""
        async with self._house.db.read() as db:
            series = await self._load(db, series_id)
        if series.host_id != caller.account_id and not caller.is_admin:
            raise NotAllowed("this series is somebody else's", reason="series")
        return series

    async def change(self, series_id: str, caller: Person, what: str, change: Callable[[Series], Series]) -> Series:
        """Apply a pure change and audit it as `what`. The Space of the coming occurrence is canceled if the changed
        series no longer has it. Raises NotFound or NotAllowed.
        """
        before = await self.get(series_id, caller)
        after = change(before)
        async with self._house.db.begin() as db:
            await series_store.save(db, after)
            await audit.append(
                db, audit.Entry(f"series.{what}", caller.account_id, None, None, {"series": series_id}), utc_now()
            )
        if before.space_id is not None and after.space_id != before.space_id:
            await self._call_off(before)
        return await self.arrange(series_id) if after.state is SeriesState.ACTIVE else after

    async def edit(self, series: Series, caller: Person) -> Series:
        """Save an edited series and update its coming Space. Raises Invalid, NotFound or NotAllowed."""
        checked = await asyncio.to_thread(rules.checked, series)
        before = await self.get(series.id, caller)
        after = await self.change(
            series.id, caller, "edit", lambda now_is: rules.edited(now_is, _kept(checked, now_is), utc_now())
        )
        if after.space_id is not None and after.space_id == before.space_id:
            await self._bring_in_line(before, after, after.space_id)
        return after

    async def _bring_in_line(self, before: Series, after: Series, space_id: str) -> None:
        """Apply the fields that the edit changed to the Space of the coming occurrence. What its host changed in that
        Space alone stays.
        """
        host = Person(after.host_id)
        actor = await self._house.actor(space_id)
        names = [(name, name) for name in ("title", "topics", "lang", "listeners", "duration")]
        pairs = [*names, ("planned", "scheduled_start")]
        changed = {there: getattr(after, one) for one, there in pairs if getattr(after, one) != getattr(before, one)}
        await actor.ask(c.Edit(host, **changed))
        if after.policy is not before.policy:
            await actor.ask(c.ChangePolicy(host, after.policy))
        if after.rules_hash != before.rules_hash:
            await actor.ask(c.SetRules(host, after.rules_hash, self._bot.id, frozenset(after.rule_actions)))
        invites = (await self._house.space(space_id)).invites
        dropped = [one for one in before.invited if one not in after.invited and one in invites]
        async with self._house.db.read() as db:
            known = await accounts.by_ids(db, {one for one in dropped if invites[one].state is InviteState.PENDING})
        if known:
            people = tuple(c.Target(one.id, one.handle, one.kind) for one in known.values())
            await actor.ask(c.RevokeInvites(host, people))

    async def arrange(self, series_id: str) -> Series:
        """Create the Space of the planned occurrence if it is due, then set its rules and send its invitations. Raises NotFound."""
        async with self._one_at_a_time:
            async with self._house.db.read() as db:
                series = await self._load(db, series_id)
            series = await self._after_what_happened(series)
            if rules.is_due_to_be_made(series, utc_now()):
                series = await self._make(series)
            if series.space_id is not None:
                await self._furnish(series, series.space_id)
            if series.planned is not None:
                self._wake(series)
            return series

    @staticmethod
    async def _load(db: AsyncConnection, series_id: str) -> Series:
        """Raises NotFound. Checks the series in a thread, since that may read its time zone file."""
        series = await series_store.get(db, series_id)
        return await asyncio.to_thread(rules.checked, series)

    async def _after_what_happened(self, series: Series) -> Series:
        """If the occurrence has started, ended, or was canceled or missed, plan the next one."""
        now = utc_now()
        if series.space_id is not None:
            space = await self._house.space(series.space_id)
            held = space.started_at is not None
            after = rules.used(series, now, held=held) if space.state is not State.SCHEDULED else series
        elif series.planned is not None and series.planned < now - rules.GRACE:
            after = rules.used(series, now)  # the server was not running, so no Space was created
        else:
            after = rules.plan(series, now)
        if after != series:
            async with self._house.db.begin() as db:
                await series_store.save(db, after)
        return after

    async def _make(self, series: Series) -> Series:
        """Create the Space, and note it in the series in the same transaction."""
        space_id = new_space_id()
        made = replace(series, space_id=space_id)
        command = c.Create(
            Person(series.host_id), space_id, series.title, series.policy, series.listeners, series.captions,
            series.topics, series.lang, max(series.planned or utc_now(), utc_now()), series.duration, series.id,
        )  # fmt: skip

        async def projection(db: AsyncConnection, outcome: Outcome) -> None:
            await series_store.save(db, made)

        await self._house.create(command, projection)
        return made

    async def _furnish(self, series: Series, space_id: str) -> None:
        host = Person(series.host_id)
        actor = await self._house.actor(space_id)
        if series.rules_hash is not None:
            await actor.ask(c.SetRules(host, series.rules_hash, self._bot.id, frozenset(series.rule_actions)))
        async with self._house.db.read() as db:
            known = await accounts.by_ids(db, {*series.invited, series.host_id})
        space = await self._house.space(space_id)
        for one in (known[one] for one in series.invited if one in known and one not in space.invites):
            try:
                await send_invites(
                    self._house, self._link, Person(series.host_id, known[series.host_id].handle), space_id, [one]
                )
            except Refused:
                continue  # blocked in the meantime; the others are still invited

    async def _call_off(self, series: Series) -> None:
        if series.space_id is None:
            return
        actor = await self._house.actor(series.space_id)
        try:
            await actor.ask(c.Cancel(Person(series.host_id)))
        except SpacesError as error:
            if error.reason not in ("live", "ended", "canceled"):  # it is live or over, so there is nothing to cancel
                raise

    def _on_outcome(self, outcome: Outcome) -> None:
        series_id = outcome.after.series_id
        moved = outcome.before is not None and outcome.before.state is not outcome.after.state
        if series_id is not None and moved:
            self._house.in_background(self._again(series_id))

    async def _again(self, series_id: str) -> None:
        try:
            await self.arrange(series_id)
        except SpacesError:
            return  # deleted in the meantime


def _kept(edited: Series, now_is: Series) -> Series:
    """The edited series with the planning state that it has now."""
    return replace(
        edited,
        state=now_is.state,
        planned=now_is.planned,
        space_id=now_is.space_id,
        since=now_is.since,
        skipped=now_is.skipped,
        started=now_is.started,
        started_id=now_is.started_id,
        revision=now_is.revision,
    )
