"""What a rule may do: `EnforcingEffectors` does it through the API, `ShadowEffectors` only records it. That swap is shadow mode."""

from __future__ import annotations

import logging
from typing import Any, Literal, Protocol

from bots.api import Api
from bots.retry import insist, name_of
from bots.transcriber import words_of
from spacesctl.domain.errors import SpacesError
from spacesctl.rules.rule_engine import Decision

log = logging.getLogger("bots.moderator")


class Effectors(Protocol):
    async def take(self, decision: Decision) -> None:
        """Follow a decision. Errors are logged: one that fails stops no other."""
        ...


class ActionPoster:
    """Posts each action of a decision as an act of its own, mildest first, under its natural key."""

    def __init__(self, api: Api, space: str, engine: str, model: str) -> None:
        self._api = api
        self._space = space
        self._engine = engine
        self._model = model

    async def post(self, decision: Decision, mode: Literal["shadow", "held", "enforce"]) -> None:
        for action in decision.actions:
            act = self._act(decision, action, mode)
            try:
                await insist(lambda act=act: self._api.act(self._space, act))  # type: ignore[misc]
            except (SpacesError, OSError) as error:
                log.error("%s: failed: %s", self._line(decision, action, mode), name_of(error))
            else:
                log.info("%s: recorded", self._line(decision, action, mode))

    def _line(self, decision: Decision, action: str, mode: str) -> str:
        """What every log line about an act carries: nothing that was said, nobody's name."""
        by = f"rule={decision.rule_id} hash={decision.rule_hash} engine={self._engine!r} model={self._model!r}"
        return f"act space={self._space} action={action} mode={mode} {by}"

    def _act(self, decision: Decision, action: str, mode: str) -> dict[str, Any]:
        return {
            "key": decision.key_of(action),
            "rule_id": decision.rule_id,
            "rule_hash": decision.rule_hash,
            "mode": mode,
            "action": action,
            "account_id": decision.account_id,
            "lane": decision.lane,
            "start_tick": decision.start_tick,
            "end_tick": decision.end_tick,
            "words": words_of(decision.words),
            "confidence": decision.confidence,
            "engine": self._engine,
            "model": self._model,
            "evidence": {"before": decision.evidence_before, "after": decision.evidence_after},
        }


class EnforcingEffectors:
    """The server does what the act says, in the host's name."""

    def __init__(self, recorder: ActionPoster) -> None:
        self._recorder = recorder

    async def take(self, decision: Decision) -> None:
        await self._recorder.post(decision, "enforce")


class ShadowEffectors:
    """The server notes what would have been done: for rules in shadow mode, and while the circuit breaker is open."""

    def __init__(self, recorder: ActionPoster) -> None:
        self._recorder = recorder

    async def take(self, decision: Decision) -> None:
        await self._recorder.post(decision, "held" if decision.mode == "held" else "shadow")
