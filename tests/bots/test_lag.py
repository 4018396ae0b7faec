"""How late a recogniser knows a word."""

import pytest

from bots.hearing.lag import measured, of_model, sound
from bots.hearing.recogniser import BYTES_PER_SECOND, HeardWord, ScriptedRecogniser
from bots.models import SHIPPED


def test_the_lag_is_from_the_end_of_a_word_to_the_first_partial_that_has_it() -> None:
    words = [HeardWord(f"w{n}", n * 0.4, n * 0.4 + 0.25, 0.9) for n in range(5)]
    found = measured(lambda: ScriptedRecogniser(words), bytes(3 * BYTES_PER_SECOND))
    assert found is not None
    assert found.median == pytest.approx(0.05, abs=0.011)
    assert found.late <= 0.1, "it is asked every 100 ms"


def test_a_recogniser_that_hears_nothing_has_none() -> None:
    assert measured(lambda: ScriptedRecogniser([]), bytes(BYTES_PER_SECOND)) is None


def test_the_shipped_model_knows_a_word_within_a_second() -> None:
    assert len(sound()) > 60 * BYTES_PER_SECOND
    found = of_model(SHIPPED)
    assert found is not None
    assert 0.0 <= found.median < found.late < 1.0
