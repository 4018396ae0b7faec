"""`bench numbers`: what counts as heard, on hand-made records; what is said; and the whole bench in its shortest form."""

from __future__ import annotations

import asyncio
import ctypes.util
import random
from pathlib import Path

import numpy as np
import pytest

from spacesctl.bench import numbers
from spacesctl.bench.number_speech import HEARD, SECRET, NumberLane, _number
from spacesctl.bench.redaction_live import Recorded, Step
from spacesctl.bench.redaction_speech import Lane, SaidPhrase, SaidWord
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.rules.numbers import find

WORDS = [
    SaidWord(text, n * 0.4, n * 0.4 + 0.4)
    for n, text in enumerate(["it", "is", "four", "seven", "twenty", "nine", "in", "twenty", "six"])
]
LANE = NumberLane(
    Lane("s", 1, False, [], np.zeros(0, np.int16), WORDS, [SaidPhrase(SECRET[0], 2, 5), SaidPhrase("year", 7, 8)]),
    [0, 0, 1, 1, 1, 1, 0, 1, 1],
)


def rows(*steps: Step, delay: float = 4.0) -> dict[str, numbers.NumberRow]:
    return {row.kind: row for row in numbers.rows_of(delay, [(LANE, Recorded({"r": list(steps)}))])}


def test_digits_are_heard_when_their_words_are_not_silent_for_half_of_their_time() -> None:
    whole = rows(Step(3.0, (40, 119)))
    assert (whole[SECRET[0]].few_heard, whole[SECRET[0]].none_heard, whole[SECRET[0]].digits_p95) == (1.0, 1.0, 0)
    assert whole["year"].touched == 0.0
    part = rows(Step(3.0, (60, 119)))
    assert (part[SECRET[0]].none_heard, part[SECRET[0]].digits_p95) == (0.0, 1)
    assert rows()["all that are redacted"].digits_p95 == 4
    assert rows(Step(5.4, (40, 119)))[SECRET[0]].digits_p95 == 1, "its first word aired from 4.8 to 5.2 s"
    assert rows(Step(3.0, (40, 151)))["all others"].touched == 1.0


@pytest.mark.parametrize("kind", [*SECRET, *HEARD])
def test_what_is_said_stands_for_as_many_digits_as_a_number_in_it_has(kind: str) -> None:
    for seed in range(50):
        said = _number(kind, random.Random(seed))
        found = find([word.rstrip(",") for word, _ in said])
        if kind in SECRET:
            assert [len(one.digits) for one in found] == [sum(count for _, count in said)]
        else:
            assert all(len(one.digits) < 6 or kind == "allowed order number" for one in found)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="--model"):
        asyncio.run(numbers.measure(10, tmp_path))


def test_without_espeak_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> object:
        raise OSError("libespeak-ng.so.1")

    monkeypatch.setattr(numbers, "lanes", missing)
    with pytest.raises(Refused, match="apt install espeak-ng"):
        asyncio.run(numbers.measure(10))


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="needs espeak-ng")
def test_spoken_numbers_are_kept_from_a_delayed_audience_and_others_are_not() -> None:
    result = asyncio.run(numbers.measure(10, None, (4.0, 0.5)))
    assert result.ticks_dropped == 0
    found = {(one.delay, one.kind): one for one in result.rows}
    secret, others = found[4.0, "all that are redacted"], found[4.0, "all others"]
    assert (secret.numbers, others.numbers) == (10, 10)
    assert secret.few_heard is not None
    assert secret.few_heard >= 0.9
    assert others.touched is not None
    assert others.touched <= 0.1
    late = found[0.5, "all that are redacted"]
    assert late.none_heard == 0.0, "in half a second no number is known"
