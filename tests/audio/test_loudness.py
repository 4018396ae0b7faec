"""Every voice at the same loudness, and no noise raised."""

from __future__ import annotations

import re
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from spacesctl.audio.loudness import FALL, GATE, PEAK, RISE, TARGET, Channel, Leveller, LoudnessBank, energies, lufs
from spacesctl.audio.opus import FRAME, RATE, Encoder
from spacesctl.engine.mixing.lane import Lane
from tests.listening import Sound, voice


def frames(pcm: Sound) -> Sound:
    return pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)


def loudness(pcm: Sound) -> float:
    return lufs(float(np.mean(energies(frames(pcm).astype(np.float32)))))


def levelled(leveller: Leveller, pcm: Sound) -> Sound:
    desk = LoudnessBank()
    return np.concatenate([desk.run([Channel(frame, leveller)])[0].copy() for frame in frames(pcm)])


def tone(hertz: int, level_db: float) -> Sound:
    return np.rint(32_767 * 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.int16)


@pytest.mark.parametrize(("hertz", "gain"), [(997, 0.0), (100, -1.8), (4000, 3.3)], ids=lambda value: str(value))
def test_a_tone_is_as_loud_as_the_standard_says(hertz: int, gain: float) -> None:
    """A tone of 997 Hz at full scale has -3.01 LUFS in one channel (BS.1770-4, 2.8)."""
    assert loudness(tone(hertz, 0)) == pytest.approx(-3.01 + gain, abs=0.4)
    assert loudness(tone(hertz, -40)) == pytest.approx(-43.01 + gain, abs=0.4)


@pytest.mark.parametrize("peak", [700, 2000, 9000, 30_000])
def test_voices_come_to_the_same_loudness(peak: int) -> None:
    said = voice(31, 6, peak=peak)
    assert loudness(levelled(Leveller(), said)[3 * RATE :]) == pytest.approx(TARGET, abs=3)


def test_the_gain_moves_slowly_once_the_voice_is_known() -> None:
    leveller, gains = Leveller(), []
    for seed, peak in ((32, 9000), (33, 3000), (34, 20_000)):
        for frame in frames(voice(seed, 4, peak=peak)):
            levelled(leveller, frame)
            gains.append(20 * np.log10(leveller.gain))
    steps = np.diff(gains[150:])
    assert steps.max() <= RISE + 1e-6
    assert steps.min() >= -FALL - 1e-6
    assert np.ptp(gains[150:]) > 3


def test_noise_between_the_words_is_not_raised() -> None:
    random, leveller = np.random.default_rng(4), Leveller()
    levelled(leveller, voice(35, 5, peak=6000))
    before = leveller.gain
    noise = random.normal(0, 40, RATE // 2).astype(np.int16)  # as long as a lane stays open behind a word
    assert loudness(noise) < loudness(voice(35, 5, peak=6000)) - GATE - 5
    levelled(leveller, noise)
    assert leveller.gain == before


def test_who_steps_away_is_raised_again() -> None:
    leveller = Leveller()
    levelled(leveller, voice(36, 4, peak=15_000))
    far = voice(37, 20, peak=1000)
    assert loudness(levelled(leveller, far)[-4 * RATE :]) == pytest.approx(TARGET, abs=3)


def test_a_quiet_voice_with_one_bang_is_not_clipped() -> None:
    leveller = Leveller()
    levelled(leveller, voice(38, 4, peak=1500))
    bang = np.zeros(FRAME, np.int16)
    bang[500] = 20_000
    assert leveller.gain > 2
    assert np.abs(levelled(leveller, bang).astype(int)).max() <= max(PEAK, 20_000)


def test_what_the_voice_did_not_say_teaches_nothing() -> None:
    leveller, desk = Leveller(), LoudnessBank()
    for frame in frames(voice(39, 2, peak=500)):
        assert (desk.run([Channel(frame, leveller, learn=False)])[0] == frame).all()


def test_voices_are_levelled_together_as_if_each_were_alone() -> None:
    said = [voice(40 + seed, 2, peak=peak) for seed, peak in enumerate((600, 3000, 25_000))]
    levellers, desk = [Leveller() for _ in said], LoudnessBank()
    ticks = zip(*map(frames, said), strict=True)
    together = [desk.run([Channel(*one) for one in zip(tick, levellers, strict=True)]).copy() for tick in ticks]
    for row, pcm in enumerate(said):
        alone = levelled(Leveller(), pcm).reshape(-1, FRAME)
        assert np.abs(np.array(together)[:, row].astype(int) - alone).max() <= 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_speakers_are_within_3_lu_by_ebu_r128(tmp_path: Path) -> None:
    """Whole lanes, packets in; ffmpeg's meter is the judge."""
    found = []
    for seed, peak in ((41, 700), (42, 3000), (43, 12_000), (44, 30_000)):
        lane, encoder, desk, out = Lane(1, heard=True), Encoder(), LoudnessBank(), []
        for number, frame in enumerate(frames(voice(seed, 10, peak=peak))):
            lane.push(number, number * FRAME, encoder.encode(frame), None, 0.0)
            _, _, pcm, said = lane.take(number, 0.0)
            voices = [] if pcm is None else [Channel(pcm, lane.leveller, said)]
            out.append(desk.run(voices)[0].copy() if voices else np.zeros(FRAME, np.int16))
        found.append(measured(tmp_path / f"{seed}.wav", np.concatenate(out)[3 * RATE :]))
    assert max(found) - min(found) <= 3


def measured(path: Path, pcm: Sound) -> float:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(pcm.tobytes())
    command = ["ffmpeg", "-nostats", "-i", str(path), "-filter_complex", "ebur128", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])
