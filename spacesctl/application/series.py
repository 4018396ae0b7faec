"""Series: each request, and each step of the clock, is one transaction over the series and the Space of its coming occurrence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import facts, occurrences, rulesets
from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.compiling.compiler import CheckedRules
from spacesctl.domain import series as rules
from spacesctl.domain.errors import Invalid, NotAllowed
from spacesctl.domain.principals import Person
from spacesctl.domain.series import Series
from spacesctl.domain.space import MAX_COHOSTS
from spacesctl.domain.words import ListenerPolicy, Policy
from spacesctl.live.transaction import Transaction
from spacesctl.store import audit
from spacesctl.store import rulesets as ruleset_store
from spacesctl.store import series as series_store

T = TypeVar("T")


@dataclass(frozen=True)
class Edit:
    """What to change in a series: the fields that are not None; `rules` counts when `has_rules`. `invite`, `cohosts` and `uninvite` name
    accounts."""

    title: str | None = None
    cron: str | None = None
    tz: str | None = None
    duration: int | None = None
    policy: Policy | None = None
    listeners: ListenerPolicy | None = None
    topics: tuple[str, ...] | None = None
    has_rules: bool = False
    rules: CheckedRules | None = None
    with_numbers: bool = False
    """Of the `rules`."""
    delay: float | None = None
    invite: Sequence[str] = ()
    cohosts: Sequence[str] = ()
    uninvite: Sequence[str] = ()


async def create_series(
    app: App,
    series: Series,
    person: Person,
    rule_set: CheckedRules | None,
    invite: Sequence[str],
    cohosts: Sequence[str],
    keep: Keep[Series],
) -> Series:
    """Store a new series, plan it, and create its coming Space with rules and invitations if it is due: all of it, or nothing.
    Raises Invalid or NotFound.
    """
    checked = await asyncio.to_thread(rules.checked, _with_rules(series, rule_set))
    async with app.registry.transaction() as tx:
        app.registry.revocations.require(person)
        await _keep_rules(tx, rule_set)
        seconds = tuple([one.id for one in await facts.found(tx.db, cohosts)])
        invited = tuple([one.id for one in await facts.found(tx.db, invite) if one.id not in seconds])
        made = rules.plan(replace(checked, invited=invited, cohosts=seconds), tx.now)
        await series_store.save(tx.db, made)
        await _note(tx, person, "create", made.id)
        made = await occurrences.settle(app, tx, made)
        await keep(tx.db, made, tx.now)
    app.wake(made)
    return made


async def get_series(app: App, series_id: str, person: Person) -> Series:
    """Load a series. Raises NotFound, or NotAllowed for anyone but its host and admins."""
    async with app.db.read() as db:
        series = await _load(db, series_id)
    _require_own(series, person)
    return series


async def change_series(
    app: App, series_id: str, person: Person, what: str, change: Callable[[Series, datetime], Series]
) -> Series:
    """Apply a pure change and audit it as `what`. The Space of the coming occurrence is canceled if the changed series no longer has
    it. Raises NotFound, NotAllowed, or what `change` raises.
    """
    async with _locked(app, series_id) as (tx, before):
        _require_own(before, person)
        after = change(before, tx.now)
        await series_store.save(tx.db, after)
        await _note(tx, person, what, series_id)
        if before.space_id is not None and after.space_id != before.space_id:
            await occurrences.call_off(tx, before.space_id, person if person.is_admin else Person(before.host_id))
        after = await occurrences.settle(app, tx, after)
    app.wake(after)
    return after


async def edit_series(app: App, series_id: str, person: Person, edit: Edit) -> Series:
    """Change what is given, and the coming Space with it, but for what its host changed in that Space alone. Raises Invalid,
    NotFound or NotAllowed.
    """
    async with _locked(app, series_id) as (tx, before):
        _require_own(before, person)
        await _keep_rules(tx, edit.rules)
        added, seconds, dropped = [
            [one.id for one in await facts.found(tx.db, refs)] for refs in (edit.invite, edit.cohosts, edit.uninvite)
        ]
        cohosts = tuple(dict.fromkeys([*(one for one in before.cohosts if one not in dropped), *seconds]))
        if len(cohosts) > MAX_COHOSTS:
            raise Invalid("cohosts", f"may be at most {MAX_COHOSTS}", hint="`uninvite` makes room")
        known = [*(one for one in before.invited if one not in dropped), *added]
        invited = dict.fromkeys(one for one in known if one not in cohosts)
        asked = replace(
            before,
            title=_other(edit.title, before.title),
            cron=_other(edit.cron, before.cron),
            tz=_other(edit.tz, before.tz),
            duration=_other(edit.duration, before.duration),
            policy=_other(edit.policy, before.policy),
            listeners=_other(edit.listeners, before.listeners),
            topics=_other(edit.topics, before.topics),
            delay=_other(edit.delay, before.delay),
            invited=tuple(invited),
            cohosts=cohosts,
        )
        if edit.has_rules:
            asked = replace(_with_rules(asked, edit.rules), with_numbers=edit.with_numbers)
        asked = await asyncio.to_thread(rules.checked, asked, before)
        after = rules.edited(before, asked, tx.now)
        await series_store.save(tx.db, after)
        await _note(tx, person, "edit", series_id)
        if after.space_id is not None:
            await occurrences.bring_in_line(app, tx, before, after, after.space_id)
        after = await occurrences.settle(app, tx, after)
    app.wake(after)
    return after


def _other(given: T | None, before: T) -> T:
    return before if given is None else given


async def arrange_series(app: App, series_id: str) -> Series:
    """Plan the next occurrence if the last one is over, and create its Space if it is due. Can be repeated. Raises NotFound."""
    async with _locked(app, series_id) as (tx, before):
        after = await occurrences.settle(app, tx, before)
    app.wake(after)
    return after


@asynccontextmanager
async def _locked(app: App, series_id: str) -> AsyncIterator[tuple[Transaction, Series]]:
    """A transaction over a series and the Space of its coming occurrence. Raises NotFound."""
    while True:
        async with app.db.read() as db:
            seen = await _load(db, series_id)
        ids = [seen.space_id] if seen.space_id is not None else []
        async with app.registry.transaction(*ids) as tx:
            series = await _load(tx.db, series_id)
            if series.space_id != seen.space_id:
                continue  # it was changed in the meantime
            yield tx, series
            return


async def _load(db: AsyncConnection, series_id: str) -> Series:
    """Raises NotFound. Checks the series in a thread, since that may read its time zone file."""
    found = await series_store.get(db, series_id)
    return await asyncio.to_thread(rules.checked, found, found)


def _require_own(series: Series, person: Person) -> None:
    if series.host_id != person.account_id and not person.is_admin:
        raise NotAllowed("this series is somebody else's", reason="series")


def _with_rules(series: Series, rule_set: CheckedRules | None) -> Series:
    actions = tuple(sorted(rule_set.actions)) if rule_set else ()
    limits = rulesets.breaker(rule_set)
    return replace(series, rules_hash=rule_set.hash if rule_set else None, rule_actions=actions, breaker=limits)


async def _keep_rules(tx: Transaction, rule_set: CheckedRules | None) -> None:
    if rule_set is not None:
        await ruleset_store.put_rules(tx.db, rule_set.hash, rule_set.text, tx.now)


async def _note(tx: Transaction, person: Person, what: str, series_id: str) -> None:
    await audit.append(tx.db, audit.Entry(f"series.{what}", person, None, None, {"series": series_id}), tx.now)
