"""One Space's rules, applied to what is heard there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from bots.api import LaneInfo
from bots.effectors import Effectors
from bots.hearing.messages import Utterance
from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine

MAX_WAITING = 200
"""Decisions that wait for a server which does not answer. The circuit breaker holds far fewer than that."""

log = logging.getLogger("bots.moderator")


class Moderator:
    """`heard` decides at once and never waits; `run` follows the decisions one by one, in order.

    `on_alert` is called when the circuit breaker opens.
    """

    def __init__(
        self,
        enforce: Effectors,
        simulate: Effectors,
        on_alert: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._enforce = enforce
        self._simulate = simulate
        self._on_alert = on_alert
        self._clock = clock
        self._judge: RuleEngine | None = None
        self._decisions: asyncio.Queue[Decision] = asyncio.Queue(MAX_WAITING)
        self.dropped = 0

    @property
    def rules_hash(self) -> str | None:
        return self._judge.ruleset.hash if self._judge is not None else None

    @property
    def tripped(self) -> bool:
        """The circuit breaker is open: rules only record until they are set again."""
        return self._judge is not None and self._judge.tripped

    def set_judge(self, judge: RuleEngine | None) -> None:
        """Begin anew with these rules, or stop judging."""
        self._judge = judge

    def heard(self, utterance: Utterance, who: LaneInfo) -> None:
        if self._judge is None or not utterance.final:
            return
        said = HeardUtterance(
            utterance.lane, who["account_id"], who["role"], who["kind"], utterance.words, True, utterance.utterance
        )
        for decision in self._judge.hear(said, self._clock()):
            self._queue(decision)

    def forget(self, lane: int) -> None:
        if self._judge is not None:
            self._judge.forget(lane)

    async def run(self) -> None:
        """Follow decisions until cancelled."""
        while True:
            decision = await self._decisions.get()
            await (self._enforce if decision.mode == "enforce" else self._simulate).take(decision)

    def _queue(self, decision: Decision) -> None:
        if decision.tripped:
            log.error("circuit breaker open, rules %s only record now", decision.rule_hash)
            self._on_alert()
        try:
            self._decisions.put_nowait(decision)
        except asyncio.QueueFull:
            self.dropped += 1
            log.error("a decision of rule %s %s is lost: too many wait", decision.rule_id, decision.rule_hash)
