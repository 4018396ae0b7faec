"""`rules list|why`: the rules of a Space, and what they made of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import spoken, which
from spacesctl.cli.common import Json, SpaceRef, ThisSpace, client
from spacesctl.cli.output import emit_json, note, table
from spacesctl.cli.rule_trials import NO_NUMBERS, not_tried, note_untried, outcome_of, parsed, say_outcomes

if TYPE_CHECKING:
    from spacesctl.client.http import Client
    from spacesctl.rules.ruleset import Rule, RuleSet

SHORT = 3
"""Phrases that are named in short."""


def list_rules(ctx: typer.Context, space: SpaceRef = None, as_json: Json = False) -> None:
    """List the rules in force in a Space, and how often each fired in what was said so far."""
    from spacesctl.cli.answers import RuleInForce
    from spacesctl.rules.trial import tried

    with client(ctx) as spaces:
        found = which.whole(spaces, space, which.PAST)
        ruleset = _in_force(spaces, found.id)
        said = spoken.from_space(spaces, found) if ruleset is not None else None
    rules = list[RuleInForce]()
    if ruleset is not None and said is not None:
        fired = {(one.rule.id, one.lane, one.start_tick) for one in tried(ruleset, said.utterances) if one.is_hit}
        for rule in ruleset.rules:
            hits = None if rule.digits or not_tried(rule) else sum(name == rule.id for name, _, _ in fired)
            rules.append(
                RuleInForce(
                    id=rule.id, mode=rule.mode, severity=rule.severity, actions=list(rule.actions), looks_for=_short(rule), hits=hits
                )
            )  # fmt: skip
    if as_json:
        emit_json(rules)
        return
    table(
        ("RULE", "MODE", "SEVERITY", "HITS", "DOES", "WORDS"),
        [
            (
                one.id,
                one.mode,
                one.severity,
                "-" if one.hits is None else one.hits,
                ", ".join(one.actions),
                one.looks_for,
            )
            for one in rules
        ],
        empty="no rules",
    )


def _short(rule: Rule) -> str:
    words = [phrase.text for phrase in rule.literals]
    words += [f"~{phrase.text}" for phrase in rule.sounds]
    words += [f"{prefix.start}*" for prefix in rule.prefixes]
    words += [f"/{pattern.text}/" for pattern in rule.patterns]
    words += [f"numbers of {digits.run} digits" for digits in rule.digits]
    words += [str(one) for one in (*rule.any_of, *rule.all_of)]
    more = f" and {len(words) - SHORT} more" if len(words) > SHORT else ""
    return (", ".join(words[:SHORT]) or "nothing") + more


def _in_force(spaces: Client, where: str) -> RuleSet | None:
    text = spaces.spaces.rules(where).text
    return parsed(text, "the rules") if text is not None else None


def why(
    ctx: typer.Context,
    space: ThisSpace,
    name_handle: Annotated[str, typer.Argument(metavar="@HANDLE", help="Who said it.")],
    as_json: Json = False,
) -> None:
    """Show which rules fired, or nearly did, on what an account said, and what was missing. For the host, co-hosts and admins.

    The rules that are in force now are tried on the words of the Space. That leaves out how late words were recognised, and numbers.
    """
    from spacesctl.rules.trial import tried

    with client(ctx) as spaces:
        found = which.whole(spaces, space, which.PAST)
        ruleset = _in_force(spaces, found.id)
        account = spaces.accounts.get(name_handle)
        said = spoken.from_space(spaces, found)
    outcomes = [] if ruleset is None else tried(ruleset, said.utterances)
    own = [outcome_of(one, said.speakers) for one in outcomes if one.account_id == account.id]
    if ruleset is not None:
        note_untried(ruleset)
        if ruleset.digits():
            note(NO_NUMBERS)
    if as_json:
        emit_json(own)
        return
    empty = "the Space has no rules" if ruleset is None else f"no rule listens for what {account.handle} said"
    say_outcomes(own, empty=empty, why=True)
