"""Longer packets for a crowd: the same sound, all of it, in phases, and timestamps that stay true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.audio.opus import FRAME, MAX_PACKET, Decoder, Encoder, OpusError, Repacketizer, packet_samples
from spacesctl.engine.fanout.audience import Audience
from spacesctl.engine.fanout.packet_sink import DECIDE, TOGETHER, PacketSink
from spacesctl.engine.fanout.packetizer import AUTO, MISSED, PATIENT, Packetizer, ptime_ms
from spacesctl.engine.fanout.send_slot import SEND_SLOTS
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.seam import Frame
from spacesctl.engine.transport.ports import Ports
from tests.engine.test_fanout import Listener, Wires
from tests.listening import Sound, voice

SAID = voice(5, 2.0)
PACKETS = [Encoder().encode(frame) for frame in SAID.reshape(-1, FRAME)]


def encoded() -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(frame) for frame in SAID.reshape(-1, FRAME)]


def in_threes(packets: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Merged by three where they fit."""
    packer = Packetizer()
    frames = [Frame(packet, number * FRAME) for number, packet in enumerate(packets)]
    return [made for at in range(0, len(frames), 3) for made in packer.packets(frames[at : at + 3])]


def by_pyav(packets: Iterable[bytes]) -> Sound:
    codec = av.CodecContext.create("libopus", "r")
    frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def test_merged_packets_sound_as_the_single_ones_did() -> None:
    single = encoded()
    merged = in_threes(single)
    assert len(merged) < len(single) / 2
    ear, other = Decoder(), Decoder()
    assert (
        np.concatenate([ear.decode(one) for one in single])
        == np.concatenate([other.decode(packet) for packet, _ in merged])
    ).all()


def test_another_decoder_agrees() -> None:
    single = encoded()
    assert (by_pyav(single) == by_pyav([packet for packet, _ in in_threes(single)])).all()


def test_packets_of_different_modes_do_not_fit() -> None:
    wide, narrow = Encoder(bitrate=64_000), Encoder(bitrate=6_000)
    one, other = wide.encode(SAID[4800:5760]), narrow.encode(SAID[4800:5760])
    assert not Repacketizer.fits(one, other)
    with pytest.raises(OpusError):
        Repacketizer().merge([one, other])
    with pytest.raises(OpusError):
        Repacketizer().merge([b"\x03"])


def test_frames_too_large_for_one_packet_are_sent_as_two() -> None:
    frames = [Frame(b"\x78" + bytes(700), number * FRAME) for number in range(3)]
    assert [len(packet) for packet, _ in Packetizer().packets(frames)] == [701] * 3
    assert all(len(packet) <= MAX_PACKET for packet, _ in Packetizer().packets(frames))


@pytest.mark.parametrize(
    ("setting", "listeners", "now", "expected"),
    [
        *((setting, listeners, 20, setting) for setting in (20, 40, 60, 120) for listeners in (0, 10_000)),
        (AUTO, 0, 20, 20), (AUTO, 500, 20, 20), (AUTO, 501, 20, 40), (AUTO, 3000, 40, 40), (AUTO, 3001, 40, 60), (AUTO, 5000, 20, 60),
        (PATIENT, 100, 20, 20), (PATIENT, 101, 20, 60), (PATIENT, 501, 60, 120), (PATIENT, 450, 120, 120), (PATIENT, 400, 120, 60),
        (AUTO, 450, 40, 40), (AUTO, 400, 40, 20), (AUTO, 2500, 60, 60), (AUTO, 2400, 60, 40), (AUTO, 10, 60, 20),
    ],
)  # fmt: skip
def test_packets_grow_with_the_crowd_and_shrink_later(setting: int, listeners: int, now: int, expected: int) -> None:
    assert ptime_ms(setting, listeners, now) == expected


def crowd_of(listeners: int, setting: int) -> tuple[Wires, PacketSink, list[Listener]]:
    wires = Wires()
    crowd = PacketSink(wires, Metrics(), setting)
    people = [Listener(number + 1) for number in range(listeners)]
    for number, one in enumerate(people):
        crowd.add(str(number), one.subscription)
    return wires, crowd, people


@pytest.mark.parametrize(("setting", "phases"), [(20, 1), (40, 2), (60, 3), (120, 6)])
def test_a_crowd_is_sent_in_phases_of_equal_size(setting: int, phases: int) -> None:
    wires, crowd, people = crowd_of(TOGETHER * 8, setting)
    sizes = []
    for number in range(24):
        wires.arrived.clear()
        crowd.send(Frame(PACKETS[20], number * FRAME), 0.0)
        sizes.append(len(wires.arrived))
    assert set(sizes[phases:]) <= {len(people) // phases, -(-len(people) // phases)}
    sent = sum(one.subscription.packets for one in people)
    assert sent == pytest.approx(len(people) * 24 / phases, rel=0.3)


def test_few_listeners_share_a_phase() -> None:
    _, crowd, _ = crowd_of(TOGETHER, AUTO)
    assert [len(fanout) for _, fanout in crowd._slots] == [TOGETHER] + [0] * (SEND_SLOTS - 1)


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(["voice", "other", "silent", "gap"]), min_size=1, max_size=60),
    changes=st.dictionaries(st.integers(0, 59), st.sampled_from([20, 40, 60, 120]), max_size=6),
)
def test_every_phase_hears_every_frame_once_in_order_whatever_the_packet_time_does(
    kinds: list[str], changes: dict[int, int]
) -> None:
    wires, crowd, people = crowd_of(SEND_SLOTS, AUTO)
    for one, (_, fanout) in zip(people[1:], crowd._slots[1:], strict=True):  # one in each, as in a large crowd
        crowd._slots[0][1].remove(one.subscription)
        fanout.add(one.subscription)
    narrow = Encoder(bitrate=6_000).encode(SAID[4800:5760])
    crowd._sent, tick, expected = 1, 0, {}
    for number, kind in enumerate([*kinds, *["voice"] * 3]):
        tick += 10 if kind == "gap" else 1
        crowd.ptime_ms = changes.get(number, crowd.ptime_ms)
        payload = {"other": narrow, "silent": b"\x78"}.get(kind, PACKETS[number % len(PACKETS)])
        if kind != "silent":
            expected[tick] = payload
        crowd.send(Frame(payload, tick * FRAME, withheld=kind == "silent"), 0.0)
    for later in range(1, crowd.ptime_ms // 20):
        crowd.send(Frame(b"\x78", (tick + later) * FRAME, withheld=True), 0.0)
    for one in people:
        heard = one.hear(wires)
        spans = [(packet.timestamp // FRAME, packet_samples(packet.payload) // FRAME) for packet in heard]
        ticks = [first + place for first, length in spans for place in range(length)]
        assert ticks == sorted(set(ticks))
        assert set(ticks) >= {one for one in expected if one <= tick - 2}
        assert one.sequences == list(range(len(heard)))


@pytest.mark.parametrize(("is_late", "setting", "longest"), [(True, AUTO, 120), (False, AUTO, 40), (True, 20, 20)])
def test_a_late_audience_gets_longer_packets_where_it_may_ask_again(
    is_late: bool, setting: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "spacesctl.engine.fanout.packetizer.STEPS", {AUTO: ((3, 40), (0, 20)), PATIENT: ((3, 120), (0, 20))}
    )
    wires = Wires()
    audience = Audience(Ports(wires, lambda *_: False), Metrics(), setting, is_late=is_late)
    asking, other = [
        [Listener(number + at, asks=asks) for number in range(4)] for at, asks in ((10, True), (20, False))
    ]
    for number, one in enumerate((*asking, *other)):
        audience.add(str(number), one.subscription)
    for number in range(60):
        for sink in audience.sinks():
            sink.send(Frame(PACKETS[20], number * FRAME), 0.0)
    lengths = [{packet_samples(packet.payload) // 48 for packet in one.hear(wires)} for one in (asking[0], other[0])]
    assert [max(found) for found in lengths] == [longest, 20 if setting == 20 else 40]


@pytest.mark.parametrize(("left_out", "packets"), [(0, 1), (1, 1), (MISSED, 1), (MISSED + 1, 2)])
def test_ticks_that_were_skipped_cost_no_further_packet(left_out: int, packets: int) -> None:
    wires, crowd, (one,) = crowd_of(1, 40)
    for tick in (0, 1, 2 + left_out, 3 + left_out, 4 + left_out):
        crowd.send(Frame(PACKETS[tick], tick * FRAME), 0.0)
    heard = [(packet.timestamp // FRAME, packet_samples(packet.payload) // FRAME) for packet in one.hear(wires)]
    together = [(1, 2)] if packets == 1 else [(1, 1), (2 + left_out, 1)]
    assert heard == [(0, 1), *together, (3 + left_out, 2)]


def test_the_packet_time_follows_the_crowd_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacesctl.engine.fanout.packetizer.STEPS", {AUTO: ((20, 60), (10, 40), (0, 20))})
    _, crowd, _ = crowd_of(15, AUTO)
    for number in range(DECIDE + 1):
        crowd.send(Frame(PACKETS[20], number * FRAME), 0.0)
    assert crowd.ptime_ms == 40
