"""One encoder: how it works for few voices, and for many."""

from __future__ import annotations

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.media.output import FEWER, MANY, MANY_EFFORT, SPEECH_EFFORT, Output
from tests.listening import likeness, voice

QUIET = np.zeros(FRAME, np.int16)
SPEECH, MUSIC = (SPEECH_EFFORT, False), (MANY_EFFORT, True)


@pytest.mark.parametrize(
    ("voices", "told"),
    [
        ([0, 1, MANY - 1], []),
        ([1, MANY, MANY + 5], [MUSIC]),
        ([MANY, FEWER + 1, MANY], [MUSIC]),
        ([MANY, FEWER, MANY - 1], [MUSIC, SPEECH]),
        ([MANY, 0, MANY], [MUSIC, SPEECH, MUSIC]),
    ],
    ids=["few", "many", "a few less", "few again", "none between"],
)
def test_many_voices_are_coded_as_music(monkeypatch, voices, told):
    heard = []
    monkeypatch.setattr(Encoder, "work", lambda self, complexity, as_music: heard.append((complexity, as_music)))
    output = Output()
    for number, count in enumerate(voices):
        output.encode(QUIET, count, number * FRAME)
    assert heard == told


def test_there_is_no_seam_where_many_begin_and_end():
    said, output, decoder = voice(1, 4, peak=15_000), Output(), Decoder()
    counts = [MANY if 40 < number < 90 or number > 140 else 1 for number in range(200)]
    frames = [
        output.encode(frame, count, number * FRAME)
        for number, (frame, count) in enumerate(zip(said.reshape(-1, FRAME), counts, strict=True))
    ]
    assert all(frame.payload[0] >= 0x80 for frame in frames[42:90]), "CELT (RFC 6716, 3.1)"
    assert all(frame.payload[0] < 0x80 for frame in frames[:40])
    assert likeness(np.concatenate([decoder.decode(frame.payload) for frame in frames]), said) > 0.85
