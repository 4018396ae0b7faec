"""Files of a recording: on the clock, whatever was missing; whole, whatever cut them off. PyAV reads them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.audio.ogg import OggError, packet_samples, read_packets, tail
from spacesctl.audio.opus import Encoder
from spacesctl.live.tracks import LONG_SILENCE, Track, closed
from tests.listening import voice


def packets(count: int) -> list[bytes]:
    """All different, so that a test can tell one from the other."""
    encoder, said = Encoder(), voice(3, count / 50)
    return [encoder.encode(said[n * 960 : (n + 1) * 960]) for n in range(count)]


SOUND = packets(50)


def decoded_seconds(path: Path) -> float:
    with av.open(str(path), "r") as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / 48_000


def test_a_long_silence_is_one_packet_of_120_ms() -> None:
    assert packet_samples(LONG_SILENCE) == 5760
    with av.open(io.BytesIO(_file([LONG_SILENCE] * 10)), "r") as container:
        pcm: list[Any] = [frame.to_ndarray() for frame in container.decode(audio=0)]
    assert max(abs(one).max() for one in pcm) < 1e-6


def _file(all_packets: list[bytes]) -> bytes:
    from spacesctl.audio.ogg import OggOpusWriter

    writer = OggOpusWriter()
    return writer.headers() + writer.page(all_packets, last=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=12))
def test_frames_stand_at_their_tick_whatever_is_missing(steps: list[tuple[int, bool]]) -> None:
    """Each step is a gap in ticks, a frame, and perhaps the end of a batch. (Hypothesis wants no fixtures: a folder of its own.)"""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        track = Track(Path(folder) / "t.ogg")
        tick, batch, expected = 0, list[tuple[int, bytes]](), dict[int, bytes]()
        for gap, ends in steps:
            tick += gap
            batch.append((tick, SOUND[tick % 50]))
            expected[tick] = SOUND[tick % 50]
            tick += 1
            if ends:
                track.write(batch, tick)
                assert track.ticks == tick
                batch = []
        track.write(batch, tick)
        made = track.close()
        at = 0
        for packet in read_packets(Path(folder, "t.ogg").read_bytes()):
            ticks = packet_samples(packet) // 960
            if packet in SOUND:
                assert expected.pop(at) == packet
            at += ticks
        assert not expected
        assert made.duration_ms == tick * 20


def test_a_finished_file_plays_for_as_long_as_it_lasted(tmp_path: Path) -> None:
    track = Track(tmp_path / "t.ogg")
    track.write(list(enumerate(SOUND)), 50)
    track.write([], 500)
    made = track.close()
    assert made.duration_ms == 10_000
    assert decoded_seconds(tmp_path / "t.ogg") == pytest.approx(10.0, abs=0.02)
    assert made == closed(tmp_path / "t.ogg")


@pytest.mark.parametrize("lost", [1, 30, 500])
def test_a_file_that_was_cut_off_goes_on_in_the_same_stream(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "t.ogg"
    track = Track(path)
    for first in range(0, 500, 25):
        track.write([(first + n, SOUND[n]) for n in range(25)], first + 25)
    track.abandon()
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    again = Track(path)
    assert 475 <= again.ticks + 25 <= 500  # at most the page that was being written is gone
    again.write([(600, SOUND[0])], 601)
    made = again.close()
    assert made.duration_ms == 601 * 20
    assert decoded_seconds(path) == pytest.approx(12.02, abs=0.02)


def test_a_frame_that_comes_too_late_is_dropped(tmp_path: Path) -> None:
    track = Track(tmp_path / "t.ogg")
    track.write([(0, SOUND[0]), (5, SOUND[5])], 10)
    track.write([(3, SOUND[3]), (12, SOUND[12])], 15)
    assert track.close().duration_ms == 300


@pytest.mark.parametrize("junk", [b"", b"no ogg at all", b"OggS" + bytes(23)])
def test_a_file_without_a_whole_page_is_begun_anew_or_refused(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "t.ogg"
    path.write_bytes(junk)
    with path.open("rb") as file, pytest.raises(OggError):
        tail(file)
    with pytest.raises(OggError):
        closed(path)
    track = Track(path)
    track.write([(0, SOUND[0])], 1)
    assert track.close().duration_ms == 20
