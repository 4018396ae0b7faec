"""What the audience hears of phrases and of the words around them, at several delays, from one record of redactions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spacesctl.bench.redaction_live import Recorded, Step
from spacesctl.bench.redaction_speech import Lane, SaidPhrase, SaidWord
from spacesctl.domain.clock import TICK_SECONDS

EARLY: Final = 0.3
"""Seconds before airing from which a phrase that bare vosk shows must be redacted."""
FAR: Final = 0.5
"""Seconds from a phrase beyond which a word must not be touched."""


@dataclass(frozen=True)
class Fate:
    """What became of one phrase at one delay, and of the words that are nearer to it than to another phrase.

    `exact`: no tick of it was heard; `whole`: none but the first or the last, as a redaction is no finer than that.
    `lag` is the time in seconds from the phrase's start until a redaction of it was in force, None: never; `slack` what was left then
    until it aired. `narrowed`: nothing was silenced but the stretch that the redaction had in the end.
    """

    with_others: bool
    shown: bool
    early: bool
    whole: bool
    exact: bool
    lag: float | None
    slack: float | None
    narrowed: bool
    touched: int
    far: int
    far_touched: int


def fates(lane: Lane, recorded: Recorded, shown: Sequence[float | None], delay: float) -> list[Fate]:
    """What became of each phrase of a lane. `shown`: when bare vosk showed it, in seconds of the lane's sound."""
    silent = aired_silent(recorded.redactions.values(), delay)
    nearest = _nearest(lane)
    found = []
    for index, phrase in enumerate(lane.phrases):
        first, last = lane.words[phrase.first], lane.words[phrase.last]
        own = _ticks(first.start, last.end)
        steps = [one for one in recorded.redactions.values() if _covers(one, own)]
        force = min((_force(one, own) for one in steps), default=None)
        around = [word for word, at in nearest if at == index]
        far = [word for word in around if _distance(word, first, last) > FAR]
        seen = shown[index]
        found.append(
            Fate(
                with_others=lane.with_others,
                shown=seen is not None,
                early=seen is not None and seen <= first.start + delay - EARLY,
                whole=all(tick in silent for tick in own[1:-1] or own),
                exact=all(tick in silent for tick in own),
                lag=None if force is None else force - first.start,
                slack=None if force is None else first.start + delay - force,
                narrowed=bool(steps) and all(_narrowed(one, delay) for one in steps),
                touched=sum(touched(word, silent) for word in around),
                far=len(far),
                far_touched=sum(touched(word, silent) for word in far),
            )
        )
    return found


def aired_silent(redactions: Iterable[Sequence[Step]], delay: float) -> set[int]:
    """The ticks that the audience does not hear: what a redaction covered at the moment when they aired."""
    found = set[int]()
    for steps in redactions:
        stretches = [step.stretch for step in steps if step.stretch is not None]
        for tick in range(
            min((first for first, _ in stretches), default=0), max((last for _, last in stretches), default=-1) + 1
        ):
            now = [step.stretch for step in steps if step.moment <= tick * TICK_SECONDS + delay]
            if now and now[-1] is not None and now[-1][0] <= tick <= now[-1][1]:
                found.add(tick)
    return found


def _ticks(start: float, end: float) -> range:
    """The ticks of which more than half lies between two times."""
    return range(round(start / TICK_SECONDS), max(round(start / TICK_SECONDS) + 1, round(end / TICK_SECONDS)))


def _covers(steps: Sequence[Step], own: range) -> bool:
    return any(step.stretch and step.stretch[0] < own.stop and own.start <= step.stretch[1] for step in steps)


def _force(steps: Sequence[Step], own: range) -> float:
    return next(step.moment for step in steps if _covers([step], own))


def _narrowed(steps: Sequence[Step], delay: float) -> bool:
    """Whether nothing aired silent but what the last step covers, which is not the first."""
    last = steps[-1].stretch
    return len(steps) > 1 and last is not None and aired_silent([steps], delay) <= set(range(last[0], last[1] + 1))


def touched(word: SaidWord, silent: set[int]) -> bool:
    """Whether half of a word is in these ticks."""
    own = _ticks(word.start, word.end)
    return 2 * sum(tick in silent for tick in own) >= len(own)


def _distance(word: SaidWord, first: SaidWord, last: SaidWord) -> float:
    return max(first.start - word.end, word.start - last.end, 0.0)


def _nearest(lane: Lane) -> list[tuple[SaidWord, int]]:
    """Each word that is in no phrase, with the phrase that is nearest to it."""
    inside = {at for phrase in lane.phrases for at in range(phrase.first, phrase.last + 1)}

    def nearness(word: SaidWord, phrase: SaidPhrase) -> float:
        return _distance(word, lane.words[phrase.first], lane.words[phrase.last])

    return [
        (word, min(range(len(lane.phrases)), key=lambda at: nearness(word, lane.phrases[at])))
        for number, word in enumerate(lane.words)
        if number not in inside and lane.phrases
    ]


@dataclass(frozen=True)
class Row:
    """All phrases of one kind at one delay. Shares are from 0 to 1, and None where there is nothing to share; `neighbours` are the words
    touched for each phrase: where the redaction was narrowed in time, where it was not, and in all. Times are seconds."""

    delay: float
    who: str
    phrases: int
    shown: int
    whole: float | None
    exact: float | None
    early: int
    early_whole: float | None
    far_touched: float | None
    narrowed: float | None
    neighbours: dict[str, float | None]
    slack_p1: float | None


def row(delay: float, who: str, found: Sequence[Fate]) -> Row:
    """Count the fates of phrases at one delay."""
    shown, early = [one for one in found if one.shown], [one for one in found if one.early]
    redacted = [one for one in shown if one.lag is not None]
    narrow, wide = [one for one in redacted if one.narrowed], [one for one in redacted if not one.narrowed]
    slacks = sorted(one.slack for one in redacted if one.slack is not None)
    return Row(
        delay=delay,
        who=who,
        phrases=len(found),
        shown=len(shown),
        whole=_share(sum(one.whole for one in shown), len(shown)),
        exact=_share(sum(one.exact for one in shown), len(shown)),
        early=len(early),
        early_whole=_share(sum(one.whole for one in early), len(early)),
        far_touched=_share(sum(one.far_touched for one in found), sum(one.far for one in found)),
        narrowed=_share(len(narrow), len(redacted)),
        neighbours={
            name: _share(sum(one.touched for one in some), len(some))
            for name, some in {"narrowed": narrow, "else": wide, "all": redacted}.items()
        },
        slack_p1=percentile(slacks, 0.01) if slacks else None,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def percentiles(values: Sequence[float]) -> Mapping[str, float]:
    """p50, p95 and p99; nothing of nothing."""
    return {name: percentile(values, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)) if values}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
