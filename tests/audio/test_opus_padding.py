"""Padded packets: libopus decodes them to the same sound, and they have the size that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio.ogg import SILENCE, packet_samples
from spacesctl.audio.opus import Decoder, Encoder
from spacesctl.audio.opus_padding import padded
from tests.listening import voice

VOICE = voice(3, 1.0)
PACKETS = [Encoder(dtx=False).encode(VOICE[at : at + 960]) for at in range(0, 9600, 960)]


def test_a_decoder_hears_no_difference() -> None:
    plain, full = Decoder(), Decoder()
    for packet in [*PACKETS, SILENCE]:
        assert np.array_equal(plain.decode(packet), full.decode(padded(packet, 700)))


@given(st.integers(2, 4000), st.binary(max_size=1275), st.integers(0, 31), st.integers(0, 1))
def test_it_is_as_long_as_was_asked_for_and_has_the_same_duration(
    size: int, frame: bytes, config: int, two: int
) -> None:
    packet = bytes((config << 3 | two,)) + frame * (1 + two)
    try:
        samples = packet_samples(packet)
    except ValueError:
        return
    made = padded(packet, size)
    assert len(made) == max(size, len(packet))
    assert packet_samples(made) == samples
    assert made == packet or made[0] & 3 == 3


@pytest.mark.parametrize("room", [*range(5), 254, 255, 256, 257, 509, 510, 511, 512, 765])
def test_libopus_takes_every_length_of_padding(room: int) -> None:
    made = padded(PACKETS[3], len(PACKETS[3]) + room)
    assert np.array_equal(Decoder().decode(made), Decoder().decode(PACKETS[3]))


def test_the_codes_of_several_frames_keep_their_frames() -> None:
    first, second = b"\x01" * 3, b"\x02" * 5
    assert padded(b"\xf9" + first * 2, 12) == b"\xfb\x42\x03" + first * 2 + bytes(3)
    assert padded(b"\xfa\x03" + first + second, 16) == b"\xfb\xc2\x04\x03" + first + second + bytes(4)
    assert padded(b"\xfb\x02" + first * 2, 12) == b"\xfb\x42\x03" + first * 2 + bytes(3)


def test_what_is_long_enough_or_padded_stays_as_it_is() -> None:
    once = padded(SILENCE, 20)
    for packet in (SILENCE, once):
        assert padded(packet, len(packet)) is packet
        assert padded(packet, 1) is packet
    assert padded(once, 30) is once
