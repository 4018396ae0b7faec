"""Ogg Opus: PyAV and ffmpeg play what we write, we read what they write, and a clip is on time."""

from __future__ import annotations

import io
import shutil
import subprocess

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio import ogg
from spacesctl.audio.ogg import OggError, OggOpusWriter, clip, read_head, read_packets
from spacesctl.audio.opus import FRAME, Encoder
from tests.listening import Sound, likeness, voice


def encoded(pcm: Sound) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def played(data: bytes) -> Sound:
    with av.open(io.BytesIO(data), "r") as file:
        parts = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    return np.asarray((np.clip(np.concatenate(parts), -1, 1) * 32_767), np.int16)


def test_another_player_hears_the_voice_at_its_time() -> None:
    said = voice(1, 2)
    data = clip([(tick, packet) for tick, packet in enumerate(encoded(said), 1000)])
    heard = played(data)
    assert likeness(heard, said) > 0.85
    offset = np.argmax(np.correlate(heard[20_000:40_000].astype(float), said[21_000:30_000].astype(float), "valid"))
    assert abs(offset - 1000) < 48  # within a millisecond: the encoder's look-ahead is skipped


def test_missing_ticks_become_silence_and_the_rest_stays_on_time() -> None:
    said = voice(2, 2)
    frames = list(enumerate(encoded(said)))
    gap = clip([*frames[:30], (30, b""), *frames[61:]])
    whole = clip(frames)
    assert len(list(read_packets(gap))) == len(list(read_packets(whole)))
    heard = played(gap)
    assert not heard[33 * FRAME : 60 * FRAME].any()
    assert likeness(heard[65 * FRAME :], said[65 * FRAME :]) > 0.8


def test_packets_that_are_not_a_tick_long_become_silence() -> None:
    assert list(read_packets(clip([(0, b"\xe0\xff\xfe"), (1, b"\xfb"), (2, ogg.SILENCE)]))) == [ogg.SILENCE] * 3


@pytest.mark.parametrize("ticks", [(5, 5), (5, 4), (0, ogg.MAX_CLIP_TICKS)], ids=["twice", "back", "over a day"])
def test_a_clip_refuses_ticks_that_do_not_rise_or_span_a_day(ticks: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        clip([(tick, ogg.SILENCE) for tick in ticks])


def test_an_empty_clip_is_a_valid_file() -> None:
    assert list(read_packets(clip([]))) == []


@given(st.lists(st.binary(min_size=0, max_size=700).map(lambda tail: b"\xf8" + tail), max_size=80), st.integers(1, 60))
def test_what_is_written_is_read(packets: list[bytes], per_page: int) -> None:
    writer = OggOpusWriter()
    data = writer.headers()
    for at in range(0, len(packets), per_page):
        data += writer.page(packets[at : at + per_page])
    data += writer.page([], last=True)
    assert list(read_packets(data)) == packets
    assert read_head(data).pre_skip == ogg.PRE_SKIP
    assert writer.samples == len(packets) * FRAME


def test_we_read_what_another_encoder_wrote() -> None:
    file = io.BytesIO()
    said = voice(3, 1)
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(said.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    packets = list(read_packets(io.BytesIO(file.getvalue())))
    assert sum(map(ogg.packet_samples, packets)) >= len(said)
    assert read_head(file.getvalue()).channels == 1


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_ffmpeg_finds_no_fault() -> None:
    data = clip(list(enumerate(encoded(voice(4, 1)))))
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", "pipe:0", "-f", "null", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_checksum_is_oggs() -> None:
    def slow(data: bytes) -> int:
        value = 0
        for byte in data:
            value ^= byte << 24
            for _ in range(8):
                value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
        return value

    for data in (b"", b"\0", b"OggS", bytes(range(256))):
        assert ogg.crc(data) == slow(data)


FILE = clip([(0, ogg.SILENCE), (1, ogg.SILENCE)])


@pytest.mark.parametrize(
    "data",
    [b"RIFF" + bytes(40), FILE[:20], FILE[:-1], FILE[:-1] + b"!", b"junk" + FILE],
    ids=["not ogg", "cut in a head", "cut in a body", "changed", "junk before"],
)
def test_broken_files_raise_our_error(data: bytes) -> None:
    with pytest.raises(OggError):
        list(read_packets(data))


@given(st.binary(max_size=200), st.integers(0, len(FILE)))
def test_any_bytes_give_packets_or_our_error(junk: bytes, at: int) -> None:
    try:
        list(read_packets(FILE[:at] + junk))
    except OggError:
        return


def test_a_packet_that_crosses_pages_is_put_together() -> None:
    body = b"\xf8" + bytes(600)
    writer = OggOpusWriter(serial=7)
    data = writer.headers()
    first = writer._page(body[:510], b"\xff\xff", 0, -1)
    second = writer._page(body[510:], bytes((len(body) - 510,)), 1, FRAME)
    assert list(read_packets(data + first + second)) == [body]
