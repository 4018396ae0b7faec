"""The clips are made from text: where words and phrases lie in them, and that making them again gives what is shipped."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bots import casts
from bots.clips import make
from bots.clips.espeak import Espeak, Voice
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import RATE, Decoder


def _has_espeak() -> bool:
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True


needs_espeak = pytest.mark.skipif(not _has_espeak(), reason="needs espeak-ng")
WORDS = [(0, 0), (2000, 5), (4000, 12), (8000, 21)]
"""Where the words of "free crypto giveaway join" begin, as (sample, character), at 8 kHz."""


class FakeEspeak:
    """Says everything as half a second of a tone with a quiet end; its words begin each 0.1 s."""

    rate = 16_000

    def say(self, text: str, voice: Voice) -> tuple[npt.NDArray[np.float64], list[tuple[int, int]]]:
        tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16_000)
        starts = [at for at in range(len(text)) if at == 0 or text[at - 1] == " "]
        return np.concatenate((tone, np.zeros(800))), [(1600 * number, at) for number, at in enumerate(starts)]


def sound_of(path: Path) -> npt.NDArray[np.float64]:
    decoder = Decoder()
    pcm = np.concatenate([decoder.decode(packet) for packet in read_packets(path.read_bytes())])
    return pcm.astype(np.float64)


@pytest.mark.parametrize(
    ("phrase", "span"),
    [
        ("free", (0.0, 0.25)),
        ("crypto giveaway", (0.25, 1.0)),
        ("join", (1.0, 2.0)),
        ("free crypto giveaway join", (0.0, 2.0)),
    ],
)
def test_a_phrase_lasts_from_its_first_word_to_the_word_after_its_last(phrase: str, span: tuple[float, float]) -> None:
    assert make._span("free crypto giveaway join", phrase, WORDS, 8000, 2.0) == span


@pytest.mark.parametrize(("source", "target"), [(22_050, 48_000), (48_000, 16_000)])
def test_a_tone_keeps_its_pitch_and_its_length_at_another_rate(source: int, target: int) -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(source) / source)
    made = make.resample(tone, source, target)
    assert len(made) == target
    assert int(np.argmax(np.abs(np.fft.rfft(made)))) == 1000
    assert np.abs(made).max() == pytest.approx(1, abs=0.01)


def test_silence_at_the_end_of_a_sentence_is_cut_off() -> None:
    assert make._trimmed(np.array([0.0, 0.5, -0.2, 0.005, 0.0])).tolist() == [0.0, 0.5, -0.2]


def test_a_clip_has_its_sentences_and_phrases_where_its_entry_says(tmp_path: Path) -> None:
    person: dict[str, Any] = {
        "handle": "rex", "name": "Rex", "role": "speaker", "kind": "person", "troublemaker": True,
        "voice": Voice("en", 150, 50), "sentences": ["hello you", "you liar you"], "phrases": [("insults", "liar")],
    }  # fmt: skip
    entry = make._clip(FakeEspeak(), tmp_path, person)  # type: ignore[arg-type]  # it has what is used of the engine
    first, second = entry["sentences"]
    assert (first["start"], first["end"]) == (0.5, pytest.approx(1.0, abs=0.01))
    assert second["start"] == pytest.approx(first["end"] + make.GAP, abs=0.001)
    assert entry["phrases"] == [
        {"rule": "insults", "text": "liar", "start": pytest.approx(second["start"] + 0.1, abs=0.001),
         "end": pytest.approx(second["start"] + 0.2, abs=0.001)}
    ]  # fmt: skip
    assert (entry["voice"], entry["clip"], entry["troublemaker"]) == ("en", "rex.ogg", True)
    sound = sound_of(tmp_path / "rex.ogg")
    assert len(sound) == entry["seconds"] * RATE
    loud = np.abs(sound) > 2000
    assert not loud[: int(0.48 * RATE)].any()
    for sentence in entry["sentences"]:
        assert loud[int(sentence["start"] * RATE) : int(sentence["end"] * RATE)].mean() > 0.7
    assert not loud[int((first["end"] + 0.1) * RATE) : int((second["start"] - 0.1) * RATE)].any()


def test_an_engine_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def espeak_Initialize(self, *_: object) -> int:  # noqa: N802  # the library's name
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Silent())
    with pytest.raises(OSError, match="does not start"):
        Espeak()


@needs_espeak
@pytest.mark.slow
@pytest.mark.timeout(60)
def test_made_again_each_cast_is_the_one_that_is_shipped(tmp_path: Path) -> None:
    program = "import pathlib, sys; from bots.clips.make import main; main(pathlib.Path(sys.argv[1]))"
    # In a process of its own: the library draws its breath from a sequence that goes on from one sentence to the next.
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(".ogg: ") == 8
    assert sorted(make.CASTS) == casts.names()
    for name in casts.names():
        cast = casts.load(name)
        shipped = json.loads((cast.host.clip.parent / "cast.json").read_text())
        assert json.loads((tmp_path / name / "cast.json").read_text()) == shipped
        for person in (cast.host, cast.troublemaker):
            made, there = sound_of(tmp_path / name / person.clip.name), sound_of(person.clip)
            # Not to the bit: the encoder's sums differ a little from one processor to the next.
            assert np.dot(made, there) / np.sqrt(np.dot(made, made) * np.dot(there, there)) > 0.99


@needs_espeak
@pytest.mark.slow
def test_a_real_voice_tells_when_each_word_begins_and_an_unknown_one_is_refused() -> None:
    espeak = Espeak()
    pcm, words = espeak.say("hello you there", Voice("en", 150, 50))
    assert [char for _, char in words] == [0, 6, 10]
    samples = [sample for sample, _ in words]
    assert samples == sorted(samples)
    assert 0 <= samples[0] < samples[-1] < len(pcm)
    assert 0.05 < np.abs(pcm).max() <= 1
    with pytest.raises(ValueError, match="no voice nobody"):
        espeak.say("hello", Voice("nobody", 150, 50))
