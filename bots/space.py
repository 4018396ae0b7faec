"""The bot in one Space: it transcribes every lane and applies the rules, until the Space ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import structs

from bots.api import Api
from bots.confirming import written
from bots.effectors import ActionPoster, DecisionRecord, EnforcingEffectors
from bots.hearing.messages import Arm, Utterance
from bots.moderator import Moderator
from bots.numbers import NumberMask
from bots.redactor import Redactor
from bots.retry import insist, name_of, new_backoff
from bots.texts import TextRules
from bots.transcriber import Transcriber
from spacesctl.api.captions import Assignment
from spacesctl.api.lanes import (
    ChangedLane,
    ClosedLane,
    Conduct,
    Ended,
    LaneEvent,
    LaneLevels,
    OpenedLane,
    OpenLane,
    RulesChanged,
    Text,
)
from spacesctl.audio.framing import FLAG_ACTIVE, LANES, FramingError, unpack
from spacesctl.domain.errors import Gone, NotFound, SpacesError
from spacesctl.rules import room_facts
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.room_facts import RoomFacts, Subject
from spacesctl.rules.room_sound import LaneLevel
from spacesctl.rules.rule_engine import Decision, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import Phrase, Rule

CLOSED_LANES = 64
"""Lanes whose speaker is remembered after they closed: what was said last is recognised up to a second later."""

log = logging.getLogger("bots.space")


class SpeechPipeline(Protocol):
    """The part of `bots.hearing.pool.RecogniserPool` that a Space needs. Nothing here waits."""

    def open(self, space: str, lane: int) -> None:
        """Start recognising a lane."""
        ...

    def frames(self, space: str, tick: int, frames: Sequence[tuple[int, int, bytes]]) -> None:
        """Sound of one tick, as (lane, flags, Opus payload)."""
        ...

    def close(self, space: str, lane: int) -> None:
        """Stop recognising a lane, after the sound that was given so far."""
        ...

    def rules(
        self, space: str, rules: Sequence[Rule], exceptions: Sequence[Phrase] = (), *, confirms: bool = False
    ) -> None:
        """Look for the phrases of these rules in what is recognised, in place of earlier ones. `confirms`: keep sound for `confirm`."""
        ...

    async def confirm(
        self, space: str, lane: int, first_tick: int, last_tick: int, phrases: Sequence[str], written: str
    ) -> bool | None:
        """Whether a second recognition of a stretch hears one of these phrases; None: it cannot be told in time."""
        ...


class SpaceBot:
    """`run` serves one Space. `engine` and `model` are named in each act; `on_alert` is called when the server holds a sanction."""

    def __init__(
        self,
        api: Api,
        pipeline: SpeechPipeline,
        assignment: Assignment,
        *,
        engine: str,
        model: str,
        on_alert: Callable[[], None] = lambda: None,
    ) -> None:
        self._api = api
        self._pipeline = pipeline
        self.assignment = assignment
        self.space = assignment.space_id
        poster = ActionPoster(api, self.space, engine, model)
        self._transcriber = Transcriber(api, self.space)
        self._tick = 0
        """That of the newest sound."""
        self._facts = RoomFacts()
        self._redactor = Redactor(api, self.space, engine, model, self._facts, self._is_quoted)
        self._numbers = NumberMask(self._transcribe)
        self._moderator = Moderator(
            EnforcingEffectors(poster),
            DecisionRecord(poster),
            on_alert,
            tick=lambda: self._tick,
            hide=self._numbers.hidden,
            numbers=self._numbers.stretches,
            settled=self._redactor.settled,
            confirm=self._confirm,
            facts=self._facts,
        )
        self._texts = TextRules(api, self.space, self._moderator, self._facts)
        self._lanes: dict[int, OpenLane] = {}
        self._closed: dict[int, OpenLane] = {}
        self._rules_wanted = asyncio.Event()
        self._rules_wanted.set()

    def _is_quoted(self, rule_id: str, tick: int) -> bool:
        return self._moderator.is_quoted(rule_id, tick)

    @property
    def tripped(self) -> bool:
        """Whether the server's circuit breaker has held a sanction lately."""
        return self._moderator.tripped

    @property
    def unanswered(self) -> bool:
        """Whether lately a sanction was not taken since there was no second recognition in time."""
        return self._moderator.unanswered

    def assign(self, assignment: Assignment) -> None:
        """Take a changed assignment: captions were switched, or the rules changed."""
        self.assignment = assignment
        if assignment.rules_hash != self._moderator.rules_hash:
            self._rules_wanted.set()

    def on_utterance(self, utterance: Utterance) -> None:
        """Called for each utterance. With captions off it posts none, and the rules still apply."""
        who = self._lanes.get(utterance.lane) or self._closed.get(utterance.lane)
        if who is None:
            return
        self._numbers.on_utterance(utterance)
        self._moderator.on_utterance(utterance, who)

    def _transcribe(self, utterance: Utterance) -> None:
        if self.assignment.captions:
            self._transcriber.on_utterance(utterance)

    async def _confirm(self, one: Decision) -> bool | None:
        where = (self.space, one.lane, one.start_tick, one.end_tick)
        return await self._pipeline.confirm(*where, one.confirm, written(one))

    def on_arm(self, arm: Arm) -> None:
        """Called for each phrase in a result that a rule redacts, and when it is no longer there."""
        who = self._lanes.get(arm.lane) or self._closed.get(arm.lane)
        if who is not None:
            self._redactor.on_arm(arm, who)

    async def run(self) -> None:
        """Serve until the Space has ended. An unexpected error ends every task and is raised, so that the supervisor starts it again."""
        try:
            async with asyncio.TaskGroup() as group:
                served = (
                    self._redactor.run(), self._transcriber.run(), self._moderator.run(), self._numbers.run(), self._rules(),
                    self._texts.run(),
                )  # fmt: skip
                helpers = [group.create_task(each) for each in served]
                await self._listen()
                for helper in helpers:
                    helper.cancel()
        finally:
            for lane in list(self._lanes):
                self._close(lane)
            self._pipeline.rules(self.space, ())

    # -- rules

    async def _rules(self) -> None:
        """Fetch the rules after each change. Rules that do not compile are refused, and the old ones stay in force."""
        while True:
            await self._rules_wanted.wait()
            self._rules_wanted.clear()
            if self.assignment.rules_hash is None:
                self._set_rules(None)
                continue
            try:
                found = await insist(lambda: self._api.rules(self.space))
                text = found.text
                engine = await asyncio.to_thread(_rule_engine, text, self._facts) if text is not None else None
            except RuleFileError:
                log.error("space %s: the rules are refused; the old ones stay", self.space)
            except (SpacesError, OSError) as error:
                log.warning("space %s: no rules: %s", self.space, name_of(error))
                await asyncio.sleep(new_backoff().next())
                self._rules_wanted.set()
            else:
                self._set_rules(engine)
                log.info("space %s: rules %s in force", self.space, self._moderator.rules_hash)

    def _set_rules(self, engine: RuleEngine | None) -> None:
        self._moderator.set_rules(engine)
        self._texts.set_rules(engine)
        self._redactor.set_rules(engine.ruleset if engine is not None else None)
        exceptions = engine.ruleset.exceptions if engine is not None else ()
        self._numbers.set_digits(engine.ruleset.digits() if engine is not None else (), exceptions)
        redacting, confirms = (
            (engine.ruleset.redacting(), engine.ruleset.confirms()) if engine is not None else ((), False)
        )
        self._pipeline.rules(self.space, redacting, exceptions, confirms=confirms)

    # -- lanes

    async def _listen(self) -> None:
        backoff = new_backoff()
        while True:
            try:
                async with self._api.lanes(self.space) as lanes:
                    self._hello(lanes.hello.lanes or [])
                    backoff.reset()
                    async for message in lanes:
                        if not self._take(message):
                            return
            except (Gone, NotFound):
                return
            except (SpacesError, OSError) as error:
                log.info("space %s: lanes closed: %s", self.space, name_of(error))
            await asyncio.sleep(backoff.next())

    def _take(self, message: bytes | LaneEvent) -> bool:
        """Handle a lane message or an event; False when the Space has ended."""
        if not isinstance(message, bytes):
            return self._event(message)
        try:
            kind, tick, frames = unpack(message)
        except FramingError as error:
            log.warning("space %s: a lane message is dropped: %s", self.space, error.reason)
            return True
        self._tick = max(self._tick, tick)
        if kind == LANES:
            self._numbers.heard(lane for lane, flags, _ in frames if flags & FLAG_ACTIVE)
            self._pipeline.frames(self.space, tick, frames)
        return True

    def _event(self, event: LaneEvent) -> bool:
        match event:
            case OpenedLane(lane=info) | ChangedLane(lane=info):
                self._open(info)
            case ClosedLane(lane=lane):
                self._close(lane)
            case LaneLevels(tick=tick, levels=levels):
                told = (LaneLevel(one.lane, one.db, one.active, one.clipped, one.noise) for one in levels)
                self._facts.sound.take(tick, told)
                self._passes(tick)
            case Text():
                self._tick = max(self._tick, event.tick)
                self._texts.on_text(event)
            case Conduct():
                self._facts.conduct = _conduct(event)
                self._passes(event.tick)
            case RulesChanged(hash=rules_hash):
                self.assignment = structs.replace(self.assignment, rules_hash=rules_hash)
                self._rules_wanted.set()
            case Ended(reason=reason):
                # Another reason ends only this connection: it was too slow, or another one replaced it.
                return reason != "ended"
        return True  # nothing to do for `gap`: every frame carries its tick

    def _passes(self, tick: int) -> None:
        """It is this tick: see what the facts are now."""
        self._tick = max(self._tick, tick)
        speakers = [Subject(one.account_id, one.lane, one.role, one.kind) for one in self._lanes.values()]
        self._moderator.on_facts(self._tick, speakers)

    def _hello(self, infos: list[OpenLane]) -> None:
        self._facts.forget()
        for lane in self._lanes.keys() - {info.lane for info in infos}:
            self._close(lane)
        for info in infos:
            self._open(info)

    def _open(self, info: OpenLane) -> None:
        self._lanes[info.lane] = info
        self._pipeline.open(self.space, info.lane)

    def _close(self, lane: int) -> None:
        info = self._lanes.pop(lane, None)
        if info is None:
            return
        self._pipeline.close(self.space, lane)
        self._closed[lane] = info
        while len(self._closed) > CLOSED_LANES:
            gone = next(iter(self._closed))
            del self._closed[gone]
            self._moderator.forget(gone)
            self._numbers.forget(gone)


def _conduct(told: Conduct) -> room_facts.Conduct:
    people = {
        one.account_id: room_facts.KnownPerson(
            one.account_id, one.role, one.kind, one.born_tick, one.came_tick, one.reports
        )
        for one in told.people
    }
    return room_facts.Conduct(told.tick, told.joins, told.never_seen, told.reactions, told.requests, people)


def _rule_engine(text: str, facts: RoomFacts | None = None) -> RuleEngine:
    """Compile rules and build their automata, which takes tens of milliseconds for a large file. Raises RuleFileError."""
    return RuleEngine(compile_rules(text), facts=facts)
