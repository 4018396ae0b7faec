"""Setting rule files: invalid ones are refused as a whole, valid ones are stored by hash and applied in the host's name."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain import commands as c
from spacesctl.domain.errors import Invalid
from spacesctl.domain.principals import Person
from spacesctl.live.actor import Outcome
from spacesctl.live.registry import SpaceRegistry
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import RuleSet
from spacesctl.store import rulesets as ruleset_store

MAX_RULES = 1 << 20
"""Characters of a rule file."""


def compiled(text: str, filename: str = "rules.toml") -> RuleSet:
    """Compile a rule file. Raises Invalid with the first five problems."""
    try:
        return compile_rules(text, filename)
    except RuleFileError as error:
        raise Invalid("rules", "; ".join(str(problem) for problem in error.problems[:5])) from error


async def set_rules(registry: SpaceRegistry, bot_id: str, caller: Person, space_id: str, rules: RuleSet) -> None:
    """Keep the file, and grant the bot the actions of its rules, in one transaction. Raises NotFound, Gone, or what refuses `SetRules`."""

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        await ruleset_store.put_rules(db, rules.hash, rules.text, outcome.at)

    actor = await registry.live_actor(space_id)
    await actor.ask(c.SetRules(caller, rules.hash, bot_id, frozenset(rules.actions())), projection)
