"""What rules leave to people: listed, confirmed and dismissed by staff."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from spacesctl.application import blocks, facts
from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.accounts import Account
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.suggestion import Suggestion
from spacesctl.live.transaction import Transaction
from spacesctl.store import accounts
from spacesctl.store import acts as act_store
from spacesctl.store.acts import StoredAct


@dataclass(frozen=True)
class Shown:
    """A suggestion with its newest act, which has the words, and the accounts that it names, by id."""

    suggestion: Suggestion
    act: StoredAct | None
    known: Mapping[str, Account]


async def in_space(app: App, person: Person, space_id: str) -> list[Shown]:
    """Those of a Space, the newest first, with the last that were decided on, but none about the person. Raises NotFound or NotAllowed."""
    space = await app.registry.space(space_id)
    require(space, person, Action.SEE_REPORTS)
    found = [one for one in space.suggestions.values() if one.state != "waiting"]
    found = [one for one in found if not one.account_id or one.account_id != person.account_id]
    newest = sorted(found, key=lambda one: one.since, reverse=True)
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {name for one in found for name in (one.account_id, one.by) if name})
        return [Shown(one, await act_store.get_act(db, space_id, one.act), known) for one in newest]


async def confirm(app: App, person: Person, space_id: str, suggestion_id: str) -> Shown:
    """Do what is suggested, in the person's name. Raises NotFound, Gone, or what refuses the command."""
    one = (await app.registry.live_handle(space_id)).space.suggestions.get(suggestion_id)
    async with _over(app, person, space_id, one) as tx:
        one = tx.space(space_id).suggestions.get(suggestion_id)
        account = await accounts.get(tx.db, one.account_id) if one is not None and one.account_id else None
        target = c.THE_SPACE if account is None else await facts.target(tx.db, tx.space(space_id), account)
        await tx.ask(space_id, c.Confirm(person, suggestion_id, target, tx.here(space_id)))
        if one is not None and one.action == "block" and account is not None:
            because = f"rule {one.rule_id}"
            await blocks.write_block(app, tx, person, account, one.act, removed_from=space_id, reason=because)
        return await _shown(tx, space_id, suggestion_id)


async def dismiss(app: App, person: Person, space_id: str, suggestion_id: str) -> Shown:
    """Leave it undone. Raises NotFound, Gone, or what refuses the command."""
    await app.registry.live_handle(space_id)
    async with app.registry.transaction(space_id) as tx:
        await tx.ask(space_id, c.Dismiss(person, suggestion_id))
        return await _shown(tx, space_id, suggestion_id)


def _over(app: App, person: Person, space_id: str, one: Suggestion | None) -> AbstractAsyncContextManager[Transaction]:
    """A block concerns all Spaces of the two, anything else this one alone."""
    if one is not None and one.action == "block":
        return blocks.over_all_concerned(app, person.account_id or "", one.account_id, space_id)
    return app.registry.transaction(space_id)


async def _shown(tx: Transaction, space_id: str, suggestion_id: str) -> Shown:
    one = tx.space(space_id).suggestions[suggestion_id]
    known = await accounts.by_ids(tx.db, {name for name in (one.account_id, one.by) if name})
    return Shown(one, await act_store.get_act(tx.db, space_id, one.act), known)
