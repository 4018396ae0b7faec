"""Applies one Space's rules to what is said there."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from bots.confirming import parted
from bots.effectors import Effectors, Record
from bots.hearing.messages import Utterance
from bots.late import in_time
from spacesctl.api.lanes import OpenLane
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.offences import WINDOW
from spacesctl.rules.bleed import WAIT, BleedGuard
from spacesctl.rules.room_facts import RoomFacts, Subject
from spacesctl.rules.rule_engine import Decision, HeardUtterance, RuleEngine, Word
from spacesctl.rules.standing import StandingRules

MAX_WAITING = 500
"""Decisions that may wait while the server does not answer. Sound that waits to be redacted does not wait here."""

log = logging.getLogger("bots.moderator")


MAX_CONFIRMING = 32
"""Decisions that wait for their second recognition."""


async def _at_once() -> None:
    """There is nothing to wait for."""


async def _nobody(_: Decision) -> bool | None:
    """There is no second recognition."""
    return None


class Moderator:
    """`on_utterance` and `on_facts` never block; `run` carries the decisions out one by one, in order. A hit in a lane that was not the
    loudest one waits until it is known whose words they are.

    `facts` are those of the Space, which somebody else feeds. `on_alert` is called when the circuit breaker of the server holds a
    sanction. `clock` is in seconds, `tick` is that of the newest sound. `hide` takes spoken numbers out of the words of a lane, `numbers`
    are their ticks; `settled` is waited for before evidence is cut. `confirm` asks whether a second recognition has heard the same (None:
    it could not tell in time); only the sanctions of rules that ask for it wait for the answer. `dropped` counts decisions that were lost.
    """

    def __init__(
        self,
        effectors: Effectors,
        record: Record,
        on_alert: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        *,
        tick: Callable[[], int] = lambda: 0,
        hide: Callable[[int, Sequence[Word]], tuple[Word, ...]] = lambda _, words: tuple(words),
        numbers: Callable[[int], tuple[tuple[int, int], ...]] = lambda _: (),
        settled: Callable[[], Awaitable[None]] = _at_once,
        confirm: Callable[[Decision], Awaitable[bool | None]] = _nobody,
        facts: RoomFacts | None = None,
    ) -> None:
        self._effectors = effectors
        self._record = record
        self._on_alert = on_alert
        self._clock = clock
        self._tick = tick
        self._hide = hide
        self._numbers = numbers
        self._settled = settled
        self._confirm = confirm
        self._confirming: set[asyncio.Task[None]] = set()
        self._untold_at: float | None = None
        self._engine: RuleEngine | None = None
        self._facts = facts or RoomFacts()
        self._standing: StandingRules | None = None
        self._guard = BleedGuard(self._facts.sound, self._applies)
        self._held_at: float | None = None
        self._decisions: asyncio.Queue[Decision] = asyncio.Queue(MAX_WAITING)
        self.dropped = 0

    @property
    def rules_hash(self) -> str | None:
        """The hash of the rules in force; None without rules."""
        return self._engine.ruleset.hash if self._engine is not None else None

    @property
    def tripped(self) -> bool:
        """Whether the server's circuit breaker has held a sanction lately."""
        return self._held_at is not None and self._clock() - self._held_at < WINDOW.total_seconds()

    @property
    def unanswered(self) -> bool:
        """Whether lately a sanction was not taken since there was no second recognition in time."""
        return self._untold_at is not None and self._clock() - self._untold_at < WINDOW.total_seconds()

    def set_rules(self, engine: RuleEngine | None) -> None:
        """Start with these rules, or apply none. What was counted is the server's."""
        self._engine = engine
        self._standing = StandingRules(engine.ruleset, self._facts) if engine is not None else None

    def on_utterance(self, utterance: Utterance, who: OpenLane) -> None:
        """Apply the rules to a final utterance of this speaker; partial ones are ignored."""
        if not utterance.final:
            return
        said = HeardUtterance(
            utterance.lane, who.account_id, who.role, who.kind, utterance.words, True, utterance.utterance
        )
        self._guard.heard(said)
        if self._engine is None:
            return
        self._release()
        for decision in self._engine.hear(said):
            age = (self._tick() - decision.end_tick) * TICK_SECONDS
            self._stand(self._guard.take(decision, self._clock(), age))
        if self._guard.waits:
            asyncio.get_running_loop().call_later(WAIT, self._release)

    def on_text(self, said: HeardUtterance, hide: Callable[[tuple[Word, ...]], tuple[Word, ...]]) -> None:
        """Apply the rules to a text: nobody else can have written it, and there is nothing to hear again. `hide` takes its numbers out."""
        for decision in self._engine.hear(said) if self._engine is not None else ():
            self._queue(replace(decision, words=hide(decision.words), confirm=()))

    def on_facts(self, tick: int, open_lanes: Iterable[Subject]) -> None:
        """Apply the rules without words to the facts at a tick."""
        if self._standing is not None:
            for decision in self._standing.look(tick, open_lanes):
                self._queue(decision)

    def _applies(self, decision: Decision, who: Subject) -> bool:
        return self._engine is not None and self._engine.applies(decision, who)

    def is_quoted(self, rule_id: str, tick: int) -> bool:
        """Whether a moderator has said something that a rule finds so shortly before a tick that others may answer it."""
        rule = self._engine.ruleset.rule(rule_id) if self._engine is not None else None
        return rule is not None and self._engine is not None and self._engine.is_quoted(rule, tick)

    def _release(self) -> None:
        """Carry out what has waited for the words of other lanes."""
        self._stand(self._guard.due(self._clock()))

    def _stand(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            now, later = parted(decision)
            if now is not None:
                self._queue(self._masked(now))
            if later is not None:
                self._ask(later)
        while self._guard.bled:
            rule_id, lane, louder = self._guard.bled.pop()
            log.info("a hit of rule %s in lane %d is bleed: the words are of lane %d", rule_id, lane, louder)

    def forget(self, lane: int) -> None:
        """Drop what the rules remember of a lane."""
        self._guard.forget(lane)
        if self._engine is not None:
            self._engine.forget(lane)

    async def run(self) -> None:
        """Carry decisions out until cancelled."""
        try:
            while True:
                found = await self._decisions.get()
                if not found.waiting:
                    await self._settled()  # evidence is cut
                recorded = found.waiting or found.unconfirmed
                for decision in [found] if recorded else in_time(found, self._tick()):
                    if decision.mode == "enforce" and not recorded:
                        self._tell(held=await self._effectors.take(decision))
                    else:
                        await self._record.note(decision)
        finally:
            for task in self._confirming:
                task.cancel()

    def _masked(self, decision: Decision) -> Decision:
        words, numbers = self._hide(decision.lane, decision.words), self._numbers(decision.lane)
        return replace(decision, words=words, numbers=numbers)

    def _ask(self, decision: Decision) -> None:
        """Let a decision wait for its second recognition; nothing else waits for it. The server knows of it from now on: if this process is
        killed, it asks a person."""
        masked = self._masked(decision)
        if len(self._confirming) >= MAX_CONFIRMING:
            self._answered(masked, None)
            return
        if decision.mode != "shadow":
            self._queue(replace(masked, waiting=True))
        task = asyncio.create_task(self._asked(decision, masked))
        self._confirming.add(task)
        task.add_done_callback(self._confirming.discard)

    async def _asked(self, decision: Decision, masked: Decision) -> None:
        self._answered(masked, await self._confirm(decision))

    def _answered(self, masked: Decision, heard: bool | None) -> None:
        if heard is None:
            log.warning(
                "sanctions of rule %s %s are not taken: no second recognition in time", masked.rule_id, masked.rule_hash
            )
            was, self._untold_at = self.unanswered, self._clock()
            if not was:
                self._on_alert()
        self._queue(replace(masked, unconfirmed=not heard))

    def _tell(self, *, held: bool) -> None:
        if held:
            was, self._held_at = self.tripped, self._clock()
            if not was:
                log.error("circuit breaker: sanctions of rules are only recorded now")
                self._on_alert()

    def _queue(self, decision: Decision) -> None:
        try:
            self._decisions.put_nowait(decision)
        except asyncio.QueueFull:
            self.dropped += 1
            log.error("a decision of rule %s %s is lost: too many are waiting", decision.rule_id, decision.rule_hash)
