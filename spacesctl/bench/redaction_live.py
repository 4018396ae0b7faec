"""What the bots do with lanes that are spoken in real time, and what bare vosk hears in the same sound.

Recognisers are the real processes, and so is the way from their messages to the call that makes a redaction. That call is answered
at once: there is no server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Final

from bots.hearing.messages import Arm, Disarmed
from bots.hearing.pool import RecogniserPool
from bots.hearing.recogniser import BYTES_PER_SECOND, Recogniser
from bots.hearing.vosk_recogniser import load
from bots.redactor import Redactor
from spacesctl.api.by import By
from spacesctl.api.lanes import OpenLane
from spacesctl.api.redactions import NewRedaction, Redaction, RedactionChange
from spacesctl.api.wire import Time
from spacesctl.audio.opus import Pcm
from spacesctl.bench.redaction_speech import Lane
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.words import Kind, Role
from spacesctl.rules.ruleset import RuleSet

STEP_BYTES: Final = BYTES_PER_SECOND // 10
"""What bare vosk is fed at a time: 100 ms."""
READY_SECONDS: Final = 60.0
AFTER_SECONDS: Final = 3.0
"""After the last frame, for the last final results."""
_MADE: Final = Time(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """From `moment` (seconds after the first frame was due) a redaction covers ticks `first` to `last`, both included; None: nothing."""

    moment: float
    stretch: tuple[int, int] | None


@dataclass
class Recorded:
    """The redactions of a lane by their id, each with its steps in order."""

    redactions: dict[str, list[Step]] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """The redactions by (Space, lane). `withdrawn` of `armed` phrases were not said after all; `ticks_dropped` must be 0."""

    recorded: dict[tuple[str, int], Recorded]
    armed: int
    withdrawn: int
    ticks_dropped: int


class _Board:
    """Stands for the API of redactions, of one Space: it notes when each call came."""

    def __init__(self, recorded: dict[int, Recorded], now: Callable[[], float]) -> None:
        self._recorded = recorded
        self._now = now
        self._lanes: dict[str, int] = {}

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        name, lane = str(len(self._lanes)), new.lane or 0
        self._lanes[name] = lane
        return self._note(name, (new.from_tick or 0, new.to_tick or 0))

    async def change_redaction(self, space_id: str, redaction_id: str, change: RedactionChange) -> Redaction:
        return self._note(redaction_id, (change.from_tick or 0, change.to_tick or 0))

    async def withdraw_redaction(self, space_id: str, redaction_id: str) -> None:
        self._note(redaction_id, None)

    def _note(self, name: str, stretch: tuple[int, int] | None) -> Redaction:
        lane = self._lanes[name]
        self._recorded[lane].redactions.setdefault(name, []).append(Step(self._now(), stretch))
        first, last = stretch or (0, 0)
        by = By(kind="rule")
        return Redaction(
            id=name, lane=lane, account_id=None, from_tick=first, to_tick=last, mode="silence", cut=False, by=by,
            reason="", state="in_force", missed_to=None, created_at=_MADE,
        )  # fmt: skip


async def spoken(lanes: Sequence[Lane], rules: RuleSet, model: Path, note: Callable[[str], None]) -> Run:
    """Say all lanes at once, a frame every 20 ms. Raises Unavailable when it does not start."""
    began = 0.0
    armed, withdrawn = set[tuple[str, int, int, int]](), set[tuple[str, int, int, int]]()
    recorded: dict[str, dict[int, Recorded]] = {}
    for lane in lanes:
        recorded.setdefault(lane.space, {})[lane.number] = Recorded()
    redactors = {
        space: Redactor(_Board(boards, lambda: time.monotonic() - began), space, "bench", model.name)
        for space, boards in recorded.items()
    }

    def on_arm(arm: Arm) -> None:
        (withdrawn if isinstance(arm, Disarmed) else armed).add((arm.space, arm.lane, arm.utterance, arm.number))
        who = OpenLane(lane=arm.lane, account_id="a", handle="@a", role=Role.SPEAKER, kind=Kind.PERSON)
        redactors[arm.space].on_arm(arm, who)

    async with RecogniserPool(model, lambda _: None, on_arm=on_arm) as pool:
        await _ready(pool)
        tasks = [asyncio.create_task(redactor.run()) for redactor in redactors.values()]
        for space, redactor in redactors.items():
            redactor.set_rules(rules)
            pool.rules(space, rules.redacting())
        for lane in lanes:
            pool.open(lane.space, lane.number)
        began = time.monotonic()
        await _say(pool, lanes, began, note)
        await asyncio.sleep(AFTER_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        dropped = pool.statistics()["ticks_dropped"]
    flat = {(space, number): one for space, boards in recorded.items() for number, one in boards.items()}
    return Run(flat, len(armed), len(withdrawn), dropped)


async def _ready(pool: RecogniserPool) -> None:
    began = time.monotonic()
    while not pool.ready:
        if time.monotonic() - began > READY_SECONDS:
            raise Unavailable("the recogniser does not start")
        await asyncio.sleep(0.05)


async def _say(pool: RecogniserPool, lanes: Sequence[Lane], began: float, note: Callable[[str], None]) -> None:
    """The frame of a tick is complete, and fed, when the tick ends."""
    spaces: dict[str, list[Lane]] = {}
    for lane in lanes:
        spaces.setdefault(lane.space, []).append(lane)
    longest = max(len(lane.frames) for lane in lanes)
    for tick in range(longest):
        await asyncio.sleep(max(0.0, began + (tick + 1) * TICK_SECONDS - time.monotonic()))
        for space, there in spaces.items():
            pool.frames(space, tick, [(one.number, *one.frames[tick]) for one in there if tick < len(one.frames)])
        if tick % (60 * TICKS_PER_SECOND) == 0:
            note(f"{tick // TICKS_PER_SECOND} of {longest // TICKS_PER_SECOND} s are spoken")


def shown(lane: Lane, model: Path) -> list[float | None]:
    """When bare vosk first shows each phrase of a lane, in a partial or a final result: seconds of sound fed, in steps of 100 ms."""
    texts = results(load(model)(), lane.heard)
    return [_first(lane, index, texts) for index in range(len(lane.phrases))]


def results(recogniser: Recogniser, pcm: Pcm) -> list[tuple[float, str]]:
    """All results of a recogniser that is fed sound (`int16[n]`, 16 kHz) in steps of 100 ms: the seconds fed, and the text in spaces."""
    sound = pcm.tobytes()
    texts = list[tuple[float, str]]()
    for at in range(0, len(sound), STEP_BYTES):
        result = recogniser.feed(sound[at : at + STEP_BYTES])
        texts.append((min(len(sound), at + STEP_BYTES) / BYTES_PER_SECOND, f" {result.text} "))
    texts.append((len(sound) / BYTES_PER_SECOND, f" {recogniser.finish().text} "))
    return texts


LONGEST_UTTERANCE: Final = 25.0
"""Seconds after which a phrase can't be in a result any more: vosk ends an utterance after twenty."""


def _first(lane: Lane, index: int, texts: Sequence[tuple[float, str]]) -> float | None:
    phrase = lane.phrases[index]
    start, wanted = lane.words[phrase.first].start, f" {phrase.text} "
    return next((at for at, text in texts if start <= at <= start + LONGEST_UTTERANCE and wanted in text), None)
