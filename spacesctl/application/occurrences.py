"""The occurrences of a series: each gets its Space in time, with rules and invitations, in the transaction of the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spacesctl.application.app import App
from spacesctl.application.invitations import invite_command
from spacesctl.domain import commands as c
from spacesctl.domain import series as rules
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.series import Series, SeriesState
from spacesctl.domain.words import InviteState, Role, State
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts
from spacesctl.store import series as series_store


async def settle(app: App, tx: Transaction, series: Series) -> Series:
    """Bring an active series up to date: plan the next occurrence after one that is over, and create its Space if it is due."""
    if series.state is not SeriesState.ACTIVE:
        return series
    after = _after_what_happened(tx, series)
    if rules.is_due_to_be_made(after, tx.now):
        after = await _make(app, tx, after)
    if after != series:
        await series_store.save(tx.db, after)
    return after


def _after_what_happened(tx: Transaction, series: Series) -> Series:
    """If the occurrence has started, ended, or was canceled or missed, plan the next one."""
    if series.space_id is not None:
        space = tx.space(series.space_id)
        if space.state is State.SCHEDULED:
            return series
        return rules.used(series, tx.now, held=space.started_at is not None)
    if series.planned is not None and series.planned < tx.now - rules.GRACE:
        return rules.used(series, tx.now)  # the server was not running, so no Space was created
    return rules.plan(series, tx.now)


async def _make(app: App, tx: Transaction, series: Series) -> Series:
    """Create the Space of the planned occurrence, with its rules and invitations."""
    host, space_id = await _host(tx, series), new_space_id()
    command = c.Create(
        host, space_id, series.title, series.policy, series.listeners, series.captions,
        series.topics, series.lang, max(series.planned or tx.now, tx.now), series.duration, series.id, series.record,
        series.delay,
    )  # fmt: skip
    more = []
    if series.rules_hash is not None:
        more.append(_rules_of(app, host, series))
    await tx.create(command, *more)
    await _invite(tx, host, space_id, series.cohosts, Role.COHOST)
    await _invite(tx, host, space_id, series.invited)
    return replace(series, space_id=space_id)


def _rules_of(app: App, host: Person, series: Series) -> c.SetRules:
    granted = frozenset(series.rule_actions)
    return c.SetRules(host, series.rules_hash, app.bot.id, granted, series.with_numbers, series.breaker)


async def call_off(tx: Transaction, space_id: str, by: Person) -> None:
    """Cancel the Space of an occurrence, unless it is live or over already."""
    if tx.space(space_id).state is State.SCHEDULED:
        await tx.ask(space_id, c.Cancel(by))


async def bring_in_line(app: App, tx: Transaction, before: Series, after: Series, space_id: str) -> None:
    """Apply the fields that an edit changed to the Space of the coming occurrence. What its host changed in that Space alone stays."""
    host = await _host(tx, after)
    names = [(name, name) for name in ("title", "topics", "lang", "listeners", "duration", "delay")]
    pairs = [*names, ("planned", "scheduled_start")]
    changed = {there: getattr(after, one) for one, there in pairs if getattr(after, one) != getattr(before, one)}
    commands: list[c.Command] = [c.Edit(host, **changed)]
    if after.policy is not before.policy:
        commands.append(c.ChangePolicy(host, after.policy))
    if (after.rules_hash, after.with_numbers) != (before.rules_hash, before.with_numbers):
        commands.append(_rules_of(app, host, after))
    invites = tx.space(space_id).invites
    wanted = {*after.invited, *after.cohosts}
    dropped = {one for one in (*before.invited, *before.cohosts) if one not in wanted and one in invites}
    known = await accounts.by_ids(tx.db, {one for one in dropped if invites[one].state is InviteState.PENDING})
    if known:
        people = tuple(c.Target(one.id, one.handle, one.kind) for one in known.values())
        commands.append(c.RevokeInvites(host, people))
    await tx.ask(space_id, *commands)
    await _invite(tx, host, space_id, [one for one in after.cohosts if one not in before.cohosts], Role.COHOST)
    await _invite(tx, host, space_id, [one for one in after.invited if one not in invites])


async def _invite(tx: Transaction, host: Person, space_id: str, ids: Sequence[str], role: Role = Role.SPEAKER) -> None:
    """Invite these accounts, but for those that were blocked, suspended or deleted in the meantime: the others are still invited."""
    known = {key: one for key, one in (await accounts.by_ids(tx.db, set(ids))).items() if one.deleted_at is None}
    command = await invite_command(tx.db, host, tx.space(space_id), [known[one] for one in ids if one in known], role)
    welcome = tuple(one for one in command.people if not one.blocked and not one.suspended)
    if welcome:
        await tx.ask(space_id, replace(command, people=welcome))


async def _host(tx: Transaction, series: Series) -> Person:
    found = (await accounts.by_ids(tx.db, {series.host_id}))[series.host_id]
    return Person(found.id, found.handle, found.kind)
