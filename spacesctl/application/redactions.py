"""Redact, dump, cough and panic: what the audience of a Space with a delay is not to hear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain import commands as c
from spacesctl.domain.checks import require_not_over
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.errors import Invalid, NotFound, Refused, Unavailable
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person, Principal, Rule
from spacesctl.domain.redaction import ALL_LANES, Stretch
from spacesctl.domain.redactions import require_granted
from spacesctl.domain.words import RedactionMode
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, redactions
from spacesctl.store.redactions import KeptRedaction


@dataclass(frozen=True)
class Wanted:
    """What is to be redacted: of an account or of a lane, the `last` seconds or ticks `first` to `last_tick`."""

    account: str | None = None
    lane: int | None = None
    last: float | None = None
    first: int | None = None
    last_tick: int | None = None
    mode: RedactionMode = "silence"
    reason: str = ""
    number: bool = False


@dataclass(frozen=True)
class Made:
    """A new redaction, and in how many seconds of it somebody talked, as far as the engine has told."""

    kept: KeptRedaction
    sound: float


async def redact(
    app: App, person: Person, space_id: str, wanted: Wanted, rule_id: str | None, keep: Keep[Made]
) -> Made:
    """Keep a stretch from the audience. A person who has several microphone sessions in it loses it in all; the newest is returned.
    Raises NotFound, Gone, Invalid, what refuses the command, or Refused with reason `silent`: no microphone of theirs was open.
    """
    if (wanted.account is None) == (wanted.lane is None):
        raise Invalid("account", "or `lane` is needed, not both")
    async with _silent_anyway(app, space_id) as asked, app.registry.transaction(space_id) as tx:
        owner = await _owner(tx, space_id, wanted)
        own = owner == person.account_id
        require(tx.space(space_id), person, Action.COUGH if own else Action.REDACT)  # before it is told who spoke
        by = _principal(tx, space_id, person, rule_id)
        require_granted(tx.space(space_id), by)
        if wanted.number and not isinstance(by, Rule):
            raise Invalid("number", "is for the bundled bot: it keeps words from evidence")
        if not tx.is_airing(space_id):
            require_not_over(tx.space(space_id))
        first, last = _ticks(tx, space_id, wanted)
        lanes = _lanes(tx, space_id, wanted, owner, first, last)
        if not lanes:
            raise Refused("silent", "nothing was said there: no microphone of theirs was open")
        for lane in lanes:
            command = c.Redact(
                by, Stretch(lane, first, last), owner, wanted.mode, wanted.reason, number=wanted.number,
                aired=tx.heard(space_id), now=tx.now_tick(space_id), airing=tx.is_airing(space_id),
            )  # fmt: skip
            asked.append((command.stretch, wanted.mode))
            await tx.ask(space_id, command)
        made = await _made(tx, space_id, [Stretch(lane, first, last) for lane in lanes])
        await keep(tx.db, made, tx.now)
        return made


@asynccontextmanager
async def _silent_anyway(app: App, space_id: str) -> AsyncIterator[list[tuple[Stretch, RedactionMode]]]:
    """While the store takes nothing (a full disk), what is asked for inside is kept from the audience all the same, and forgotten by a
    restart: a caller who is told `unavailable` asks again, but what has aired meanwhile is heard."""
    asked: list[tuple[Stretch, RedactionMode]] = []
    try:
        yield asked
    except Unavailable:
        handle = await app.registry.handle(space_id)
        for stretch, mode in asked:
            handle.silence(stretch, mode)
        raise


async def change(
    app: App,
    person: Person,
    space_id: str,
    redaction_id: str,
    *,
    first: int | None,
    last: int | None,
    mode: RedactionMode | None,
    reason: str | None,
) -> KeptRedaction:
    """Move, narrow or widen a redaction that has not aired. Raises NotFound, Gone, Invalid, or what refuses the command."""
    async with _silent_anyway(app, space_id) as asked, app.registry.transaction(space_id) as tx:
        by = _as_its_rule(tx, space_id, person, redaction_id)
        found = tx.space(space_id).redactions.get(redaction_id)
        if found is not None and isinstance(by, Rule):
            wider = Stretch(found.lane, found.first if first is None else first, found.last if last is None else last)
            asked.append((wider, mode or found.mode))
        await tx.ask(
            space_id,
            c.ChangeRedaction(
                by,
                redaction_id,
                first,
                last,
                mode,
                reason,
                tx.heard(space_id),
                tx.now_tick(space_id),
                tx.is_airing(space_id),
            ),
        )
        return await redactions.get(tx.db, space_id, redaction_id)


async def withdraw(app: App, person: Person, space_id: str, redaction_id: str) -> KeptRedaction:
    """Take back a redaction that has not aired. Raises NotFound, Gone, or what refuses the command."""
    async with app.registry.transaction(space_id) as tx:
        by = _as_its_rule(tx, space_id, person, redaction_id)
        await tx.ask(space_id, c.WithdrawRedaction(by, redaction_id, tx.heard(space_id), tx.is_airing(space_id)))
        return await redactions.get(tx.db, space_id, redaction_id)


async def dump(app: App, person: Person, space_id: str, last: float | None, reason: str) -> KeptRedaction:
    """Cut the last seconds, or all that the audience has not heard, out of what it will hear. Raises NotFound, Gone, or what refuses
    the command.
    """
    async with app.registry.transaction(space_id) as tx:
        stretch = _unheard(tx, space_id, last)
        command = c.Redact(
            person, stretch, reason=reason, cut=True, aired=tx.heard(space_id), airing=tx.is_airing(space_id)
        )
        outcome = await tx.ask(space_id, command)
        return await _kept(tx, space_id, outcome.after.redaction_count)


async def cough(app: App, person: Person, space_id: str, last: float | None) -> Made:
    """Take back the person's own last seconds, or all that the audience has not heard. Raises NotFound, Gone, or what refuses the
    command, or Refused with reason `nothing_to_cut`, or `silent`: their microphone was closed.
    """
    async with app.registry.transaction(space_id) as tx:
        me = person.account_id or ""
        require(tx.space(space_id), person, Action.COUGH)
        if not tx.is_airing(space_id):
            require_not_over(tx.space(space_id))
        first, now = tx.heard(space_id) + 1, tx.now_tick(space_id)
        if first > now:
            raise Refused("nothing_to_cut", "the audience has heard all that you said already")
        if last is not None:
            first = max(first, now - _ticks_of(last) + 1)
        mine = tx.microphones(space_id).said(me, first, now)
        for one in mine:
            command = c.Redact(person, one, me, reason="cough", aired=tx.heard(space_id), airing=tx.is_airing(space_id))
            await tx.ask(space_id, command)
        if not mine:
            raise Refused("silent", "nothing was said there: your microphone was closed")
        return await _made(tx, space_id, mine)


async def panic(app: App, person: Person, space_id: str, seconds: int, reason: str) -> datetime:
    """Cut all that the audience has not heard, mute all whom the person is above, and let nobody else speak for a while. Returns until
    when. Raises NotFound, Gone, or what refuses the command.
    """
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        until = tx.now + timedelta(seconds=seconds)
        left = _unheard(tx, space_id, None) if tx.heard(space_id) < tx.now_tick(space_id) else None
        outcome = await tx.ask(space_id, c.Panic(person, until, left, reason, tx.heard(space_id)))
        return outcome.after.held_until or until


async def calm(app: App, person: Person, space_id: str) -> None:
    """End a panic before its time. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    await app.registry.ask(space_id, c.Calm(person))


async def _owner(tx: Transaction, space_id: str, wanted: Wanted) -> str:
    """The account that is meant. Raises NotFound."""
    if wanted.lane is None:
        return (await accounts.get(tx.db, wanted.account or "")).id
    owner = tx.microphones(space_id).speaker_of(wanted.lane)
    if owner is None:
        raise NotFound("lane", str(wanted.lane))
    return owner


def _lanes(tx: Transaction, space_id: str, wanted: Wanted, owner: str, first: int, last: int) -> list[int]:
    """The lanes that are meant and whose microphone was open within these ticks, or still may be."""
    known, now = tx.microphones(space_id), tx.now_tick(space_id)
    if wanted.lane is None:
        return known.of(owner, first, last, now)
    return [wanted.lane] if known.may_sound(wanted.lane, first, last, now) else []


def _ticks(tx: Transaction, space_id: str, wanted: Wanted) -> tuple[int, int]:
    if wanted.last is not None:
        if wanted.first is not None or wanted.last_tick is not None:
            raise Invalid("last", "stands for `from_tick` and `to_tick`")
        now = tx.now_tick(space_id)
        return max(0, now - _ticks_of(wanted.last) + 1), now
    if wanted.first is None or wanted.last_tick is None:
        raise Invalid("last", "is needed, or `from_tick` and `to_tick`")
    if wanted.last_tick < wanted.first:
        raise Invalid("to_tick", "is before `from_tick`")
    return wanted.first, wanted.last_tick


def _ticks_of(seconds: float) -> int:
    return max(1, round(seconds * TICKS_PER_SECOND))


def _unheard(tx: Transaction, space_id: str, last: float | None) -> Stretch:
    """What the audience has not heard of all lanes, and of that the last seconds."""
    first, now = tx.heard(space_id) + 1, tx.now_tick(space_id)
    if last is not None:
        first = max(first, now - _ticks_of(last) + 1)
    return Stretch(ALL_LANES, max(0, min(first, now)), now)


def _principal(tx: Transaction, space_id: str, person: Person, rule_id: str | None) -> Principal:
    if person.is_service_bot and rule_id is not None:
        return Rule(rule_id, tx.space(space_id).host_id, person.account_id or "")
    return person


def _as_its_rule(tx: Transaction, space_id: str, person: Person, redaction_id: str) -> Principal:
    """The bundled bot changes what a rule redacted as that rule."""
    found = tx.space(space_id).redactions.get(redaction_id)
    rule_id = found.by.get("id") if found is not None and found.by.get("kind") == "rule" else None
    return _principal(tx, space_id, person, rule_id)


async def _made(tx: Transaction, space_id: str, stretches: Iterable[Stretch]) -> Made:
    known = tx.microphones(space_id)
    sound = sum(known.sound(one.lane, one.first, one.last) for one in stretches) * TICK_SECONDS
    return Made(await _kept(tx, space_id, tx.space(space_id).redaction_count), round(sound, 2))


async def _kept(tx: Transaction, space_id: str, number: int) -> KeptRedaction:
    return await redactions.get(tx.db, space_id, f"{space_id}-r{number}")
