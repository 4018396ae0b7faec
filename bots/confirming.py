"""What waits for the second recognition, and what became of it: of a rule with `confirm` all sanctions, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from spacesctl.domain.actions import is_sanction
from spacesctl.domain.offence import Terms
from spacesctl.rules import normalise
from spacesctl.rules.rule_engine import Decision


def parted(decision: Decision) -> tuple[Decision | None, Decision | None]:
    """What is done at once, and what waits. `repeat` and `cooldown` are about what waits: what was not confirmed counts for nobody."""
    later = tuple(filter(is_sanction, decision.actions)) if decision.confirm else ()
    if not later:
        return decision, None
    now = tuple(action for action in decision.actions if action not in later)
    at_once = replace(decision, actions=now, terms=Terms(severity=decision.terms.severity), ladders=()) if now else None
    return at_once, replace(decision, actions=later)


def written(decision: Decision) -> str:
    """What was recognised at first, normalised."""
    return " ".join(part for word in decision.words for part in normalise.heard(word.w))
