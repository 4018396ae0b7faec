"""The people of a Space: microphones, requests to speak, roles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from spacesctl.application import facts
from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import NotFound
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person, System
from spacesctl.domain.sanction import EVERYBODY
from spacesctl.domain.space import Hand, Space
from spacesctl.live.outcome import Outcome
from spacesctl.live.sessions import Session
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, audit, clips
from spacesctl.store import reports as report_store


async def open_mic(app: App, person: Person, space_id: str, *, is_open: bool, consent: bool) -> Outcome:
    """Begin a microphone session of the person. Raises NotFound, or what refuses the command."""
    async with app.registry.transaction(space_id) as tx:
        space = tx.space(space_id)
        followed = await facts.followed(tx.db, space, person.account_id)
        blocked = await facts.blocked(tx.db, space, person.account_id)
        command = c.OpenMic(person, followed=followed, blocked=blocked, mic_open=is_open, consent=consent)
        return await tx.ask(space_id, command)


async def close_mic(app: App, space_id: str, lane: int) -> None:
    """End the microphone session on a lane, whose connection did not come about."""
    await app.registry.ask(space_id, c.CloseMic(System("disconnected"), lane, "left"))


async def set_mic(app: App, person: Person, space_id: str, *, is_open: bool, consent: bool) -> Outcome:
    """Open or close the person's microphone within its session. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    return await app.registry.ask(space_id, c.SetMic(person, is_open, consent))


async def raise_hand(app: App, person: Person, space_id: str, hand: Hand) -> Outcome:
    """Ask to speak, or change what the request is about. Raises NotFound, Gone, TooMany, or what refuses the command."""
    handle = await app.registry.live_handle(space_id)
    handle.require_unhurried(person)
    async with app.registry.transaction(space_id) as tx:
        space = tx.space(space_id)
        followed = await facts.followed(tx.db, space, person.account_id)
        blocked = await facts.blocked(tx.db, space, person.account_id)
        if hand.voice is not None:
            await clips.unused(tx.db, hand.voice, person.account_id or "")
        return await tx.ask(space_id, c.RaiseHand(person, followed=followed, blocked=blocked, hand=hand))


async def lower_hand(app: App, person: Person, space_id: str) -> Outcome:
    """Withdraw the person's request to speak. Raises NotFound or Gone."""
    await app.registry.live_handle(space_id)
    return await app.registry.ask(space_id, c.LowerHand(person))


async def undo(
    app: App, person: Person, space_id: str, sanction_id: str, reason: str, *, wrong: bool = False
) -> Outcome:
    """Undo a sanction of a Space; `wrong`: the rule that imposed it is not to find the same again. Raises NotFound, Gone, or what refuses
    the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        space = tx.space(space_id)
        found = space.sanctions.get(sanction_id)
        apart = frozenset[str]() if found is None else await _apart(tx, space, found.action, found.target)
        return await tx.ask(space_id, c.Undo(person, sanction_id, reason, apart, wrong))


async def take_measure(
    app: App, person: Person, space_id: str, action: str, reason: str, until: datetime | None, every: int | None
) -> str:
    """Begin a measure that concerns all. Returns the id of the sanction. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        command = c.TakeMeasure(person, action, reason, until, every, tx.here(space_id))
        return _made(await tx.ask(space_id, command))


async def end_measure(app: App, person: Person, space_id: str, action: str) -> None:
    """End a measure before its time. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        apart = await _apart(tx, tx.space(space_id), action, EVERYBODY)
        await tx.ask(space_id, c.EndMeasure(person, action, "", apart))


async def _apart(tx: Transaction, space: Space, action: str, target: str) -> frozenset[str]:
    """Those who would come on stage again, of those whom a block keeps out."""
    back = {target}
    if target == EVERYBODY:
        came = (one for one in space.sanctions.values() if one.came_with == action)
        back = {one.target for one in came if one.action == "demote"}
    return frozenset([one for one in sorted(back) if await facts.blocked(tx.db, space, one)])


def _made(outcome: Outcome) -> str:
    """The last sanction of an outcome: that on all comes after those on each."""
    return [event.sanction.id for event in outcome.events if isinstance(event, e.SanctionImposed)][-1]


async def anonymous(app: App, person: Person, space_id: str) -> list[Session]:
    """The connections of listeners without an account, for those who may remove people. Raises NotFound, Gone or NotAllowed."""
    handle = await app.registry.live_handle(space_id)
    require(handle.space, person, Action.KICK)
    return handle.anonymous()


async def cut_off(app: App, person: Person, space_id: str, public_id: str) -> None:
    """Close the connection of a listener without an account. Raises NotFound, Gone or NotAllowed."""
    found = [one for one in await anonymous(app, person, space_id) if one.public_id == public_id]
    if not found:
        raise NotFound("connection", public_id)
    async with app.begin(person) as db:
        entry = audit.Entry("kick.anonymous", person, space_id, None, {"connection": public_id})
        await audit.append(db, entry, app.clock.now())
    handle = await app.registry.live_handle(space_id)
    for session in found:
        await handle.cut_off(session)


async def lift_expired(app: App, space_id: str) -> None:
    """Lift the sanctions of a Space whose time is over."""
    await app.registry.ask(space_id, c.LiftExpired(System("expired")))


def until(app: App, seconds: int | None) -> datetime | None:
    """The end of a sanction that begins now; None: the end of the Space."""
    return None if seconds is None else app.clock.now() + timedelta(seconds=seconds)


async def about(
    app: App,
    space_id: str,
    ref: str,
    command_of: Callable[[c.Target], c.Command],
    report_id: str | None = None,
) -> tuple[Outcome, Account]:
    """Give a command about the account that `ref` names: approve, deny, mute, unmute, demote, promote, hand over, kick. `report_id` is that
    of a report about them here, which led to it.

    Raises NotFound, Gone, or what refuses the command.
    """
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        account = await accounts.get(tx.db, ref)
        target = await facts.target(tx.db, tx.space(space_id), account)
        if report_id is not None:
            await _require_report(tx, space_id, account, report_id)
        return await tx.ask(space_id, command_of(target)), account


async def _require_report(tx: Transaction, space_id: str, account: Account, report_id: str) -> None:
    found = await report_store.get_report(tx.db, report_id)
    if (found.space_id, found.target_id) != (space_id, account.id):
        raise NotFound("report", report_id)
