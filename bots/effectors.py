"""What follows a rule's decision: effectors, for rules that are enforced, or an entry in the record. A rule in shadow mode has no
effectors, so it cannot act even by mistake.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Protocol

from bots.api import Api
from bots.retry import name_of, persist
from bots.transcriber import words_of
from spacesctl.api import moderation
from spacesctl.api.moderation import EvidenceSpan, NewAct, Repeat, Ticks
from spacesctl.domain.actions import LADDER
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.words import RuleMode
from spacesctl.rules.rule_engine import Decision

log = logging.getLogger("bots.moderator")


class Effectors(Protocol):
    """Carries the decisions of enforced rules out."""

    async def take(self, decision: Decision) -> bool:
        """Carry out all actions of a decision; whether the server's circuit breaker held one. Errors are logged and not raised; the other
        actions are still carried out."""
        ...


class Record(Protocol):
    """Keeps what rules decided and did not do."""

    async def note(self, decision: Decision) -> None:
        """Record all actions of a decision. Errors are logged and not raised."""
        ...


class ActionPoster:
    """Posts each action of a decision to the server, the mildest first.

    The key of an act follows from the decision, so the server ignores one that is posted twice.
    """

    def __init__(self, api: Api, space: str, engine: str, model: str) -> None:
        self._api = api
        self._space = space
        self._engine = engine
        self._model = model

    async def post(self, decision: Decision, mode: RuleMode) -> set[RuleMode]:
        """Post them, trying again for as long as the server does not answer: what a rule decided is not forgotten because a disk was full.
        Of an offence that the server only counts, one is enough. Refusals are logged, not raised. Returns what became of them."""
        became = set[RuleMode]()
        for action in decision.actions:
            line = self._line(decision, action, mode)
            try:
                act = await persist(
                    partial(self._api.act, self._space, self._act(decision, action, mode)), partial(_told, line)
                )
            except (SpacesError, OSError) as error:
                log.error("%s: failed: %s", line, name_of(error))
                continue
            log.info("%s: recorded as %s", line, act.mode)
            became.add(act.mode)
            if act.mode == "counted":
                break
        return became

    def _line(self, decision: Decision, action: str, mode: str) -> str:
        """The part that all log lines about an act share. It has no spoken words and no names."""
        by = f"rule={decision.rule_id} hash={decision.rule_hash} engine={self._engine!r} model={self._model!r}"
        return f"act space={self._space} action={action} mode={mode} {by}"

    def _act(self, decision: Decision, action: str, mode: RuleMode) -> NewAct:
        ladder = next((_ladder(one) for one in decision.ladders if LADDER + one.name == action), None)
        return NewAct(
            key=decision.key_of(action),
            rule_id=decision.rule_id,
            rule_hash=decision.rule_hash,
            mode=mode,
            action="ladder" if ladder is not None else action,
            ladder=ladder,
            account_id=decision.account_id,
            lane=decision.lane,
            start_tick=decision.start_tick,
            end_tick=decision.end_tick,
            words=words_of(decision.words),
            confidence=decision.confidence,
            engine=self._engine,
            model=self._model,
            evidence=EvidenceSpan(
                before=decision.evidence_before,
                after=decision.evidence_after,
                without=[Ticks(from_tick=first, to_tick=last) for first, last in decision.numbers],
            ),
            severity=decision.terms.severity,
            repeat=Repeat(times=decision.terms.times, within=decision.terms.within * TICK_SECONDS),
            cooldown=decision.terms.cooldown * TICK_SECONDS,
            found=decision.found,
        )


def _ladder(ladder: Ladder) -> moderation.Ladder:
    steps = [moderation.Step(points=one.points, do=one.do, seconds=one.seconds) for one in ladder.steps]
    return moderation.Ladder(name=ladder.name, steps=steps, expire=ladder.expire)


def _told(line: str, error: BaseException) -> None:
    log.warning("%s: waits: %s", line, name_of(error))


class EnforcingEffectors:
    """The server carries out each action, in the host's name."""

    def __init__(self, poster: ActionPoster) -> None:
        self._poster = poster

    async def take(self, decision: Decision) -> bool:
        return "held" in await self._poster.post(decision, "enforce")


class DecisionRecord:
    """Records what a rule would have done: in shadow mode, for words too old, and for those that wait or were not confirmed. It has no way
    to do it."""

    def __init__(self, poster: ActionPoster) -> None:
        self._poster = poster

    async def note(self, decision: Decision) -> None:
        """Record all actions of a decision."""
        mode: RuleMode = "shadow" if decision.mode == "enforce" else decision.mode
        await self._poster.post(
            decision, "waiting" if decision.waiting else "unconfirmed" if decision.unconfirmed else mode
        )
