"""Voices measured in what a listener heard, with the shipped clips."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from bots import casts
from spacesctl.audio.opus import Decoder, Encoder
from spacesctl.demo import measure
from spacesctl.demo.measure import Spoken, Voice
from spacesctl.demo.script import read
from spacesctl.probe import probe_listener
from spacesctl.probe.probe_listener import TICK, Heard, ProbeListener
from tests.typed import sure

CAST = casts.load("cast_a")
SCRIPTS = {one.handle: read(one) for one in CAST.people}
FIRST = 1000
"""The listener's first tick."""
MUTED = FIRST + 700


def room(parts: Iterable[tuple[str, int, int]], seconds: float = 20.0) -> Heard:
    """What is heard of (handle, first tick, tick of the end) with a little noise."""
    sound = np.random.default_rng(5).normal(0, 0.0005, int(seconds * 16_000)).astype(np.float32)
    for handle, first, last in parts:
        pcm = probe_listener.clip(SCRIPTS[handle])[: (last - first) * TICK]
        at = (first - FIRST) * TICK
        sound[at : at + len(pcm)] += pcm[: len(sound) - at]
    return Heard(FIRST, sound)


def measured(heard: Heard, spoken: Mapping[str, Spoken]) -> tuple[dict[str, Voice | None], dict[str, list[Voice]]]:
    voices = measure.voices(heard, spoken)
    present = {handle: voice for handle, voice in voices.items() if voice is not None}
    others = {handle: [one for name, one in present.items() if name != handle] for handle in spoken}
    return voices, others


def test_each_voice_is_found_at_its_tick_and_is_alike_while_three_talk() -> None:
    heard = room(
        [("acme", FIRST + 20, FIRST + 1000), ("mara", FIRST + 100, FIRST + 1000), ("theo", FIRST + 60, FIRST + 1000)]
    )
    spoken = {
        "acme": Spoken(SCRIPTS["acme"], FIRST + 40, 19.0),
        "mara": Spoken(SCRIPTS["mara"], FIRST + 90, 17.0),
        "theo": Spoken(SCRIPTS["theo"], FIRST + 10, 18.0),
    }
    voices, others = measured(heard, spoken)
    for handle, tick in (("acme", 20), ("mara", 100), ("theo", 60)):
        assert measure.tick_of(heard, sure(voices[handle])) == pytest.approx(FIRST + tick, abs=0.1)
        assert sure(measure.likeness_of(heard, spoken[handle], voices[handle], others[handle])) > 0.95


def test_a_voice_that_nobody_hears_has_no_likeness_and_one_that_said_nothing_has_no_number() -> None:
    heard = room([("acme", FIRST + 20, FIRST + 1000)])
    spoken = {"acme": Spoken(SCRIPTS["acme"], FIRST, 19.0), "mara": Spoken(SCRIPTS["mara"], FIRST + 100, 17.0)}
    voices, others = measured(heard, spoken)
    assert voices["mara"] is None
    assert measure.likeness_of(heard, spoken["mara"], None, others["mara"]) == 0.0
    assert measure.likeness_of(heard, Spoken(SCRIPTS["mara"], FIRST, 1.0), None, []) is None


@pytest.mark.parametrize("slip", [6, -3], ids=["waited", "skipped"])
@pytest.mark.parametrize("at", [60, 150, 270], ids=["in the first words", "in a pause", "in a word"])
def test_a_voice_that_slips_by_ticks_in_the_middle_is_followed_while_another_talks(slip: int, at: int) -> None:
    heard = room([("theo", FIRST + 20, FIRST + 20 + at), ("acme", FIRST + 40, FIRST + 600)])
    pcm = probe_listener.clip(SCRIPTS["theo"])[at * TICK : 420 * TICK]
    again = (20 + at + slip) * TICK
    if slip < 0:
        pcm, again = pcm[-slip * TICK :], again - slip * TICK
    heard.sound[again : again + len(pcm)] += pcm
    spoken = {"theo": Spoken(SCRIPTS["theo"], FIRST, 8.2), "acme": Spoken(SCRIPTS["acme"], FIRST + 40, 11.0)}
    voices, others = measured(heard, spoken)
    assert sure(measure.likeness_of(heard, spoken["theo"], voices["theo"], others["theo"])) > 0.9
    assert measure.tick_of(heard, sure(voices["theo"]), 8.0) == pytest.approx(FIRST + 20 + 400 + slip, abs=0.2)


@pytest.mark.parametrize(("open_gate", "alike"), [(False, False), (True, True)])
def test_what_is_heard_of_a_muted_voice_is_told_and_a_gate_that_stays_open_is_found_out(
    open_gate: bool, alike: bool
) -> None:
    end = FIRST + 900
    heard = room([("acme", FIRST + 20, end), ("rex", FIRST + 100, end if open_gate else MUTED + 3)])
    spoken = {
        "acme": Spoken(SCRIPTS["acme"], FIRST + 20, 17.0),
        "rex": Spoken(SCRIPTS["rex"], FIRST + 100, 16.0, muted=MUTED),
    }
    voices, others = measured(heard, spoken)
    found = sure(measure.silenced(heard, voices["rex"], others["rex"]))
    assert sure(found.likeness_before) > 0.95
    assert (sure(found.likeness_after) > 0.8) is alike
    assert (sure(found.heard_after_mute_db) > -3) is alike
    assert sure(found.heard_after_mute_db) < -30 or alike
    assert (sure(found.last_sound_tick) > MUTED + 30) is alike
    assert found.seconds_sent_after == pytest.approx((100 + 800 - 700 - 5) / 50, abs=0.1)
    assert measure.silenced(heard, voices["acme"], others["acme"]) is None


def test_a_listener_without_exact_ticks_is_put_on_the_clock_by_the_voices() -> None:
    heard = room([("acme", FIRST + 20, FIRST + 1000)])
    spoken = {"acme": Spoken(SCRIPTS["acme"], FIRST, 19.0)}
    voices = measure.voices(heard, spoken)
    assert measure.aligned(heard, voices, {"acme": FIRST + 34.0}).first == pytest.approx(FIRST + 14, abs=0.1)
    assert measure.aligned(heard, voices, {}) is heard


def test_ticks_that_did_not_come_are_silent_and_nothing_is_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_listener, "MEASURED_TICKS", 4)
    one = ProbeListener("lanes", None)
    for tick in (10, 11, 13, 14, 15, 16):
        one.take(tick, np.full(TICK, tick, np.int16))
    heard = one.heard()
    assert one.decoded == 7  # tick 12 was silent, and not sent
    assert (heard.sound.reshape(-1, TICK)[:, 0] * 32_768).tolist() == [10, 11, 0, 13, 14]
    assert (heard.first, heard.sample_of(11), heard.tick_of(TICK)) == (10, TICK, 11)
    assert len(ProbeListener("lanes", None).heard().sound) == 0


def test_48_khz_is_narrowed_without_delay() -> None:
    pcm = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000) * 8_000
    expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000) * 8_000 / 32_768
    narrow = probe_listener.narrowed(pcm.astype(np.int16))
    assert np.abs(narrow - expected)[100:-100].max() < 0.001
    high = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000) * 8_000
    assert np.abs(probe_listener.narrowed(high.astype(np.int16)))[100:-100].max() < 0.005


def test_a_codec_between_leaves_a_voice_alike() -> None:
    pcm = probe_listener.clip(SCRIPTS["mara"])[: 400 * TICK]
    encoder, decoder = Encoder(rate=16_000), Decoder(16_000)
    whole = (pcm * 32_768).astype(np.int16).reshape(-1, TICK)
    sound = np.concatenate([decoder.decode(encoder.encode(frame)) for frame in whole]).astype(np.float32) / np.float32(
        32_768
    )
    spoken = {"mara": Spoken(SCRIPTS["mara"], FIRST, 8.0)}
    heard = Heard(FIRST, sound)
    voices, others = measured(heard, spoken)
    assert sure(measure.likeness_of(heard, spoken["mara"], voices["mara"], others["mara"])) > 0.8


def test_a_voice_that_was_muted_in_its_first_sentence_is_found_by_the_beginning_of_it() -> None:
    first = SCRIPTS["acme"].sentences(10)[0]
    mute = FIRST + 20 + round((first.start + 1.2) * 50)
    heard = room([("acme", FIRST + 20, mute)])
    spoken = {"acme": Spoken(SCRIPTS["acme"], FIRST + 20, 15.0, mute)}
    voices, _ = measured(heard, spoken)
    assert measure.tick_of(heard, sure(voices["acme"])) == pytest.approx(FIRST + 20, abs=0.1)
    too_soon = {"acme": Spoken(SCRIPTS["acme"], FIRST + 20, 15.0, FIRST + 20 + round(first.start * 50) + 15)}
    assert measured(heard, too_soon)[0]["acme"] is None
