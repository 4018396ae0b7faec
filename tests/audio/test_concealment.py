"""What is heard in place of packets that did not come."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import pytest

from spacesctl.audio.concealment import FADED, FULL, Concealer
from spacesctl.audio.fades import RAMP, blended, ramped
from spacesctl.audio.opus import FRAME, Encoder, OpusError
from tests.listening import Sound, loudness, voice
from tests.typed import sure

SAID = voice(21, 2.0)


def encoded(loss: int) -> list[bytes]:
    encoder = Encoder(expected_loss=loss)
    return [encoder.encode(frame) for frame in SAID.reshape(-1, FRAME)]


def through(packets: Sequence[bytes], lost: Container[int], *, fec: bool) -> Sound:
    restorer, parts = Concealer(), list[Sound]()
    for number, packet in enumerate(packets):
        if number in lost:
            parts.append(sure(restorer.lost(FRAME, packets[number + 1] if fec else None)))
        else:
            parts.append(restorer.came(packet))
    return np.concatenate(parts)


def test_the_copy_in_the_next_packet_is_nearer_to_what_was_said_than_invention() -> None:
    packets, lost = encoded(20), frozenset(range(10, 95, 5))
    gaps = np.concatenate([np.arange(number * FRAME, (number + 1) * FRAME) for number in lost])
    copied, invented = (through(packets, lost, fec=fec)[gaps] for fec in (True, False))
    said = SAID[gaps - 312]  # the encoder looks ahead by so much
    assert np.corrcoef(copied, said)[0, 1] > np.corrcoef(invented, said)[0, 1] + 0.1


def test_a_long_gap_fades_to_nothing_in_time() -> None:
    restorer = Concealer()
    for packet in encoded(0)[:40]:
        restorer.came(packet)
    gap = [restorer.lost(FRAME) for _ in range(10)]
    assert all(frame is not None for frame in gap[: FULL // FRAME])
    assert [frame is None for frame in gap] == [number >= FADED // FRAME for number in range(10)]
    assert abs(int(sure(gap[FADED // FRAME - 1])[-1])) <= 1
    assert loudness(sure(gap[5])) < loudness(sure(gap[2]))


def test_after_a_long_gap_the_voice_comes_back_without_a_jump() -> None:
    restorer, packets = Concealer(), encoded(0)
    for packet in packets[:40]:
        restorer.came(packet)
    for _ in range(10):
        restorer.lost(FRAME)
    first = restorer.came(packets[50])
    assert first[0] == 0
    assert np.abs(np.diff(first[: RAMP // 4].astype(int))).max() < 3000
    assert loudness(np.concatenate([restorer.came(packet) for packet in packets[51:60]])) > 0.02


def test_silence_of_the_sender_keeps_its_noise() -> None:
    encoder, restorer = Encoder(dtx=True), Concealer()
    noise = np.random.default_rng(1).normal(0, 60, FRAME * 200).astype(np.int16)
    for frame in noise.reshape(-1, FRAME):
        restorer.came(encoder.encode(frame))
    rest = np.concatenate([restorer.rested() for _ in range(25)])
    assert 0.1 < loudness(rest) / loudness(noise) < 2


def test_a_broken_packet_is_an_error_and_a_broken_copy_an_invention() -> None:
    restorer = Concealer()
    with pytest.raises(OpusError):
        restorer.came(b"\xff")
    assert restorer.lost(FRAME, b"\xff\xff") is None


def test_ramps_and_blends_keep_to_their_ends() -> None:
    loud, soft = np.full(FRAME, 1000, np.int16), np.full(FRAME, -1000, np.int16)
    assert (ramped(loud, 0, 1)[[0, -1]] == [0, 1000]).all()
    assert (blended(loud, soft)[[0, -1]] == [1000, -1000]).all()
