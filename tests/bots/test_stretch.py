"""Which ticks are silenced for words with times: all of the words, and next to nothing of their neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.stretch import INTO_NEIGHBOUR, PAD, narrowed
from spacesctl.rules.rule_engine import Word

TICK = 0.02


def word(start: float, end: float) -> Word:
    first = int(start / TICK + 1e-6)
    last = max(first, -int(-(end / TICK - 1e-6) // 1) - 1)
    return Word("w", round(start, 3), round(end, 3), 0.9, first, last)


def said(*times: tuple[float, float]) -> list[Word]:
    return [word(start, end) for start, end in times]


@pytest.mark.parametrize(
    ("words", "first", "last", "stretch"),
    [
        pytest.param(said((2.0, 2.3)), 0, 0, (95, 119), id="alone: 100 ms on both sides"),
        pytest.param(said((0.04, 0.3)), 0, 0, (0, 19), id="nothing is before the first tick"),
        pytest.param(said((1.0, 1.5), (2.0, 2.3), (2.8, 3.0)), 1, 1, (95, 119), id="neighbours are far away"),
        pytest.param(said((1.0, 1.96), (2.0, 2.3), (2.34, 3.0)), 1, 1, (96, 118), id="50 ms into near neighbours"),
        pytest.param(
            said((1.0, 2.0), (2.0, 2.3), (2.3, 3.0)), 1, 1, (98, 116), id="whole ticks of neighbours that touch"
        ),
        pytest.param(said((1.0, 2.0), (2.0, 2.3), (2.3, 3.0)), 1, 2, (98, 154), id="two words, nobody follows"),
        pytest.param(said((1.0, 2.0), (2.0, 2.3), (2.3, 3.0)), 0, 1, (45, 116), id="two words, nobody precedes"),
    ],
)
def test_what_is_silenced(words: list[Word], first: int, last: int, stretch: tuple[int, int]) -> None:
    assert narrowed(words, first, last) == stretch


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(3, 80)), min_size=1, max_size=8), st.data())
def test_the_words_are_covered_and_at_most_fifty_milliseconds_of_a_neighbour(
    gaps_and_lengths: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Times are whole hundredths of a second, as recognisers give them."""
    words, at = list[Word](), 0
    for gap, length in gaps_and_lengths:
        words.append(word((at + gap) / 100, (at + gap + length) / 100))
        at += gap + length
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    begin, end = narrowed(words, first, last)
    assert begin * TICK <= words[first].start + 1e-9
    assert (end + 1) * TICK >= words[last].end - 1e-9
    assert words[first].start_tick - begin <= PAD
    assert end - words[last].end_tick <= PAD
    if first > 0:
        assert words[first - 1].end - begin * TICK <= INTO_NEIGHBOUR + 1e-9
    if last + 1 < len(words):
        assert (end + 1) * TICK - words[last + 1].start <= INTO_NEIGHBOUR + 1e-9
