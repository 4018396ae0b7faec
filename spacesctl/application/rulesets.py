"""Setting rule files: invalid ones are refused as a whole, valid ones are stored by hash and applied in the host's name."""

from __future__ import annotations

from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.errors import Invalid
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import RuleSet
from spacesctl.store import rulesets as ruleset_store


def compiled(text: str, filename: str = "rules.toml") -> RuleSet:
    """Compile a rule file. Raises Invalid with the first five problems."""
    try:
        return compile_rules(text, filename)
    except RuleFileError as error:
        raise Invalid("rules", "; ".join(str(problem) for problem in error.problems[:5])) from error


async def set_rules(app: App, person: Person, space_id: str, text: str | None, filename: str) -> RuleSet | None:
    """Keep the file, and grant the bot the actions of its rules; `text` None takes rules and grant away. Raises Invalid, NotFound,
    Gone, or what refuses the command.
    """
    handle = await app.registry.live_handle(space_id)
    require(handle.space, person, Action.RULES)  # before the file is compiled
    rules = None if text is None else compiled(text, filename)
    actions = frozenset(rules.actions()) if rules else frozenset[str]()
    async with app.registry.transaction(space_id) as tx:
        if rules is not None:
            await ruleset_store.put_rules(tx.db, rules.hash, rules.text, tx.now)
        await tx.ask(space_id, c.SetRules(person, rules.hash if rules else None, app.bot.id, actions))
    return rules
