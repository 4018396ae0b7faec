"""What the server would count of a rule's offences, for a trial: the same code, on a Space in which nothing else happens.

Time is that of the Space clock, also for the circuit breaker and for the points of ladders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain import ladders
from spacesctl.domain.actions import LADDER
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import BreakerLimits, Offender
from spacesctl.domain.offences import key, verdict
from spacesctl.domain.principals import Rule
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.words import RuleMode, State
from spacesctl.rules.rule_engine import Decision
from spacesctl.rules.ruleset import RuleSet

BEGAN: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""When the Space of a trial began."""


@dataclass(frozen=True)
class Taken:
    """What becomes of one action of a decision: `done` is the step of a ladder that was reached, or the action itself."""

    action: str
    mode: RuleMode
    done: str


class Counting:
    """`take` judges the decisions of one Space, in their order."""

    def __init__(self, ruleset: RuleSet) -> None:
        grant = Grant("bot", "host", ruleset.actions(), breaker=BreakerLimits(*ruleset.breaker()))
        self._space = Space("trial", "", State.LIVE, "host", "host", BEGAN, BEGAN, started_at=BEGAN, grant=grant)

    def take(self, decision: Decision) -> list[Taken]:
        """What becomes of its actions. `counted`: the rule does not act on this offence."""
        by_name = {LADDER + one.name: one for one in decision.ladders}
        return [self._take(decision, action, by_name) for action in decision.actions]

    def offender(self, rule_id: str, account_id: str) -> Offender:
        """What was counted of an account so far."""
        return self._space.offenders.get(key(rule_id, account_id), Offender(rule_id, account_id))

    def _take(self, decision: Decision, action: str, by_name: Mapping[str, Ladder]) -> Taken:
        now = BEGAN + timedelta(seconds=(decision.end_tick + 1) * TICK_SECONDS)
        asked = c.TakeAct(
            Rule(decision.rule_id, "host", "bot"),
            decision.key_of(action),
            decision.rule_id,
            decision.mode,
            action,
            c.Target(decision.account_id, ""),
            decision.lane,
            decision.start_tick,
            decision.end_tick,
            terms=decision.terms,
            ladder=by_name.get(action),
        )
        command = ladders.resolved(self._space, asked, now)
        judged = verdict(self._space, command, now)
        happened = list(judged.events)
        if judged.mode in ("enforce", "held"):
            happened += [_taken(command, judged.mode), *ladders.given(command, now)]
        self._space = evolve_all(self._space, happened, now) or self._space
        return Taken(action, judged.mode, command.action)


def _taken(command: c.TakeAct, mode: RuleMode) -> e.ActTaken:
    return e.ActTaken(
        command.key,
        command.rule_id,
        mode,
        command.action,
        command.person.account_id,
        command.lane,
        command.start_tick,
        command.end_tick,
    )
