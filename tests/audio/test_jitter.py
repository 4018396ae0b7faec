"""The jitter buffer: what the network does to packets, and what is played."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.audio.jitter import LOST, MAXIMUM, PATIENCE, SILENT, TARGET, Held, JitterBuffer


def push(buffer, number, *, pause=0, start=0, size=40):
    """Packet `number` of a sender that paused `pause` frames before it."""
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    buffer.push(number + start & 0xFFFF, (number + pause) * 960 + start * 960 & 0xFFFFFFFF, payload)


def played(item):
    return int.from_bytes(item.payload[:4], "big") if isinstance(item, Held) else item


def run(buffer, ticks):
    return [played(buffer.pop()) for _ in range(ticks)]


def filled(count=TARGET, **kwargs):
    buffer = JitterBuffer()
    for number in range(count):
        push(buffer, number, **kwargs)
    return buffer


@pytest.mark.parametrize("start", [0, 65_530, 2**32 // 960 - 3], ids=["plain", "sequence wraps", "timestamp wraps"])
def test_in_order_packets_are_played_in_order(start):
    buffer, out = JitterBuffer(), []
    for number in range(50):
        push(buffer, number, start=start)
        out.append(played(buffer.pop()))
    assert out[: TARGET - 1] == [SILENT] * (TARGET - 1)
    assert out[TARGET - 1 :] == list(range(51 - TARGET))


def test_reordered_packets_are_put_in_order():
    buffer = JitterBuffer()
    for number in (1, 0, 3, 2, 4):
        push(buffer, number)
    assert run(buffer, 5) == [0, 1, 2, 3, 4]


def test_a_duplicate_is_played_once():
    buffer = filled()
    push(buffer, 1)
    assert run(buffer, 3) == [0, 1, 2]
    assert buffer.counters.duplicate == 1


def test_a_hole_is_lost_and_the_next_packet_can_repair_it():
    buffer = JitterBuffer()
    for number in (0, 1, 3, 4):
        push(buffer, number)
    assert run(buffer, 3) == [0, 1, LOST]
    assert buffer.following() is not None
    assert int.from_bytes(buffer.following()[:4], "big") == 3
    assert run(buffer, 2) == [3, 4]
    assert buffer.counters.lost == 1


def test_a_pause_without_a_missing_sequence_number_is_silence():
    buffer = filled()
    for number in (3, 4, 5):
        push(buffer, number, pause=4)
    assert run(buffer, 10) == [0, 1, 2, SILENT, SILENT, SILENT, SILENT, 3, 4, 5]
    assert buffer.counters.lost == 0


def test_after_a_dtx_packet_nothing_is_silence_and_time_goes_on():
    buffer = JitterBuffer()
    for number in range(3):
        push(buffer, number)
    buffer.push(3, 3 * 960, b"\x08")
    out = run(buffer, 104)
    assert [item for item in out if item is LOST] == []
    for number in range(4, 7):
        push(buffer, number, pause=99)
    assert run(buffer, 3) == [4, 5, 6] or buffer.counters.lost == 0


def test_a_late_packet_is_dropped_and_counted():
    buffer = JitterBuffer()
    for number in (0, 1, 3, 4, 5):
        push(buffer, number)
    run(buffer, 4)
    push(buffer, 2)
    assert buffer.counters.late == 1
    assert run(buffer, 2) == [4, 5]


def test_a_stall_is_waited_out_and_nothing_of_it_is_lost():
    buffer = filled()
    assert run(buffer, 5) == [0, 1, 2, LOST, LOST]
    for number in (3, 4, 5):
        push(buffer, number)
    assert run(buffer, 3) == [3, 4, 5]


def test_frames_lost_in_a_stall_do_not_deepen_the_buffer():
    buffer = filled()
    run(buffer, 5)
    for number in (5, 6, 7):
        push(buffer, number)
    assert run(buffer, 3) == [5, 6, 7]


def test_a_burst_after_a_long_stall_is_cut_to_the_target():
    buffer = filled()
    run(buffer, 5)
    for number in range(3, 40):
        push(buffer, number)
    assert len(buffer) <= MAXIMUM
    assert run(buffer, 60)[-1] is SILENT
    assert buffer.counters.overflow > 0


def test_without_packets_it_starts_over_with_the_next():
    buffer = filled()
    out = run(buffer, 3 + PATIENCE + 2)
    assert out[3:] == [LOST] * PATIENCE + [SILENT] * 2
    push(buffer, 100)
    assert run(buffer, TARGET)[-1] == 100


def test_a_sender_that_begins_anew_is_heard_again():
    buffer = filled(6)
    run(buffer, 4)
    for number in range(1_000_000, 1_000_005):
        push(buffer, number)
    assert run(buffer, 3) == [1_000_000, 1_000_001, 1_000_002]
    assert buffer.counters.restarted == 1


@pytest.mark.parametrize("faster", [True, False], ids=["sender fast", "sender slow"])
def test_a_drifting_sender_stays_within_bounds(faster):
    buffer, sent, depths = JitterBuffer(), 0, []
    for tick in range(20_000):
        due = tick * 1.002 if faster else tick * 0.998
        while sent <= due:
            push(buffer, sent)
            sent += 1
        buffer.pop()
        depths.append(len(buffer))
    assert max(depths[1000:]) <= TARGET + 3
    assert (buffer.counters.skipped > 20) == faster
    assert buffer.counters.overflow == 0


def test_a_jittery_network_within_the_target_loses_nothing():
    random_ = random.Random(5)
    arrivals = sorted((number + random_.uniform(0, TARGET - 1), number) for number in range(500))
    buffer, out = JitterBuffer(), []
    for tick in range(520):
        while arrivals and arrivals[0][0] <= tick:
            push(buffer, arrivals.pop(0)[1])
        out.append(played(buffer.pop()))
    heard = [item for item in out if isinstance(item, int)]
    assert heard == sorted(set(heard))
    assert len(heard) > 490


STEP = st.one_of(
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)),
    st.integers(0, 40).map(lambda number: (number, number * 960)),
    st.none(),
)


@given(st.lists(STEP, max_size=200))
@settings(max_examples=200)
def test_whatever_comes_it_holds_no_more_than_its_maximum(steps):
    buffer = JitterBuffer()
    for step in steps:
        if step is None:
            buffer.pop()
        else:
            buffer.push(*step, b"payload")
        assert len(buffer) <= MAXIMUM


@given(st.permutations(range(8)), st.sets(st.integers(1, 6)), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1))
def test_each_frame_of_a_shuffled_burst_is_played_or_lost_in_its_place(order, missing, sequence, timestamp):
    buffer = JitterBuffer()
    order = [0] + [number for number in order if number and number not in missing]
    for number in order:
        payload = number.to_bytes(4, "big")
        buffer.push(sequence + number & 0xFFFF, timestamp + number * 960 & 0xFFFFFFFF, payload)
    last = max(order)
    assert run(buffer, last + 1) == [LOST if number in missing else number for number in range(last + 1)]
