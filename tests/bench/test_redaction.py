"""`bench redaction`: what is counted as redacted, on hand-made records; and the whole bench in its shortest form."""

from __future__ import annotations

import asyncio
import ctypes.util
from pathlib import Path

import numpy as np
import pytest

from spacesctl.bench import redaction
from spacesctl.bench.redaction_live import Recorded, Step
from spacesctl.bench.redaction_score import Fate, aired_silent, fates, percentile, percentiles, row
from spacesctl.bench.redaction_speech import PHRASES, Lane, SaidPhrase, SaidWord
from spacesctl.domain.errors import Invalid, Refused

WORDS = [
    SaidWord(text, n * 0.4, n * 0.4 + 0.4)
    for n, text in enumerate(["well", "now", "you", "are", "an", "idiot", "and", "i", "say", "so"])
]
IDIOT = SaidPhrase("an idiot", 4, 5)
"""From 1.6 to 2.4 s: ticks 80 to 119."""


def lane(phrases: list[SaidPhrase] | None = None) -> Lane:
    return Lane("s", 1, False, [], np.zeros(0, np.int16), WORDS, [IDIOT] if phrases is None else phrases)


def fate(*steps: Step, delay: float = 4.0, shown: float | None = 2.5) -> Fate:
    recorded = Recorded({"r": list(steps)} if steps else {})
    (found,) = fates(lane(), recorded, [shown], delay)
    return found


def test_a_phrase_is_whole_when_its_ticks_were_covered_as_they_aired() -> None:
    in_time = Step(2.6, (70, 125))
    assert fate(in_time).whole
    assert fate(in_time).exact
    assert (fate(Step(2.6, (81, 118))).whole, fate(Step(2.6, (81, 118))).exact) == (True, False)
    assert not fate(Step(2.6, (82, 125))).whole
    assert not fate(Step(2.6, (70, 117))).whole
    assert not fate(Step(5.63, (70, 125))).whole, "its first tick airs at 5.6 s, its second at 5.62"
    assert fate(Step(5.61, (70, 125))).whole
    assert not fate(in_time, delay=0.9).whole


def test_a_narrow_stretch_counts_from_the_moment_it_came() -> None:
    wide, narrow = Step(2.6, (40, 130)), Step(4.0, (75, 124))
    assert aired_silent([[wide, narrow]], 4.0) == set(range(75, 125))
    assert aired_silent([[wide, narrow]], 3.0) == {*range(40, 50), *range(75, 125)}, (
        "tick 50 airs at 4.0 s: what is before it has aired wide"
    )
    assert aired_silent([[wide, narrow]], 0.5) == set(range(105, 131)), "the last tick of the wide one aired at 3.1 s"
    assert aired_silent([[wide, Step(4.0, None)]], 4.0) == set()
    assert (fate(wide, narrow).narrowed, fate(wide, narrow, delay=3.0).narrowed) == (True, False)


def test_words_around_are_touched_when_half_of_them_is_silent() -> None:
    assert fate(Step(2.6, (75, 124))).touched == 0
    assert fate(Step(2.6, (70, 129))).touched == 2, "half of the word before and of the one after"
    found = fate(Step(2.6, (20, 119)))
    assert (found.touched, found.far, found.far_touched) == (3, 4, 1), "two on each side are nearer than half a second"


def test_lag_and_slack_are_counted_from_the_start_of_the_phrase() -> None:
    found = fate(Step(2.6, (40, 119)), Step(3.0, (75, 124)))
    assert found.lag == pytest.approx(1.0)
    assert found.slack == pytest.approx(3.0)
    assert (fate().lag, fate().slack, fate().whole) == (None, None, False)


def test_only_what_bare_vosk_shows_counts_and_apart_what_it_shows_early() -> None:
    assert (fate(shown=None).shown, fate(shown=None).early) == (False, False)
    assert (fate(shown=5.3).shown, fate(shown=5.3).early) == (True, True)
    assert (fate(shown=5.35).shown, fate(shown=5.35).early) == (True, False)


def test_a_row_shares_what_there_is() -> None:
    good, missed = fate(Step(2.6, (40, 130)), Step(3.0, (75, 124))), fate()
    unheard = fate(shown=None)
    made = row(4.0, "all", [good, good, missed, unheard])
    assert (made.phrases, made.shown, made.whole, made.early_whole) == (4, 3, 0.6667, 0.6667)
    assert made.neighbours == {"narrowed": 0.0, "else": None, "all": 0.0}
    assert made.slack_p1 == pytest.approx(3.0)
    empty = row(4.0, "alone", [])
    assert (empty.whole, empty.far_touched, empty.slack_p1) == (None, None, None)


def test_percentiles() -> None:
    assert percentiles([n / 100 for n in range(100)]) == {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    assert percentiles([]) == {}
    assert percentile([3.0], 0.01) == 3.0


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="--model"):
        asyncio.run(redaction.measure(10, tmp_path))


def test_without_espeak_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> object:
        raise OSError("libespeak-ng.so.1")

    monkeypatch.setattr(redaction, "lanes", missing)
    with pytest.raises(Refused, match="apt install espeak-ng"):
        asyncio.run(redaction.measure(10))


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="needs espeak-ng")
def test_phrases_in_continuous_talk_are_redacted_before_they_air() -> None:
    notes: list[str] = []
    result = asyncio.run(redaction.measure(30, None, (4.0, 0.5), notes.append))
    assert notes[:2] == ["espeak-ng speaks", "bare vosk listens"]
    assert result.ticks_dropped == 0
    four, half = (one for one in result.rows if one.who == "all")
    assert four.phrases == 30
    assert four.shown >= 20
    assert four.whole is not None
    assert four.whole >= 0.9
    assert half.whole is not None
    assert half.whole < 0.5, "half a second is less than it takes to hear a phrase"
    assert sum(one.phrases for one in result.rows if one.delay == 4.0 and one.who != "all") == 30
    assert result.lag["p50"] > 0.2


def test_the_phrases_stand_in_their_sentences_but_for_one() -> None:
    assert [phrase for phrase, sentence in PHRASES.items() if f" {phrase} " not in f" {sentence} "] == ["total scam"]
