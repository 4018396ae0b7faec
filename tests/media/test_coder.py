"""One encoder: how it works for few voices, and for many."""

from __future__ import annotations

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.media.coder import FEWER_TICKS, MANY, MANY_EFFORT, SPEECH_EFFORT, Coder
from tests.listening import likeness, voice

QUIET = np.zeros(FRAME, np.int16)
SPEECH, MUSIC = (SPEECH_EFFORT, False), (MANY_EFFORT, True)


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
def test_many_voices_are_coded_as_music(monkeypatch, voices, told):
    heard = []
    monkeypatch.setattr(Encoder, "work", lambda self, complexity, as_music: heard.append((complexity, as_music)))
    coder = Coder()
    for number, count in enumerate(voices):
        coder.encode(QUIET, count, number * FRAME)
    assert heard == told


def test_there_is_no_seam_where_many_begin_and_end():
    said, coder, decoder = voice(1, 4, peak=15_000), Coder(), Decoder()
    counts = [MANY if 20 < number < 30 or number > 150 else 1 for number in range(200)]
    frames = [
        coder.encode(frame, count, number * FRAME)
        for number, (frame, count) in enumerate(zip(said.reshape(-1, FRAME), counts, strict=True))
    ]
    assert all(frame.payload[0] >= 0x80 for frame in frames[22:79]), "CELT (RFC 6716, 3.1)"
    assert all(frame.payload[0] < 0x80 for frame in (*frames[:20], *frames[82:150]))
    assert likeness(np.concatenate([decoder.decode(frame.payload) for frame in frames]), said) > 0.85
