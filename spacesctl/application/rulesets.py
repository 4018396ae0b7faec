"""Setting rule files: invalid ones are refused as a whole, valid ones are stored by hash and applied in the host's name."""

from __future__ import annotations

from spacesctl.application.app import App
from spacesctl.compiling.compiler import CheckedRules
from spacesctl.domain import commands as c
from spacesctl.domain.offence import USUAL, BreakerLimits
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.store import rulesets as ruleset_store

BOM = "\ufeff"
"""Editors of Windows put it before the text of a file; it is no part of the text."""


def breaker(rules: CheckedRules | None) -> BreakerLimits:
    """The limits of a rule file's sanctions."""
    return BreakerLimits(rules.most, rules.severest) if rules is not None else USUAL


async def compiled(app: App, person: Person, text: str, filename: str) -> CheckedRules:
    """Compile a rule file, outside of any transaction. Raises Invalid with the first five problems, TooMany or Unavailable."""
    return await app.compiler.compile(person.account_id or "", text.removeprefix(BOM), filename)


async def set_rules(
    app: App, person: Person, space_id: str, text: str | None, filename: str, *, with_numbers: bool
) -> CheckedRules | None:
    """Keep the file, and grant the bot the actions of its rules; `text` None takes rules and grant away. Raises Invalid, NotFound,
    Gone, or what refuses the command.
    """
    handle = await app.registry.live_handle(space_id)
    require(handle.space, person, Action.RULES)  # before the file is compiled
    rules = None if text is None else await compiled(app, person, text, filename)
    actions = rules.actions if rules else frozenset[str]()
    async with app.registry.transaction(space_id) as tx:
        if rules is not None:
            await ruleset_store.put_rules(tx.db, rules.hash, rules.text, tx.now)
        limits = breaker(rules)
        command = c.SetRules(person, rules.hash if rules else None, app.bot.id, actions, with_numbers, limits)
        await tx.ask(space_id, command)
    return rules
