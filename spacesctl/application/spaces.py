"""Spaces: create, change, start, end, cancel, and who is to be reminded of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import admission, facts, rulesets
from spacesctl.application.app import App
from spacesctl.application.invitations import invite_command
from spacesctl.application.once import Keep
from spacesctl.compiling.compiler import CheckedRules
from spacesctl.domain import commands as c
from spacesctl.domain.errors import Refused
from spacesctl.domain.principals import Person, Principal, System
from spacesctl.domain.space import Space
from spacesctl.domain.words import ChatPolicy, Policy, Role, State
from spacesctl.live.outcome import Outcome
from spacesctl.store import accounts
from spacesctl.store import rulesets as ruleset_store
from spacesctl.store import series as series_store
from spacesctl.store import spaces as space_store


async def _keep_nothing(db: AsyncConnection, space: Space, now: datetime) -> None:
    """For a request without a key."""


async def create_space(
    app: App,
    command: c.Create,
    *,
    invite: Sequence[str] = (),
    cohosts: Sequence[str] = (),
    rules: CheckedRules | None = None,
    with_numbers: bool = False,
    chat: ChatPolicy = ChatPolicy.OFF,
    start: bool = False,
    may_go_live: Callable[[int], None] = lambda have: None,
    keep: Keep[Space] = _keep_nothing,
) -> Space:
    """Create a Space with its rules and invitations (`invite` and `cohosts` name accounts), and go live if `start` says so: all of it, or
    nothing.

    `may_go_live` is called with the number of live Spaces that the host has, and raises TooMany. Raises what refuses one of the commands.
    """
    person = command.by
    async with app.registry.transaction() as tx:
        if start:
            may_go_live(await space_store.count_live_of(tx.db, person.account_id or ""))
        await tx.create(command)
        if chat is not ChatPolicy.OFF:
            await tx.ask(command.id, c.ChangeChat(person, chat))
        if rules is not None:
            await ruleset_store.put_rules(tx.db, rules.hash, rules.text, tx.now)
            granted = frozenset(rules.actions)
            limits = rulesets.breaker(rules)
            await tx.ask(command.id, c.SetRules(person, rules.hash, app.bot.id, granted, with_numbers, limits))
        seconds = await facts.found(tx.db, cohosts)
        speakers = [one for one in await facts.found(tx.db, invite) if one not in seconds]
        for whom, role in ((seconds, Role.COHOST), (speakers, Role.SPEAKER)):
            if whom:
                await tx.ask(command.id, await invite_command(tx.db, person, tx.space(command.id), whom, role))
        if start:
            await tx.ask(command.id, c.Start(person))
        space = tx.space(command.id)
        await keep(tx.db, space, tx.now)
    return space


async def change_space(
    app: App, edit: c.Edit, space_id: str, speakers: Policy | None, captions: bool | None, chat: c.ChangeChat
) -> Space:
    """Change what is given. If one change is refused, nothing is changed. Raises NotFound, or what refuses a command; a change of nothing
    is refused like an edit.
    """
    writes = chat != c.ChangeChat(edit.by)
    is_edit = edit != c.Edit(edit.by) or (speakers is None and captions is None and not writes)
    commands: list[c.Command] = [edit] if is_edit else []
    if speakers is not None:
        commands.append(c.ChangePolicy(edit.by, speakers))
    if captions is not None:
        commands.append(c.SwitchCaptions(edit.by, captions))
    if writes:
        commands.append(chat)
    return (await app.registry.ask(space_id, *commands)).after


async def start_space(
    app: App, by: Principal, space_id: str, may_go_live: Callable[[int], None] = lambda have: None
) -> Outcome:
    """Go live; a Space that the clock starts while its host is suspended counts as missed.

    `may_go_live` as in `create_space`. Raises NotFound, TooMany, or what refuses the command."""
    async with app.registry.transaction(space_id) as tx:
        may_go_live(await space_store.count_live_of(tx.db, by.account_id or ""))
        if isinstance(by, System) and (await accounts.get(tx.db, tx.space(space_id).host_id)).suspension is not None:
            return await tx.ask(space_id, c.Miss(System("suspended")))
        return await tx.ask(space_id, c.Start(by))


async def end_space(app: App, by: Principal, space_id: str) -> Outcome:
    """End a live Space. Raises NotFound, or what refuses the command."""
    return await app.registry.ask(space_id, c.End(by))


async def cancel_space(app: App, by: Principal, space_id: str) -> Outcome:
    """Cancel a Space that has not started. Raises NotFound, or what refuses the command."""
    return await app.registry.ask(space_id, c.Cancel(by))


async def react(app: App, person: Person, space_id: str, reaction: str) -> None:
    """React. Raises NotFound, Gone, NotAllowed, TooMany, or Refused with reason `not_live` or `locked`."""
    handle = await admission.admitted(app, person, space_id, admission.Access.REACT)
    if handle.space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet")
    handle.require_unhurried(person)
    handle.react(person, reaction)


async def remind(app: App, person: Person, space_id: str) -> None:
    """Subscribe a person to the reminders of a scheduled Space. Raises NotFound, Gone, NotAllowed, or Refused with reason `started`."""
    space = await admission.readable(app, person, space_id)
    if space.state is not State.SCHEDULED:
        raise Refused("started", "the Space has started already")
    async with app.begin(person) as db:
        await series_store.remind(db, space_id, person.account_id or "")


async def forget_reminder(app: App, person: Person, space_id: str) -> None:
    """Unsubscribe a person from the reminders of a Space."""
    async with app.begin(person) as db:
        await series_store.forget_reminder(db, space_id, person.account_id or "")
