"""What is written in a Space: the chat, typed speech, and what of both the audience is not to read."""

from __future__ import annotations

from dataclasses import dataclass

from spacesctl.application import admission, facts
from spacesctl.application.app import App
from spacesctl.application.once import Keep
from spacesctl.domain import commands as c
from spacesctl.domain.errors import Invalid, NotAllowed
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person, Principal, Rule
from spacesctl.domain.texts import require_writer
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts, texts
from spacesctl.store.spaces import StoredEvent


@dataclass(frozen=True)
class Runs:
    """Words of a text that are to be masked: first and last number of each run. `digits`: they are numbers."""

    words: tuple[tuple[int, int], ...]
    digits: bool = False


async def write(app: App, person: Person, space_id: str, text: str, keep: Keep[StoredEvent]) -> StoredEvent:
    """Write in the chat. Raises NotFound, Gone, Invalid, TooMany, or what refuses the command."""
    handle = await app.registry.live_handle(space_id)
    handle.require_unhurried_writer(person)
    handle.require_unhurried(person)
    async with app.registry.transaction(space_id) as tx:
        command = c.Write(person, text, f"@{person.handle}", tx.now_tick(space_id))
        outcome = await tx.ask(space_id, command)
        written = await texts.get(tx.db, space_id, outcome.after.seq)
        await keep(tx.db, written, tx.now)
        return written


async def speak(app: App, person: Person, space_id: str, text: str) -> tuple[int, int]:
    """Say what was typed. Returns the number of its caption, and that of its utterance. Raises NotFound, Gone, Invalid, or what refuses the
    command."""
    handle = await app.registry.live_handle(space_id)
    utterance = handle.utterance_of(person)
    command = c.Write(person, text, f"@{person.handle}", handle.now_tick(), typed=True, utterance=utterance)
    return (await handle.ask(command)).after.seq, utterance


async def type_on(app: App, person: Person, space_id: str, text: str) -> int:
    """Show what was typed so far; none of it is stored. Returns the number of its utterance. Raises NotFound, Gone, or what refuses it."""
    handle = await admission.admitted(app, person, space_id, admission.Access.LISTEN)
    require_writer(handle.space, person, app.clock.now(), typed=True)
    utterance = handle.utterance_of(person)
    handle.type_on(person, " ".join(text.split()))
    return utterance


async def erase(app: App, person: Person, space_id: str, number: int) -> None:
    """Take a text from the audience: one's own, or as staff any. Raises NotFound, Gone, or what refuses the command."""
    async with app.registry.transaction(space_id) as tx:
        author = (await texts.get(tx.db, space_id, number)).body["account_id"]
        if (await texts.marks(tx.db, space_id, [number])).get(number, texts.UNMARKED).erased:
            return
        target = await facts.target(tx.db, tx.space(space_id), await accounts.get(tx.db, author))
        await tx.ask(space_id, c.EraseText(person, number, target))


async def mask(app: App, person: Person, space_id: str, number: int, runs: Runs, rule_id: str | None) -> None:
    """Keep words of a text from the audience; a repeated request changes nothing. Raises NotFound, Invalid, or what refuses the command."""
    async with app.registry.transaction(space_id) as tx:
        require(tx.space(space_id), person, Action.MASK_TEXT)  # before it is told whether there is such a text
        text = await texts.get(tx.db, space_id, number)
        known = (await texts.marks(tx.db, space_id, [number])).get(number, texts.UNMARKED)
        if not runs.words or any(last >= len(text.body["text"].split()) for _, last in runs.words):
            raise Invalid("words", "has none, or some that the text has not")
        if not set(runs.words) <= set(known.words):
            by = _principal(tx, space_id, person, rule_id)
            await tx.ask(space_id, c.MaskText(by, number, text.body["account_id"], runs.words, runs.digits))


async def hide_draft(app: App, bot: Person, space_id: str, utterance: int) -> None:
    """Show the audience no more of what somebody types, until they are done. Raises NotFound, Gone or NotAllowed."""
    handle = await app.registry.live_handle(space_id)
    require(handle.space, bot, Action.MASK_TEXT)
    if not handle.space.redacts:
        raise NotAllowed("the host has not granted this bot the action redact", reason=Action.REDACT.value)
    handle.audience.hide_draft(utterance)


def _principal(tx: Transaction, space_id: str, person: Person, rule_id: str | None) -> Principal:
    if person.is_service_bot and rule_id is not None:
        return Rule(rule_id, tx.space(space_id).host_id, person.account_id or "")
    return person
