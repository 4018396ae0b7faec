"""Our binding of libopus, against PyAV's."""

from __future__ import annotations

import fractions
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder, OpusError, packet_samples
from tests.listening import Sound, likeness, voice


def frames(pcm: Sound) -> list[Sound]:
    return [pcm[at : at + FRAME] for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def test_a_voice_survives_encoding_and_decoding() -> None:
    said = voice(1, 2)
    encoder, decoder = Encoder(), Decoder()
    heard = np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames(said)])
    assert len(heard) == len(said)
    assert likeness(heard, said) > 0.85


def test_another_implementation_decodes_our_packets() -> None:
    said = voice(2, 2)
    encoder = Encoder()
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate = 48_000
    context.layout = "mono"
    parts = []
    for number, frame in enumerate(frames(said)):
        packet = av.Packet(encoder.encode(frame))
        packet.pts, packet.time_base = number * FRAME, fractions.Fraction(1, 48_000)
        parts += [one.to_ndarray().ravel() for one in context.decode(packet)]
    heard = np.concatenate(parts).astype(np.int16)
    assert likeness(heard, said) > 0.85


def test_a_decoder_of_16_khz_gives_a_third_of_the_samples() -> None:
    packet = Encoder().encode(np.zeros(FRAME, np.int16))
    assert len(Decoder(16_000).decode(packet)) == 320
    assert packet_samples(packet, 16_000) == 320
    assert len(Decoder(16_000).conceal()) == 320


@pytest.mark.parametrize("duration", [2.5, 5, 10, 20, 40, 60])
def test_packets_of_every_length_decode(duration: float) -> None:
    from spacesctl.audio import ogg

    config = {2.5: 28, 5: 29, 10: 30, 20: 31, 40: 2, 60: 3}[duration]
    packet = bytes((config << 3,)) + (b"\xff\xfe" if config > 15 else b"\0" * 20)
    samples = int(duration * 48)
    assert packet_samples(packet) == samples == ogg.packet_samples(packet)
    assert len(Decoder().decode(packet)) == samples


def test_an_encoder_goes_on_where_another_is() -> None:
    said = frames(voice(8, 2))
    one, other = Encoder(dtx=True, expected_loss=10), Encoder()
    for frame in said[:50]:
        one.encode(frame)
        other.encode(frame[::-1])
    other.follow(one)
    expected = [one.encode(frame) for frame in said[50:]]
    del one
    assert [other.encode(frame) for frame in said[50:]] == expected


@pytest.mark.parametrize("kind", [{"channels": 2}, {"rate": 16_000}], ids=["channels", "rate"])
def test_an_encoder_follows_only_its_like(kind: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="different rates"):
        Encoder().follow(Encoder(**kind))


def test_a_lost_packet_is_recovered_better_than_concealed() -> None:
    said = voice(3, 3)
    encoder = Encoder(expected_loss=20)
    packets = [encoder.encode(frame) for frame in frames(said)]

    def heard(fill: Callable[[Decoder, bytes], Sound]) -> Sound:
        decoder, parts = Decoder(), []
        for number, packet in enumerate(packets[:-1]):
            lost = number % 5 == 3
            parts.append(fill(decoder, packets[number + 1]) if lost else decoder.decode(packet))
        return np.concatenate(parts)

    recovered = likeness(heard(lambda decoder, following: decoder.recover(following)), said)
    concealed = likeness(heard(lambda decoder, _: decoder.conceal()), said)
    assert recovered > concealed + 0.1


def test_with_dtx_silence_costs_next_to_nothing() -> None:
    encoder = Encoder(dtx=True)
    sizes = [len(encoder.encode(np.zeros(FRAME, np.int16))) for _ in range(100)]
    assert sum(size <= 2 for size in sizes) > 60


@pytest.mark.parametrize("packet", [b"", b"\xff", b"\x03", b"\xfb\x3f"], ids=["empty", "no count", "short", "240 ms"])
def test_what_is_not_opus_raises_our_error(packet: bytes) -> None:
    with pytest.raises(OpusError):
        packet_samples(packet)
    with pytest.raises(OpusError):
        Decoder().decode(packet)
    with pytest.raises(OpusError) if not packet else pytest.raises((OpusError, AssertionError)):
        Decoder().recover(packet)
        raise AssertionError("libopus may conceal instead")


def test_a_frame_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError):
        Encoder().encode(np.zeros(FRAME - 1, np.int16))
    with pytest.raises(OpusError):
        Decoder().conceal(1_000_000)
    with pytest.raises(OpusError):
        Encoder(rate=44_100)
