"""One microphone: packets of every length in, ticks of 20 ms out, through its gate."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Sequence

import av
import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder, OpusError, packet_samples
from spacesctl.engine.messages import FLAG_ACTIVE, FLAG_LOST
from spacesctl.engine.mixing.lane import BURST, PACE, UPLINK, Lane
from spacesctl.engine.seam import SILENT, Taken
from spacesctl.rtc.red import Copy
from tests.listening import Sound, likeness, voice
from tests.typed import sure


def take(lane: Lane) -> Taken:
    """The next tick's part; packets come right after the tick before, however long the test takes between them."""
    return lane.take(next(TICKS), 0.0)


TICKS = itertools.count()


def encoded(pcm: Sound) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def of_length(pcm: Sound, milliseconds: int) -> list[bytes]:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48_000, "mono", "s16"
    context.options = {"application": "voip", "frame_duration": str(milliseconds)}
    size, packets = 48 * milliseconds, []
    for at in range(0, len(pcm) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(pcm[at : at + size].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, at
        packets += [bytes(one) for one in context.encode(frame)]
    return packets


def takes(lane: Lane, packets: Sequence[bytes], samples: int = FRAME, lost: Container[int] = ()) -> list[Taken]:
    """Feed packets in real time and take every tick."""
    taken, number = [], 0
    for tick in range(len(packets) * samples // FRAME):
        while number < len(packets) and number * samples <= tick * FRAME:
            if number not in lost:
                lane.push(number, number * samples, packets[number], None, 0.0)
            number += 1
        taken.append(take(lane))
    return taken


def mixed(taken: Iterable[Taken]) -> Sound:
    return np.concatenate([one.pcm for one in taken if one.pcm is not None])


def test_packets_of_20_ms_go_on_as_they_came() -> None:
    said = voice(1, 2)
    packets = encoded(said)
    taken = takes(Lane(1, heard=True), packets)
    assert [one.payload for one in taken if one.payload] == packets[: len(packets) - 2]
    assert all(one.flags == FLAG_ACTIVE for one in taken[5:])
    assert likeness(mixed(taken), said) > 0.85


@pytest.mark.parametrize("milliseconds", [5, 10, 40, 60])
def test_packets_of_other_lengths_become_ticks(milliseconds: int) -> None:
    said = voice(2, 3)
    taken = takes(Lane(1, heard=True), of_length(said, milliseconds), 48 * milliseconds)
    payloads = [one.payload for one in taken if one.payload]
    assert all(packet_samples(payload) == FRAME for payload in payloads)
    decoder = Decoder()
    assert likeness(np.concatenate([decoder.decode(payload) for payload in payloads]), said) > 0.7  # encoded twice
    assert likeness(mixed(taken), said) > 0.85
    assert len(payloads) > 130


def test_a_lost_frame_is_told_and_repaired() -> None:
    said = voice(3, 2)
    encoder = Encoder(expected_loss=20)
    packets = [encoder.encode(frame) for frame in said.reshape(-1, FRAME)]
    taken = takes(Lane(1, heard=True), packets, lost=range(10, 90, 8))
    lost = [one for one in taken if one.flags & FLAG_LOST]
    assert len(lost) == 10
    assert all(one.payload == b"" and one.pcm is not None for one in lost)
    assert likeness(mixed(taken), said) > 0.75


@pytest.mark.parametrize("milliseconds", [20, 40])
def test_a_lost_packet_is_recovered_from_the_copy_in_the_next_one(milliseconds: int) -> None:
    said = voice(3, 2)
    packets, lane, samples = of_length(said, milliseconds), Lane(1, heard=True), milliseconds * 48
    taken, number = list[Taken](), 0
    for tick in range(len(packets) * samples // FRAME):
        while number < len(packets) and number * samples <= tick * FRAME:
            if number % 8 != 3:
                copies = [Copy(back * samples, packets[number - back]) for back in (2, 1) if number >= back]
                lane.recover(number, number * samples, copies, 0.0)
                lane.push(number, number * samples, packets[number], None, 0.0)
            number += 1
        taken.append(take(lane))
    lost = len(range(3, len(packets), 8))
    assert lane.counters.recovered >= lost - 1
    assert sum(one.flags & FLAG_LOST for one in taken) <= 2 * FLAG_LOST, (
        "the first one comes before the lane waits for it"
    )
    assert likeness(mixed(taken), said) > 0.75


def test_copies_are_found_by_their_age_and_of_another_length_left_alone() -> None:
    """Some senders send only a copy of the packet before the last."""
    packets, lane = encoded(voice(3, 1)), Lane(1, heard=True)
    for number in (0, 1, 4):
        copies = [Copy(2 * FRAME, packets[2])] if number == 4 else []
        lane.recover(number, number * FRAME, copies, 0.0)
        lane.push(number, number * FRAME, packets[number], None, 0.0)
    assert lane.missing() == [3]
    lane.recover(5, 5 * FRAME, [Copy(2 * FRAME, of_length(voice(3, 1), 40)[0])], 0.0)
    lane.push(5, 5 * FRAME, packets[5], None, 0.0)
    assert lane.missing() == [3]


def test_a_shut_lane_says_nothing_and_keeps_its_pace() -> None:
    said = voice(4, 2)
    lane, packets = Lane(1, heard=False), encoded(said)
    assert set(map(id, takes(lane, packets[:50]))) == {id(SILENT)}
    lane.set_open(True)
    for number in range(50, 60):
        lane.push(number, number * FRAME, packets[number], None, 0.0)
        taken = take(lane)
    assert taken.payload in packets[55:60]


def test_silence_is_not_mixed() -> None:
    quiet = encoded(np.zeros(FRAME * 30, np.int16))
    assert all(one.pcm is None and not one.flags & FLAG_ACTIVE for one in takes(Lane(1, heard=True), quiet))


def test_what_the_sender_calls_silent_is_not_decoded_nor_mixed() -> None:
    lane, packets = Lane(1, heard=True), encoded(voice(5, 1))
    for number, packet in enumerate(packets):
        lane.push(number, number * FRAME, packet, -127, 0.0)
        taken = take(lane)
    assert taken.payload in packets[-3:]
    assert (taken.pcm, taken.flags) == (None, 0)


def test_gain_changes_what_is_mixed_and_measured() -> None:
    loud, soft = Lane(1, heard=True), Lane(2, heard=True, gain=0.1)
    packets = encoded(voice(6, 1))
    takes(loud, packets)
    takes(soft, packets)
    assert 18 <= loud.told() - soft.told() <= 22


def test_a_new_source_begins_anew() -> None:
    lane, packets = Lane(1, heard=True), encoded(voice(7, 1))
    takes(lane, packets[:20])
    assert lane.feeder == UPLINK
    lane.attach("peer")
    for number in range(5):
        lane.push(60_000 + number, 2**32 - 500 + number * FRAME & 2**32 - 1, packets[number], None, 0.0)
    assert take(lane).payload == packets[0]


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x03"])
def test_what_is_not_opus_is_refused(payload: bytes) -> None:
    with pytest.raises(OpusError):
        Lane(1, heard=True).push(0, 0, payload, None, 0.0)


def test_a_packet_whose_inside_is_broken_counts_as_lost() -> None:
    lane, packets = Lane(1, heard=True), encoded(voice(8, 1))
    packets[20] = packets[20][:1] + b"\xff" * 1274
    taken = takes(lane, packets)
    assert len(taken) == len(packets)
    assert all(one.pcm is None or len(one.pcm) == FRAME for one in taken)


def test_the_end_of_talk_is_not_cut_off() -> None:
    noisy = np.concatenate((voice(9, 1), np.zeros(48_000, np.int16)))
    noisy = (noisy + np.random.default_rng(2).normal(0, 15, len(noisy))).astype(np.int16)
    taken = takes(Lane(1, heard=True), encoded(noisy))
    last = max(number for number, one in enumerate(taken) if one.pcm is not None)
    assert last < len(taken) - 10
    assert abs(int(sure(taken[last].pcm)[-1])) <= 1
    assert np.abs(sure(taken[last].pcm)[:200]).max() > 5
    assert taken[last].flags & FLAG_ACTIVE


def test_a_sender_that_falls_silent_leaves_its_noise_until_the_talk_is_over() -> None:
    lane, packets = Lane(1, heard=True), encoded(voice(9, 1))
    taken = takes(lane, [*packets, b"\x78"])
    rest = [take(lane) for _ in range(60)]
    mixed_ticks = [one.pcm is not None for one in rest]
    assert taken[-1].flags & FLAG_ACTIVE
    assert 15 < sum(mixed_ticks) < 40
    assert mixed_ticks == sorted(mixed_ticks, reverse=True)
    assert rest[-1] is SILENT
    assert not any(one.flags & FLAG_LOST for one in rest)


@pytest.mark.parametrize("milliseconds", [10, 20, 60])
def test_a_lane_that_is_too_deep_sheds_frames_in_silence_only(milliseconds: int) -> None:
    lane, samples = Lane(1, heard=True), 48 * milliseconds
    parts = [part for seed in range(5) for part in (voice(seed, 2), np.zeros(48_000, np.int16))]
    said, number = of_length(np.concatenate(parts), milliseconds), 0
    for tick in range(len(said) * samples // FRAME):
        stalls = 30 <= tick < 36
        while not stalls and number < len(said) and number * samples // FRAME <= tick:
            lane.push(number, number * samples, said[number], None, tick / 50)
            number += 1
        lane.take(next(TICKS), (tick + 1) / 50)
        if tick == 60:
            assert lane._jitter.depth * milliseconds > 100
    assert lane.counters.skipped > 0
    assert lane._jitter.depth * milliseconds <= max(60, 2 * milliseconds)
    assert lane.counters.late == lane.counters.lost == 0


def test_a_tick_that_was_left_out_is_made_up_for_in_the_next_silence() -> None:
    lane, tick = Lane(1, heard=True), 0
    said = encoded(np.concatenate((voice(3, 3), np.zeros(24_000, np.int16), voice(4, 2), np.zeros(48_000, np.int16))))
    for number, packet in enumerate(said):
        lane.push(number, number * FRAME, packet, None, 0.0)
        if not 100 <= number < 105:
            lane.take(tick := number, 0.0)
        if number == 120:
            assert lane._jitter.surplus >= 5
    assert tick == len(said) - 1
    assert lane._jitter.surplus <= 0
    assert lane.counters.lost == lane.counters.late == lane.counters.overflow == 0


@pytest.mark.parametrize("milliseconds", [10, 20, 60])
def test_a_lane_takes_twice_as_much_sound_as_time_passes_and_some_at_once(milliseconds: int) -> None:
    lane, packet = Lane(1, heard=True), of_length(voice(1, 1), milliseconds)[0]
    samples, sound = 48 * milliseconds, milliseconds / 1000

    def pushed(count: int, now: float) -> int:
        return sum(lane.push(number & 0xFFFF, number * samples, packet, None, now) for number in range(count))

    assert pushed(10_000, 0.0) * sound == pytest.approx(BURST, abs=sound)
    assert pushed(10_000, 1.0) * sound == pytest.approx(PACE, abs=sound)
    assert pushed(10_000, 1.0) == 0
    assert pushed(1, 1.0 + sound) == 1, "who slows down is heard again"


def test_the_shortest_packets_are_taken_in_real_time() -> None:
    lane, packet = Lane(1, heard=True), b"\xe0" + bytes(20)  # CELT, 2.5 ms
    assert packet_samples(packet) == 120
    assert all(lane.push(number & 0xFFFF, number * 120, packet, None, number / 400) for number in range(8000))


def opus_of(pcm: Sound, lengths: Sequence[int]) -> list[tuple[int, bytes]]:
    """Packets of these lengths in milliseconds in turns, each with the sample at which it begins."""
    made, at, turns = list[tuple[int, bytes]](), 0, itertools.cycle(lengths)
    while True:
        milliseconds = next(turns)
        size = 48 * milliseconds
        if at + size > len(pcm):
            return made
        made.append((at, of_length(pcm[at : at + size], milliseconds)[0]))
        at += size


def heard_of(packets: Sequence[tuple[int, bytes]], stamps: Sequence[int] | None = None) -> tuple[Lane, list[Taken]]:
    """Feed packets when they are complete, with timestamps of their own, and take every tick."""
    lane, taken, number = Lane(1, True), [], 0
    last = packets[-1][0] // FRAME + 8
    for tick in range(last):
        while number < len(packets) and packets[number][0] <= tick * FRAME:
            stamp = packets[number][0] if stamps is None else stamps[number]
            lane.push(number, stamp & 0xFFFFFFFF, packets[number][1], None, 0.0)
            number += 1
        taken.append(take(lane))
    return lane, taken


@pytest.mark.parametrize("lengths", [(20, 40), (40, 20, 20), (20, 60), (10, 20), (60, 40), (20, 10, 40)], ids=str)
def test_packets_of_alternating_length_are_all_played(lengths: tuple[int, ...]) -> None:
    pcm = voice(1, 4)
    lane, taken = heard_of(opus_of(pcm, lengths))
    sound = mixed(taken)
    assert lane.counters.lost + lane.counters.overflow + lane.counters.late <= 2
    assert len(sound) > 0.9 * len(mixed(heard_of(opus_of(pcm, (20,)))[1]))
    assert likeness(sound, pcm) > 0.6


@pytest.mark.parametrize(
    "shift",
    [
        lambda number: 1 if number % 2 else -1,
        lambda number: number * 37 % 97 - 48,  # a container's milliseconds
        lambda number: -number,  # 20 ms are 959 samples for it
        lambda number: number,
    ],
    ids=["a sample", "milliseconds", "slow", "fast"],
)
def test_a_timestamp_that_is_not_to_the_sample_loses_nothing(shift: Callable[[int], int]) -> None:
    packets = opus_of(voice(1, 4), (20,))
    lane, _ = heard_of(packets, [at + shift(number) for number, (at, _) in enumerate(packets)])
    counted = lane.counters
    assert (counted.duplicate, counted.late, counted.lost, counted.overflow, counted.restarted) == (0, 0, 0, 0, 0)


def test_a_pause_is_still_told_from_a_loss() -> None:
    packets = opus_of(voice(1, 4), (20,))
    paused = packets[:50] + [(at + 20 * FRAME, packet) for at, packet in packets[50:]]
    lane, _ = heard_of(paused)
    assert lane.counters.lost == 0


def test_copies_in_packets_that_are_no_sound_break_nothing() -> None:
    [packet, *_] = encoded(voice(3, 1))
    lane = Lane(1, heard=True)
    lane.push(0, 0, packet, None, 0.0)
    take(lane)
    for jump in range(1, 60):
        lane.recover(jump * 1000 & 0xFFFF, jump * 960_000, [Copy(960, packet)] * 8, 0.0)
        with pytest.raises(OpusError):
            lane.push(jump * 1000 & 0xFFFF, jump * 960_000, b"\xfb\x00", None, 0.0)
        take(lane)
