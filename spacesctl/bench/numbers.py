"""`bench numbers`: how many digits of spoken numbers a delayed audience hears, and what it loses of other numbers.

As `bench redaction`, and with the same parts: ten lanes talk in real time to the real hearing processes, the times of redactions are
recorded once, and what several delays make of them is computed. All numbers count, whether the recogniser understands them or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacesctl.bench.number_speech import ALLOW, HEARD, SECRET, NumberLane, lanes
from spacesctl.bench.redaction_live import Recorded, spoken
from spacesctl.bench.redaction_score import aired_silent, percentile, touched
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.studio import recorded
from spacesctl.probe import machine
from spacesctl.probe.machine import Machine
from spacesctl.rules.rulefile import compile_rules

LANES: Final = 10
DELAYS: Final = (2.0, 3.0, 4.0, 6.0)
FEW: Final = 4
"""Digits of a number that may be heard."""
_RULES: Final = (
    'schema = 1\n[[rule]]\nid = "numbers"\nmode = "enforce"\n'
    f'when.any = [{{ digits = {{ run = 6, allow = [{ALLOW}] }} }}]\nactions = ["redact"]\n'
)


@dataclass(frozen=True)
class NumberRow:
    """Numbers of one kind (`SECRET` and `HEARD`, or all of these) at one delay. Shares are from 0 to 1. `few_heard`: of those to
    redact, at most `FEW` digits were heard; `none_heard`: not one; `digits_p95`: heard of 95 in 100. `touched`: of the others, half of a
    word was silent."""

    delay: float
    kind: str
    numbers: int
    few_heard: float | None = None
    none_heard: float | None = None
    digits_p95: float | None = None
    touched: float | None = None


@dataclass(frozen=True)
class Numbers:
    """The result. `ticks_dropped` is sound that the recognisers were too slow for."""

    model: str
    rows: list[NumberRow]
    armed: int
    withdrawn: int
    ticks_dropped: int
    machine: Machine


async def measure(
    count: int = 200,
    model: Path | None = None,
    delays: Sequence[float] = DELAYS,
    note: Callable[[str], None] = lambda _: None,
) -> Numbers:
    """Say `count` numbers to redact and as many others. Raises Refused without espeak-ng, and Invalid for a folder that has no model."""
    used, said = await recorded(model, lambda used: lanes(count, LANES), note)
    run = await spoken([one.lane for one in said], compile_rules(_RULES), used.path, note)
    rows = [
        made
        for delay in delays
        for made in rows_of(delay, [(one, run.recorded[one.lane.space, one.lane.number]) for one in said])
    ]
    here = await asyncio.to_thread(machine.described)
    return Numbers(used.name, rows, run.armed, run.withdrawn, run.ticks_dropped, here)


def rows_of(delay: float, said: Sequence[tuple[NumberLane, Recorded]]) -> list[NumberRow]:
    """What the audience hears of each kind of number at one delay."""
    heard = dict[str, list[int]]()
    lost = dict[str, list[bool]]()
    for one, steps in said:
        silent = aired_silent(steps.redactions.values(), delay)
        for number in one.lane.phrases:
            places = range(number.first, number.last + 1)
            gone = [touched(one.lane.words[at], silent) for at in places]
            if number.text in SECRET:
                left = sum(one.digits[at] for at, silent_word in zip(places, gone, strict=True) if not silent_word)
                heard.setdefault(number.text, []).append(left)
            else:
                lost.setdefault(number.text, []).append(any(gone))
    everything = [digits for some in heard.values() for digits in some]
    others = [one for some in lost.values() for one in some]
    return [
        *(_redacted(delay, kind, heard[kind]) for kind in SECRET if kind in heard),
        _redacted(delay, "all that are redacted", everything),
        *(_others(delay, kind, lost[kind]) for kind in HEARD if kind in lost),
        _others(delay, "all others", others),
    ]


def _redacted(delay: float, kind: str, heard: Sequence[int]) -> NumberRow:
    few, none = sum(digits <= FEW for digits in heard), sum(not digits for digits in heard)
    worst = percentile(heard, 0.95) if heard else None
    return NumberRow(delay, kind, len(heard), _share(few, len(heard)), _share(none, len(heard)), worst)


def _others(delay: float, kind: str, lost: Sequence[bool]) -> NumberRow:
    return NumberRow(delay, kind, len(lost), touched=_share(sum(lost), len(lost)))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


_COLUMNS: Final = {
    "delay": "delay", "kind": "kind", "numbers": "numbers", f"at most {FEW} digits heard %": "few", "none heard %": "none",
    "digits heard p95": "p95", "touched %": "touched",
}  # fmt: skip


def report(result: Numbers) -> Report:
    """A row for each delay and kind."""
    rows = [
        {
            "delay": f"{one.delay:g} s",
            "kind": one.kind,
            "numbers": str(one.numbers),
            "few": _percent(one.few_heard),
            "none": _percent(one.none_heard),
            "p95": "-" if one.digits_p95 is None else f"{one.digits_p95:g}",
            "touched": _percent(one.touched),
        }
        for one in result.rows
    ]
    notes = [
        f"armed: {result.armed}, withdrawn: {result.withdrawn}; ticks dropped: {result.ticks_dropped}; model: {result.model}",
        machine_line(result.machine),
    ]
    return Report("Digits of spoken numbers that a delayed audience hears", dict(_COLUMNS), rows, notes)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
