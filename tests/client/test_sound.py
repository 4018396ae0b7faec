"""Sound files that are written and read: each tick has its place, whatever was lost."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import Encoder
from spacesctl.client.sound import FRAME, PAGE_PACKETS, RATE, packets, recording
from spacesctl.domain.errors import Invalid


@pytest.fixture
def packet() -> bytes:
    tone = np.sin(np.arange(FRAME) * 2 * np.pi * 440 / RATE) * 9_000
    return Encoder(bitrate=32_000).encode(tone.astype(np.int16))


def test_a_wav_file_has_every_tick_also_the_lost_ones(tmp_path: Path, packet: bytes) -> None:
    with recording(str(tmp_path / "heard.wav")) as file:
        for one in (packet, None, packet):
            file.write(one)
    with wave.open(str(tmp_path / "heard.wav")) as read:
        assert (read.getnframes(), read.getframerate(), read.getnchannels()) == (3 * FRAME, RATE, 1)


@pytest.mark.parametrize("name", ["heard.ogg", "heard.opus"])
def test_an_ogg_file_has_every_tick_and_is_written_page_by_page(tmp_path: Path, packet: bytes, name: str) -> None:
    path = tmp_path / name
    with recording(str(path)) as file:
        empty = path.stat().st_size if path.exists() else 0
        for _ in range(PAGE_PACKETS):
            file.write(packet)
        assert path.stat().st_size > empty + PAGE_PACKETS * len(packet), "an interruption loses half a second at most"
        file.write(None)
    found = list(read_packets(path.read_bytes()))
    assert len(found) == PAGE_PACKETS + 1
    assert found[0] == packet
    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == pytest.approx(26 * FRAME, abs=FRAME)


def test_nothing_heard_is_a_file_without_sound(tmp_path: Path) -> None:
    with recording(str(tmp_path / "none.ogg")):
        pass
    assert list(read_packets((tmp_path / "none.ogg").read_bytes())) == []


@pytest.mark.parametrize("name", ["heard.mp3", "heard", ""])
def test_another_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="must be a file name that ends in"):
        recording(name)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (44_100, 2), (8_000, 1)])
def test_any_sound_file_becomes_whole_packets(tmp_path: Path, rate: int, channels: int) -> None:
    with wave.open(str(tmp_path / "said.wav"), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(2 * channels * (rate // 10 + 1)))
    assert len(list(packets(tmp_path / "said.wav"))) == pytest.approx(6, abs=1), "a tenth of a second and a bit"


def test_what_was_written_can_be_spoken_again(tmp_path: Path, packet: bytes) -> None:
    with recording(str(tmp_path / "heard.wav")) as file:
        for _ in range(5):
            file.write(packet)
    assert len(list(packets(tmp_path / "heard.wav"))) == 5
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(Invalid, match="is not a sound file"):
        list(packets(tmp_path / "text.wav"))
