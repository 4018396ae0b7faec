"""`bench redaction`: how many phrases the bots redact before a delayed audience hears them, and what it loses of other words.

Ten lanes talk without a pause, in real time, to the real recognisers. The times of redactions are recorded once; what several delays
make of them is computed. Phrases that bare vosk, fed the same sound, never shows are not counted: no rule can hear them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacesctl.bench.redaction_live import shown, spoken
from spacesctl.bench.redaction_score import Fate, Row, fates, percentiles, row
from spacesctl.bench.redaction_sound import ALONE_DB, OTHERS_DB, Inaudible, inaudible
from spacesctl.bench.redaction_speech import PHRASES, lanes
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.studio import recorded
from spacesctl.probe import machine
from spacesctl.probe.machine import Machine
from spacesctl.rules.rulefile import compile_rules

LANES: Final = 10
SOUND_DELAY: Final = 4.0
"""Seconds of the delay at which it is measured what a listener decodes."""
DELAYS: Final = (2.0, 3.0, 4.0, 6.0)
"""Seconds that the audience is behind the stage."""


@dataclass(frozen=True)
class Redactions:
    """The result. `lag` is the time in seconds from a phrase's start until its redaction is in force, `withdrawn` how many of the
    `armed` were given back; `ticks_dropped` is sound that recognisers were too slow for."""

    model: str
    phrases: int
    rows: list[Row]
    lag: Mapping[str, float]
    armed: int
    withdrawn: int
    ticks_dropped: int
    misheard: int
    """Phrases that bare vosk shows and for which nothing was ever redacted: the bots' recogniser began and cut elsewhere, and heard other
    words there."""
    sound: Inaudible
    """What a listener decodes at `SOUND_DELAY`."""
    machine: Machine


async def measure(
    phrases: int = 1000,
    model: Path | None = None,
    delays: Sequence[float] = DELAYS,
    note: Callable[[str], None] = lambda _: None,
) -> Redactions:
    """Say so many phrases in ten lanes at once. Raises Refused without espeak-ng, and Invalid for a folder that has no model."""
    used, said = await recorded(model, lambda used: lanes(phrases, LANES), note)
    note("bare vosk listens")
    seen = [await asyncio.to_thread(shown, lane, used.path) for lane in said]
    run = await spoken(said, compile_rules(_rules()), used.path, note)
    rows, lag, misheard = list[Row](), list[float](), 0
    for delay in delays:
        found = [
            one
            for lane, times in zip(said, seen, strict=True)
            for one in fates(lane, run.recorded[lane.space, lane.number], times, delay)
        ]
        rows += [row(delay, who, some) for who, some in _groups(found).items()]
        lag = [one.lag for one in found if one.shown and one.lag is not None]
        misheard = sum(one.shown and one.lag is None for one in found)
    note("a listener decodes it, and a recogniser listens again")
    sound = await asyncio.to_thread(inaudible, said, run.recorded, seen, SOUND_DELAY, used.path)
    here = await asyncio.to_thread(machine.described)
    return Redactions(
        used.name, phrases, rows, percentiles(lag), run.armed, run.withdrawn, run.ticks_dropped, misheard, sound, here
    )


def _rules() -> str:
    words = ", ".join(f'"{phrase}"' for phrase in PHRASES)
    return f'schema = 1\n[[rule]]\nid = "bench"\nmode = "enforce"\nwhen.any = [{{ words = [{words}] }}]\nactions = ["redact"]\n'


def _groups(found: Sequence[Fate]) -> dict[str, list[Fate]]:
    return {
        "alone": [one for one in found if not one.with_others],
        "with two others": [one for one in found if one.with_others],
        "all": list(found),
    }


_COLUMNS: Final = {
    "delay": "delay", "talking": "who", "of phrases": "shown", "whole %": "whole", "to the tick %": "exact",
    "of those 0.3 s early": "early", "whole % ": "early_whole", "far words touched %": "far",
    "narrowed in time %": "narrowed", "neighbours touched: narrowed": "near_narrowed", "else": "near_else",
    "all": "near_all", "slack p1 s": "slack",
}  # fmt: skip


def report(result: Redactions) -> Report:
    """A row for each delay and kind of talk."""
    rows = [
        {
            "delay": f"{one.delay:g} s",
            "who": one.who,
            "shown": f"{one.shown} of {one.phrases}",
            "whole": _percent(one.whole),
            "exact": _percent(one.exact),
            "early": str(one.early),
            "early_whole": _percent(one.early_whole),
            "far": _percent(one.far_touched),
            "narrowed": _percent(one.narrowed),
            "near_narrowed": _number(one.neighbours["narrowed"]),
            "near_else": _number(one.neighbours["else"]),
            "near_all": _number(one.neighbours["all"]),
            "slack": _number(one.slack_p1),
        }
        for one in result.rows
    ]
    lag = ", ".join(f"{name} {value:.2f}" for name, value in result.lag.items())
    notes = [
        f"seconds from a phrase's start until its redaction is in force: {lag}",
        *(
            f"never aired at {one.delay:g} s: {_percent(one.whole)} % of {one.shown} phrases"
            for one in result.rows
            if one.who == "all" and one.delay == SOUND_DELAY
        ),
        f"of those not redacted {result.misheard} were never in a result of the bots' recogniser, which begins and cuts elsewhere",
        *_heard(result.sound),
        f"armed: {result.armed}, withdrawn: {result.withdrawn}; ticks dropped: {result.ticks_dropped}; model: {result.model}",
        machine_line(result.machine),
    ]
    title = "Phrases redacted before a delayed audience hears them, of those that bare vosk shows in a partial or final result"
    return Report(title, dict(_COLUMNS), rows, notes)


def _heard(sound: Inaudible) -> list[str]:
    return [
        f"decoded by a listener at {SOUND_DELAY:g} s: of {sound.alone} phrases said alone {_percent(sound.alone_silent)} % are at most"
        f" {ALONE_DB:g} dB of themselves (p99 {_number(sound.alone_db)} dB); of {sound.others} said while two others talk the projection of"
        f" {_percent(sound.others_silent)} % is at most {OTHERS_DB:g} dB, and of {_percent(sound.floor_silent)} % where the lane never"
        " was in the mix",
        f"a recogniser that listens to that finds {sound.found} of {sound.sought} again",
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
