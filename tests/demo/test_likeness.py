"""How a known voice is found in a mixture."""

import numpy as np
import pytest

from spacesctl.demo.likeness import FLOOR_DB, RATE, Sound, fell_silent, find, gain, level_after, likeness

SECOND = RATE


def voice(seed: int, seconds: float = 4.0, loud: float = 0.1) -> Sound:
    """Speech-like: noise in bursts with pauses between, never the same twice."""
    random = np.random.default_rng(seed)
    length = int(seconds * RATE)
    smooth = np.convolve(random.normal(0, 1, length), np.ones(5) / 5, "same")
    bursts = np.clip(np.sin(2 * np.pi * (np.arange(length) / RATE * 1.7 + random.uniform())), 0, 1)
    return np.asarray(smooth * bursts * loud, np.float32)


A, B, C = (voice(seed) for seed in (1, 2, 3))
NOISE = voice(9, loud=0.01)


def test_a_pattern_is_found_where_it_begins_also_among_others() -> None:
    heard = np.zeros(10 * SECOND, np.float32)
    heard[30_000 : 30_000 + len(A)] += A
    heard[31_000 : 31_000 + len(B)] += B
    heard[20_000 : 20_000 + len(C)] += C
    match = find(heard, A, 0, len(heard))
    assert match is not None
    assert match.at == 30_000
    assert 0.4 < match.score < 0.8


def test_a_pattern_that_is_not_there_scores_low() -> None:
    match = find(np.concatenate([B, C]), A, 0, 10 * SECOND)
    assert match is not None
    assert abs(match.score) < 0.15


@pytest.mark.parametrize(
    ("heard", "pattern"), [(A[:100], A), (A, np.zeros(100, np.float32)), (A, np.zeros(0, np.float32))]
)
def test_what_cannot_be_there_is_not_searched(heard: Sound, pattern: Sound) -> None:
    assert find(heard, pattern, 0, 1000) is None


def test_other_voices_do_not_lower_the_likeness_of_one_that_is_there() -> None:
    heard = A + 0.8 * B + 1.2 * C + NOISE
    assert likeness(heard, A, [B, C]) > 0.95
    assert likeness(heard, A, []) < 0.7


def test_a_voice_that_is_not_there_is_not_alike_however_loud_the_others() -> None:
    assert abs(likeness(3 * B + C + NOISE, A, [B, C])) < 0.05
    assert likeness(B, np.zeros_like(B), [C]) == 0.0


def test_a_gain_is_found_in_a_mixture() -> None:
    assert gain(0.5 * A + 2 * B + NOISE, A, [B]) == pytest.approx(0.5, abs=0.02)
    assert gain(B, np.zeros_like(B), []) == 0.0


@pytest.mark.parametrize(
    ("before", "after", "level"), [(1.0, 0.1, -20.0), (1.0, -0.01, -40.0), (1.0, 0.0, FLOOR_DB), (0.0, 1.0, FLOOR_DB)]
)
def test_a_level_is_in_decibels_of_before(before: float, after: float, level: float) -> None:
    assert level_after(before, after) == level


@pytest.mark.parametrize("cut", [1.0, 2.2, 3.4])
def test_the_moment_a_voice_is_cut_is_found_while_others_talk_on(cut: float) -> None:
    at = int(cut * SECOND)
    heard = 0.9 * A * (np.arange(len(A)) < at) + B + NOISE
    silent = fell_silent(heard.astype(np.float32), A, [B], 0.9)
    audible = np.flatnonzero(np.abs(A[:at]) > 0.01)[-1]  # the cut may fall into a pause
    assert abs(silent - audible) < 0.06 * SECOND


def test_a_voice_that_was_never_heard_fell_silent_nowhere() -> None:
    assert fell_silent(B, A, [B], 1.0) < 0.1 * SECOND
    assert fell_silent(A[:0], A[:0], [], 1.0) == 0
