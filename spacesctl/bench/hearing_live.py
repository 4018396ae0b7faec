"""Lanes that are spoken in real time to the real recogniser pool with its real processes, and what bare vosk hears that the pool's gate
does not let through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bots.hearing.feed import Feed
from bots.hearing.pool import RecogniserPool
from bots.hearing.recogniser import BYTES_PER_SECOND
from bots.hearing.vosk_recogniser import load
from spacesctl.bench.hearing_speech import Talk
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.errors import Unavailable

SPACE: Final = "bench"
READY_SECONDS: Final = 60.0
BEGIN_APART: Final = 1.3
"""Seconds between the first words of two talkers."""
LOOK_TICKS: Final = 10
"""Ticks between two looks at how late lanes are."""
SILENT_SECONDS: Final = 5.0
"""For how long all are silent at the end, to see what that costs."""
SETTLE_SECONDS: Final = 3.0
DRIVING_TICKS: Final = 100
STEP_BYTES: Final = BYTES_PER_SECOND // 10


@dataclass
class Run:
    """What was seen. `lags` are seconds by which kept lanes were late at each look; `kept` and `given_up` count lanes at the looks. CPU
    time is in seconds, memory in bytes."""

    lags: list[float] = field(default_factory=list)
    kept: int = 0
    given_up: int = 0
    most_given_up: int = 0
    sheddings: int = 0
    restarts: int = 0
    moved: int = 0
    engine: float = 0.0
    beyond: float = 0.0
    pool: float = 0.0
    heard_seconds: float = 0.0
    shared: int = 0
    private: int = 0
    silence: float = 0.0
    """CPU time of a recogniser for each second of silence."""


async def spoken(
    talks: Sequence[Talk], seconds: float, words: Sequence[str], model: Path, note: Callable[[str], None]
) -> Run:
    """Say all at once for so long, over and over. Raises Unavailable when the model process does not start."""
    run = Run()
    async with RecogniserPool(model, lambda _: None, words=words) as pool:
        await _ready(pool)
        for lane in range(len(talks)):
            pool.open(SPACE, lane)
        run.shared = pool.statistics()["resident_bytes"]
        driving = await _driving(talks)
        began = time.process_time()
        last = await _say(pool, talks, seconds, run, note)
        run.pool = max(0.0, time.process_time() - began - driving * seconds)
        run.silence = await _hush(pool, len(talks), last)
        run.restarts, run.moved = pool.restarts, pool.moved
        dropped = pool.statistics()["ticks_dropped"]
        for lane in range(len(talks)):
            pool.close(SPACE, lane)
        await asyncio.sleep(SETTLE_SECONDS)
        cpu, run.engine = pool.spent()
        run.beyond = cpu - run.engine
        run.heard_seconds -= dropped * TICK_SECONDS
    return run


async def _ready(pool: RecogniserPool) -> None:
    began = time.monotonic()
    while not pool.ready:
        if time.monotonic() - began > READY_SECONDS:
            raise Unavailable("the recogniser does not start")
        await asyncio.sleep(0.05)


async def _driving(talks: Sequence[Talk]) -> float:
    """CPU time that it takes to make the frames in time for one second, which is none of the pool's."""
    began = time.process_time()
    for tick in range(DRIVING_TICKS):
        await asyncio.sleep(TICK_SECONDS)
        _frames(talks, tick + 60 * TICKS_PER_SECOND)
    return (time.process_time() - began) / DRIVING_TICKS / TICK_SECONDS


def _frames(talks: Sequence[Talk], tick: int) -> list[tuple[int, int, bytes]]:
    return [
        (lane, *talk.frames[at % len(talk.frames)])
        for lane, talk in enumerate(talks)
        if (at := tick - round(lane * BEGIN_APART * TICKS_PER_SECOND)) >= 0
    ]


async def _say(
    pool: RecogniserPool, talks: Sequence[Talk], seconds: float, run: Run, note: Callable[[str], None]
) -> int:
    began, shed = time.monotonic(), set[int]()
    last = round(seconds * TICKS_PER_SECOND)
    for tick in range(last):
        await asyncio.sleep(max(0.0, began + (tick + 1) * TICK_SECONDS - time.monotonic()))
        frames = _frames(talks, tick)
        pool.frames(SPACE, tick, frames)
        run.heard_seconds += sum(flags for _, flags, _ in frames) * TICK_SECONDS
        if tick % LOOK_TICKS == 0:
            shed = _look(pool, run, shed)
        if tick % (60 * TICKS_PER_SECOND) == 0:
            note(f"{tick // TICKS_PER_SECOND} of {seconds:g} s are spoken")
    return last


def _look(pool: RecogniserPool, run: Run, before: set[int]) -> set[int]:
    states = pool.states()
    kept = [one.lag for one in states if not one.shed]
    shed = {one.lane for one in states if one.shed}
    run.lags += kept
    run.kept += len(kept)
    run.given_up += len(shed)
    run.most_given_up = max(run.most_given_up, len(shed))
    run.sheddings += len(shed - before)
    run.private = max([run.private, *pool.private().values()])
    return shed


async def _hush(pool: RecogniserPool, lanes: int, tick: int) -> float:
    """All are silent, with open microphones: the CPU time of a recogniser for each second of it."""
    seconds, began = SETTLE_SECONDS, 0.0
    for _ in range(2):
        began = _cpu(pool.pids())
        for _ in range(round(seconds * TICKS_PER_SECOND)):
            await asyncio.sleep(TICK_SECONDS)
            pool.frames(SPACE, tick, [(lane, 0, b"\xf8\xff\xfe") for lane in range(lanes)])
            tick += 1
        seconds = SILENT_SECONDS
    return max(0.0, _cpu(pool.pids()) - began) / SILENT_SECONDS / max(1, len(pool.pids()))


def _cpu(pids: Sequence[int]) -> float:
    """CPU time of these processes, to the nanosecond: `schedstat` of proc(5)."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def lost_words(talk: Talk, model: Path) -> tuple[int, int]:
    """How many words bare vosk hears in all of this sound, and of how many of them the gate lets less than half through."""
    feed, passed, tick = Feed(0), set[int](), 0
    for tick, (flags, packet) in enumerate(talk.frames):
        feed.frame(tick, flags, packet, 0.0)
        passed |= set(_sent(feed))
    feed.close()
    passed |= set(_sent(feed))
    recogniser, sound = load(model)(), talk.heard.tobytes()
    results = [recogniser.feed(sound[at : at + STEP_BYTES]) for at in range(0, len(sound), STEP_BYTES)]
    words = [word for result in [*results, recogniser.finish()] for word in result.words]
    spans = [range(int(word.start / TICK_SECONDS), max(1, int(word.end / TICK_SECONDS))) for word in words]
    return len(words), sum(2 * len(passed & set(span)) < len(span) for span in spans)


def _sent(feed: Feed) -> list[int]:
    found = list[int]()
    while (sound := feed.next()) is not None:
        feed.told(sound.number, None)
        found += [tick for tick, _, _ in sound.frames]
    return found
