"""`bench hearing`: how late captions are when many talk at once, what is given up for that, and what recognition costs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bots import models
from bots.hearing.memory import CEILING
from spacesctl.bench.hearing_live import Run, lost_words, spoken
from spacesctl.bench.hearing_speech import Talk, talks
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.studio import recorded
from spacesctl.probe import machine
from spacesctl.probe.machine import Machine

TALK_SECONDS: Final = 120.0
"""For how long each talker speaks before it begins again."""
GATE_TALKERS: Final = 3
"""Talkers whose words are looked for in what the gate lets through."""
MOST_LATE: Final = 2.0
"""Seconds that a kept lane may be late."""
MOST_BEYOND: Final = 6.0
"""Milliseconds of CPU time for each second of speech, beside the speech engine's."""
MOST_LOST: Final = 0.5
"""Percent of the words that the gate may lose."""


@dataclass(frozen=True)
class HearingResult:
    """Seconds that kept lanes were late; how many of `talkers` were given up at once, how often, and in how much of the time; milliseconds
    of CPU time for each second of speech; MiB; percent."""

    model: str
    talkers: int
    seconds: float
    slow: float | None
    late_p50: float
    late_p99: float
    late_max: float
    most_given_up: int
    given_up: int
    given_up_share: float
    restarts: int
    moved: int
    engine_ms: float
    recogniser_ms: float
    pool_ms: float
    silence_ms: float
    shared_mib: float
    private_mib: float
    words: int
    lost_share: float
    machine: Machine

    @property
    def missed(self) -> list[str]:
        """What is not as it should be. Of processors that have more to do than they can, CPU times say nothing: work takes longer there."""
        private = self.private_mib / (CEILING >> 20)
        beyond = self.recogniser_ms + self.pool_ms
        bars = {
            f"a kept lane was {self.late_max:.2f} s late": self.late_max > MOST_LATE,
            f"{self.restarts} restarts": self.restarts > 0,
            f"{beyond:.1f} ms beyond the engine": not self.given_up and beyond > MOST_BEYOND,
            f"silence costs {self.silence_ms:.2f} ms": self.silence_ms > 0.1,
            f"the gate loses {self.lost_share:.2f} % of words": self.lost_share >= MOST_LOST,
            f"a recogniser took {self.private_mib:.0f} MiB": private > 1.5,
        }
        return [what for what, missed in bars.items() if missed]


async def measure(
    talkers: int = 7,
    seconds: float = 600.0,
    model: Path | None = None,
    slow: float | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> HearingResult:
    """Let so many talk at once for so long. Raises Refused without espeak-ng, and Invalid for a folder that has no model."""
    used, said = await recorded(model, lambda used: _talks(talkers, seconds, used.path), note)
    note("bare vosk listens")
    lost = [await asyncio.to_thread(lost_words, talk, used.path) for talk in said[:GATE_TALKERS]]
    words = [] if slow is None else _slowed(used.path, slow)
    run = await spoken(said, seconds, words, used.path, note)
    here = await asyncio.to_thread(machine.described)
    return _result(run, lost, used.name, talkers, seconds, slow, here)


def _talks(count: int, seconds: float, model: Path) -> list[Talk]:
    korean = any("가" <= word[0] <= "힣" for word in models.vocabulary(model))
    return talks(count, min(seconds, TALK_SECONDS), korean=korean)


def _slowed(model: Path, rtf: float) -> list[str]:
    return [sys.executable, "-m", "spacesctl.bench.hearing_slow", "--model", str(model), "--rtf", str(rtf)]


def _result(
    run: Run, lost: list[tuple[int, int]], model: str, talkers: int, seconds: float, slow: float | None, here: Machine
) -> HearingResult:
    lags = sorted(run.lags)
    words, gone = (sum(column) for column in zip(*lost, strict=True))
    per_second = 1000 / max(1.0, run.heard_seconds)
    return HearingResult(
        model=model,
        talkers=talkers,
        seconds=seconds,
        slow=slow,
        late_p50=round(lags[len(lags) // 2], 2),
        late_p99=round(lags[int(0.99 * (len(lags) - 1))], 2),
        late_max=round(lags[-1], 2),
        most_given_up=run.most_given_up,
        given_up=run.sheddings,
        given_up_share=round(100 * run.given_up / (run.kept + run.given_up), 1),
        restarts=run.restarts,
        moved=run.moved,
        engine_ms=round(run.engine * per_second, 1),
        recogniser_ms=round(run.beyond * per_second, 2),
        pool_ms=round(run.pool * per_second, 2),
        silence_ms=round(1000 * run.silence, 3),
        shared_mib=round(run.shared / 2**20),
        private_mib=round(run.private / 2**20),
        words=words,
        lost_share=round(100 * gone / max(1, words), 2),
        machine=here,
    )


_COLUMNS: Final = {
    "talkers": "talkers", "late p50 s": "p50", "p99": "p99", "max": "max", "given up at once": "most", "of the time %": "share",
    "restarts": "restarts", "moved": "moved", "CPU ms: engine": "engine", "recogniser": "recogniser", "pool": "pool",
    "silence": "silence", "MiB shared": "shared", "private": "private", "words lost %": "lost",
}  # fmt: skip


def report(result: HearingResult) -> Report:
    """One row, and what is not as it should be."""
    row = {
        "talkers": str(result.talkers),
        "p50": f"{result.late_p50:.2f}",
        "p99": f"{result.late_p99:.2f}",
        "max": f"{result.late_max:.2f}",
        "most": str(result.most_given_up),
        "share": f"{result.given_up_share:.1f}",
        "restarts": str(result.restarts),
        "moved": str(result.moved),
        "engine": f"{result.engine_ms:.0f}",
        "recogniser": f"{result.recogniser_ms:.1f}",
        "pool": f"{result.pool_ms:.1f}",
        "silence": f"{result.silence_ms:.2f}",
        "shared": f"{result.shared_mib:.0f}",
        "private": f"{result.private_mib:.0f}",
        "lost": f"{result.lost_share:.2f}",
    }
    slow = "" if result.slow is None else f", slowed to {result.slow:g} s for each second"
    notes = [
        f"model: {result.model}{slow}; {result.seconds:g} s; words of the gate: {result.words}; lanes given up: {result.given_up} times",
        f"not as it should be: {'; '.join(result.missed) or 'nothing'}",
        machine_line(result.machine),
    ]
    title = (
        "Lanes that are recognised at once: how late those are that are kept, and CPU time for each second of speech"
    )
    return Report(title, dict(_COLUMNS), [row], notes)
