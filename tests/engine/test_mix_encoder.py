"""One encoder: how it works for few voices, and for many."""

from __future__ import annotations

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.engine.mixing.mix_encoder import COMPLEXITIES, FEWER_TICKS, MANY, MixEncoder
from tests.listening import likeness, voice

QUIET = np.zeros(FRAME, np.int16)
SPEECH, MUSIC = COMPLEXITIES[0]


@pytest.mark.parametrize(
    ("voices", "told"),
    [
        ([0, 1, MANY - 1], []),
        ([1, MANY, MANY + 5], [MUSIC]),
        ([MANY, *[MANY - 1] * (FEWER_TICKS - 1), MANY], [MUSIC]),
        ([MANY, *[MANY - 1] * FEWER_TICKS], [MUSIC, SPEECH]),
        ([MANY, *[0] * FEWER_TICKS, MANY], [MUSIC, SPEECH, MUSIC]),
    ],
    ids=["few", "many", "fewer for a moment", "fewer", "none between"],
)
def test_many_voices_are_coded_as_music(
    monkeypatch: pytest.MonkeyPatch, voices: list[int], told: list[tuple[int, bool]]
) -> None:
    heard = []
    monkeypatch.setattr(Encoder, "work", lambda self, complexity, as_music: heard.append((complexity, as_music)))
    coder = MixEncoder()
    for number, count in enumerate(voices):
        coder.encode(QUIET, count, number * FRAME)
    assert heard == told


def test_there_is_no_seam_where_many_begin_and_end() -> None:
    said, coder, decoder = voice(1, 4, peak=15_000), MixEncoder(), Decoder()
    counts = [MANY if 20 < number < 30 or number > 150 else 1 for number in range(200)]
    frames = [
        coder.encode(frame, count, number * FRAME)
        for number, (frame, count) in enumerate(zip(said.reshape(-1, FRAME), counts, strict=True))
    ]
    assert all(frame.payload[0] >= 0x80 for frame in frames[22:79]), "CELT (RFC 6716, 3.1)"
    assert all(frame.payload[0] < 0x80 for frame in (*frames[:20], *frames[82:150]))
    assert likeness(np.concatenate([decoder.decode(frame.payload) for frame in frames]), said) > 0.85


def test_less_effort_is_taken_back_and_costs_no_dtx() -> None:
    said, coder, decoder = voice(2, 3), MixEncoder(), Decoder()
    levels = [0] * 50 + [3] * 50 + [2] * 20 + [1] * 30
    frames = [coder.encode(*one) for one in zip(said.reshape(-1, FRAME), [1] * 150, range(150), levels, strict=True)]
    assert {frame.payload[0] >= 0x80 for frame in frames[52:119]} == {True}
    assert {frame.payload[0] >= 0x80 for frame in (*frames[:50], *frames[123:])} == {False}
    assert likeness(np.concatenate([decoder.decode(frame.payload) for frame in frames]), said) > 0.85
    for level in (3, 2, 1, 0):
        coder.encode(said[:FRAME], 1, 0, level)
        assert any(coder.encode(QUIET, 0, 0, level).withheld for _ in range(40))
