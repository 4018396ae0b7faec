"""Sums, limiters, delay lines, levels: frames in, frames out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio.activity import HANGOVER, SILENCE, Activity, Meter
from spacesctl.audio.audience_clock import Heard
from spacesctl.audio.delay import DelayLine
from spacesctl.audio.fades import RAMP
from spacesctl.audio.limiter import CEILING, THRESHOLD, Limiter, Limiters
from spacesctl.audio.mix import Mixer, gained
from spacesctl.audio.opus import FRAME
from spacesctl.audio.redactions import MOST, Redactions, Stretch
from tests.listening import Sound, likeness, voice
from tests.typed import sure

FULL = np.full(FRAME, 10_000, np.int16)


def frames(pcm: Sound) -> Sound:
    return pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)


def limited(limiter: Limiter, mixed: npt.NDArray[Any]) -> Sound:
    return np.asarray(Limiters().run(mixed.astype(np.int32)[None], [limiter])[0])


def test_mix_minus_is_everybody_else() -> None:
    mixer, parts = (
        Mixer(),
        [np.random.default_rng(seed).integers(-30_000, 30_000, FRAME, np.int16) for seed in range(10)],
    )
    for part in parts[:4]:
        mixer.add(part)
    mixer.add_all(np.array(parts[4:]))
    assert mixer.count == 10
    heard = np.empty(FRAME, np.int32)
    for number, part in enumerate(parts):
        others = sum(one.astype(np.int64) for place, one in enumerate(parts) if place != number)
        mixer.minus(part, heard)
        assert (heard == others).all()
    mixer.minus(None, heard)
    assert (heard == mixer.total).all()
    mixer.clear()
    assert not mixer.total.any()


def test_ten_loud_voices_are_limited_without_clipping() -> None:
    voices = [frames(voice(seed, 3, peak=30_000)) for seed in range(10)]
    limiter, total = Limiter(), np.sum(voices, axis=0, dtype=np.int32)
    mixed = np.concatenate([limited(limiter, tick) for tick in np.asarray(total)])
    assert np.abs(mixed.astype(int)).max() < CEILING
    assert np.mean(np.abs(mixed.astype(int)) > THRESHOLD) < 0.001
    assert all(likeness(mixed, one.reshape(-1)) > 0.25 for one in voices)


def test_quiet_sound_passes_the_limiter_bit_by_bit() -> None:
    limiter = Limiter()
    for frame in frames(voice(1, 1, peak=20_000)):
        assert (limited(limiter, frame) == frame).all()
    assert limiter.gain == 1.0


def test_the_limiter_lets_go_within_a_second() -> None:
    limiter = Limiter()
    limited(limiter, np.full(FRAME, 300_000))
    assert limiter.gain < 0.2
    for _ in range(50):
        limited(limiter, np.full(FRAME, 1000))
    assert limiter.gain == 1.0


def test_each_output_is_limited_as_if_it_were_alone() -> None:
    sums = np.array([frames(voice(seed, 1, peak=9000)) for seed in (1, 2, 3)], np.int32)
    sums[1] *= 8
    sums[2, 20:] *= 5
    together, alone, desk, gains = [Limiter() for _ in sums], [Limiter() for _ in sums], Limiters(), []
    for tick in range(sums.shape[1]):
        out = desk.run(sums[:, tick], together)
        apart = np.array([limited(limiter, one) for limiter, one in zip(alone, sums[:, tick], strict=True)])
        assert np.abs(apart - out.astype(int)).max() <= 1, "one row of a product may be rounded otherwise than three"
        gains.append([limiter.gain for limiter in together])
    untouched, loud, later = np.min(gains, axis=0)
    assert untouched == 1.0 > later > loud


@given(st.lists(st.integers(-400_000, 400_000), min_size=1, max_size=30))
def test_the_limiter_never_wraps_whatever_comes(levels: list[int]) -> None:
    limiter = Limiter()
    for level in levels:
        out = limited(limiter, np.full(FRAME, level))
        assert np.abs(out.astype(int)).max() <= CEILING
        assert not level or np.sign(out.astype(int)).max(initial=-1) in (0, np.sign(level), 1)


def test_gain_scales_and_holds_within_range() -> None:
    assert (gained(FULL, 0.5) == 5000).all()
    assert (gained(FULL, 10.0) == 32_767).all()
    assert gained(FULL, 1.0) is FULL


def aired(delay: int, ticks: int, redact: tuple[int, int, int] | None = None) -> list[Sound | None]:
    out, line, redactions = [], DelayLine(delay), Redactions()
    for tick in range(ticks):
        if redact and tick == redact[0]:
            redactions.put("r", Stretch(1, *redact[1:]))
        line.put(tick, FULL)
        pcm = line.take(Heard(tick - delay), redactions.around(1, tick - delay))
        out.append(None if pcm is None else pcm.copy())
    return out


@pytest.mark.parametrize("delay", [0, 1, 7, 500])
def test_sound_comes_out_after_the_delay(delay: int) -> None:
    line = DelayLine(delay)
    for tick in range(delay + 20):
        frame = np.full(FRAME, tick, np.int16)
        line.put(tick, frame)
        out = line.take(Heard(tick - delay))
        assert (out is None) == (tick < delay)
        assert out is None or (out == tick - delay).all()


def test_a_redacted_stretch_is_silent_and_ramped_outside() -> None:
    out = aired(10, 40, redact=(12, 5, 7))
    assert [out[tick] is None for tick in range(14, 20)] == [False, True, True, True, False, False]
    assert sure(out[14])[:-RAMP].min() == 10_000
    assert sure(out[14])[-1] == 0
    assert sure(out[18])[0] == 0
    assert sure(out[18])[RAMP:].min() == 10_000
    assert all((np.abs(np.diff(sure(frame).astype(int))) < 100).all() for frame in (out[14], out[18]))


def test_at_no_delay_a_coming_stretch_is_redacted() -> None:
    out = aired(0, 10, redact=(2, 4, 5))
    assert [frame is None for frame in out] == [False] * 4 + [True, True] + [False] * 4
    assert sure(out[3])[-1] == 0


def test_a_redaction_at_the_last_moment_falls_inside_the_first_tick() -> None:
    out = aired(3, 12, redact=(6, 3, 4))  # tick 2 is out, tick 3 is next
    assert sure(out[6])[RAMP:].max() == 0
    assert sure(out[6])[0] == 10_000
    assert out[7] is None
    assert sure(out[8])[0] == 0


def test_redactions_beyond_the_bound_silence_more_rather_than_less() -> None:
    kept = Redactions()
    for number in range(MOST + 3):
        kept.put(str(number), Stretch(1 + number % 2, 1000 + number * 10, 1001 + number * 10))
    assert len(list(kept)) == MOST
    assert all(kept.mode(1 + number % 2, 1000 + number * 10) == "silence" for number in range(MOST + 3))
    with pytest.raises(ValueError):
        kept.put("reversed", Stretch(1, 5, 4))


def test_skipped_ticks_are_silence_and_old_sound_never_returns() -> None:
    line = DelayLine(2)
    line.put(0, FULL)
    assert line.take(Heard(3)) is None
    line.put(6, FULL)
    assert not line.is_empty(5)
    assert line.take(Heard(6)) is not None
    assert line.is_empty(6)


@given(st.integers(0, 20), st.integers(0, 60), st.integers(0, 20), st.integers(0, 60))
def test_no_sample_of_a_redacted_tick_is_heard_when_told_in_time(
    delay: int, first: int, length: int, told: int
) -> None:
    last = first + length
    out = aired(delay, 90, redact=(told, first, last))
    for tick, frame in enumerate(out):
        source = tick - delay
        if first <= source <= last and told < first + delay:
            assert frame is None or not frame.any()


@pytest.mark.parametrize(
    ("sample", "level"), [(0, SILENCE), (1, -90), (32_767, 0), (-32_768, 0), (3277, -20), (33, -60)]
)
def test_levels_are_in_dbov(sample: int, level: int) -> None:
    assert Meter().level(np.full(FRAME, sample, np.int16)) == level


def test_activity_opens_at_once_and_closes_after_the_hangover() -> None:
    activity = Activity()
    assert not activity.update(SILENCE)
    assert activity.update(-30)
    assert [activity.update(-100) for _ in range(HANGOVER + 1)] == [True] * HANGOVER + [False]


def test_steady_noise_closes_and_steady_music_does_not() -> None:
    noise, music = Activity(), Activity()
    for _ in range(500):
        noise.update(-55)
        music.update(-25)
    assert not noise.active
    assert music.active


def test_talk_over_noise_opens() -> None:
    activity = Activity()
    for _ in range(500):
        activity.update(-55)
    assert activity.update(-40)
