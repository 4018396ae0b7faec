"""The jitter buffer: what the network does to packets, and what is played."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from spacesctl.audio.jitter import FAR, LOST, MAXIMUM, PATIENCE, SILENT, TARGET, Held, JitterBuffer, Missing
from tests.typed import sure


def push(buffer: JitterBuffer, number: int, *, pause: int = 0, start: int = 0, size: int = 40) -> None:
    """Packet `number` of a sender that paused `pause` frames before it."""
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    buffer.push(number + start & 0xFFFF, (number + pause) * 960 + start * 960 & 0xFFFFFFFF, payload)


def played(item: Held | Missing) -> int | Missing:
    return int.from_bytes(item.payload[:4], "big") if isinstance(item, Held) else item


def run(buffer: JitterBuffer, ticks: int) -> list[int | Missing]:
    return [played(buffer.pop()) for _ in range(ticks)]


def filled(count: int = TARGET, **kwargs: int) -> JitterBuffer:
    buffer = JitterBuffer()
    for number in range(count):
        push(buffer, number, **kwargs)
    return buffer


@pytest.mark.parametrize("start", [0, 65_530, 2**32 // 960 - 3], ids=["plain", "sequence wraps", "timestamp wraps"])
def test_in_order_packets_are_played_in_order(start: int) -> None:
    buffer, out = JitterBuffer(), []
    for number in range(50):
        push(buffer, number, start=start)
        out.append(played(buffer.pop()))
    assert out[: TARGET - 1] == [SILENT] * (TARGET - 1)
    assert out[TARGET - 1 :] == list(range(51 - TARGET))


def test_reordered_packets_are_put_in_order() -> None:
    buffer = JitterBuffer()
    for number in (1, 0, 3, 2, 4):
        push(buffer, number)
    assert run(buffer, 5) == [0, 1, 2, 3, 4]


def test_a_duplicate_is_played_once() -> None:
    buffer = filled()
    push(buffer, 1)
    assert run(buffer, 3) == [0, 1, 2]
    assert buffer.counters.duplicate == 1


def test_a_hole_is_lost_and_the_next_packet_can_repair_it() -> None:
    buffer = JitterBuffer()
    for number in (0, 1, 3, 4):
        push(buffer, number)
    assert run(buffer, 3) == [0, 1, LOST]
    assert buffer.following() is not None
    assert int.from_bytes(sure(buffer.following())[:4], "big") == 3
    assert run(buffer, 2) == [3, 4]
    assert buffer.counters.lost == 1


def test_a_pause_without_a_missing_sequence_number_is_silence() -> None:
    buffer = filled()
    for number in (3, 4, 5):
        push(buffer, number, pause=4)
    assert run(buffer, 10) == [0, 1, 2, SILENT, SILENT, SILENT, SILENT, 3, 4, 5]
    assert buffer.counters.lost == 0


def test_after_a_dtx_packet_nothing_is_silence_and_time_goes_on() -> None:
    buffer = JitterBuffer()
    for number in range(3):
        push(buffer, number)
    buffer.push(3, 3 * 960, b"\x08")
    out = run(buffer, 104)
    assert [item for item in out if item is LOST] == []
    for number in range(4, 7):
        push(buffer, number, pause=99)
    assert run(buffer, 3) == [4, 5, 6] or buffer.counters.lost == 0


def test_what_was_played_and_comes_again_is_a_duplicate() -> None:
    buffer = filled()
    run(buffer, 2)
    push(buffer, 0)
    assert (buffer.counters.duplicate, buffer.counters.late) == (1, 0)


def test_a_late_packet_is_dropped_and_counted() -> None:
    buffer = JitterBuffer()
    for number in (0, 1, 3, 4, 5):
        push(buffer, number)
    run(buffer, 4)
    push(buffer, 2)
    assert buffer.counters.late == 1
    assert run(buffer, 2) == [4, 5]


def test_a_stall_is_waited_out_and_nothing_of_it_is_lost() -> None:
    buffer = filled()
    assert run(buffer, 5) == [0, 1, 2, LOST, LOST]
    for number in (3, 4, 5):
        push(buffer, number)
    assert run(buffer, 3) == [3, 4, 5]


def test_frames_lost_in_a_stall_do_not_deepen_the_buffer() -> None:
    buffer = filled()
    run(buffer, 5)
    for number in (5, 6, 7):
        push(buffer, number)
    assert run(buffer, 3) == [5, 6, 7]


def test_a_burst_after_a_long_stall_is_cut_to_the_target() -> None:
    buffer = filled()
    run(buffer, 5)
    for number in range(3, 40):
        push(buffer, number)
    assert len(buffer) <= MAXIMUM
    assert run(buffer, 60)[-1] is SILENT
    assert buffer.counters.overflow > 0


def test_without_packets_it_starts_over_with_the_next() -> None:
    buffer = filled()
    out = run(buffer, 3 + PATIENCE + 2)
    assert out[3:] == [LOST] * PATIENCE + [SILENT] * 2
    push(buffer, 100)
    assert run(buffer, TARGET)[-1] == 100


def test_a_sender_that_begins_anew_is_heard_again() -> None:
    buffer = filled(6)
    run(buffer, 4)
    for number in range(1_000_000, 1_000_005):
        push(buffer, number)
    assert run(buffer, 3) == [1_000_000, 1_000_001, 1_000_002]
    assert buffer.counters.restarted == 1


class Network:
    """A sender that talks and pauses, a network, and a lane that plays: all in ticks, as fast as it goes.

    The sender's clock is `ppm` fast; packets take 2 ticks and up to `jitter` more; a share `loss` never comes.
    """

    TALK, PAUSE = 200, 60

    def __init__(
        self,
        ppm: float = 0.0,
        jitter: float = 0.0,
        loss: float = 0.0,
        *,
        dtx: bool = False,
        pauses: bool = True,
        seed: int = 7,
        phase: float = 0.5,
    ) -> None:
        self.buffer = JitterBuffer()
        self.played: list[Any] = []  # numbers of packets, and LOST
        self.depths: list[int] = []
        self._random = random.Random(seed)
        self._pace = 1 - ppm / 1_000_000
        self._jitter, self._loss, self._dtx, self._pauses, self._phase = jitter, loss, dtx, pauses, phase
        self._number = self._sequence = self._tick = self._hangover = 0
        self._flying: list[tuple[float, int, int, bytes]] = []
        self._stalled = 0

    def stall(self, ticks: int) -> Network:
        """Nothing arrives for so long, and then all of it."""
        self._stalled = self._tick + ticks
        return self.run(ticks)

    def run(self, ticks: int) -> Network:
        for _ in range(ticks):
            self._send()
            arrived = [one for one in self._flying if one[0] <= self._tick and self._tick >= self._stalled]
            self._flying = [one for one in self._flying if one not in arrived]
            for moment, sequence, number, payload in sorted(arrived):
                part = max(0.0, moment - self._tick + 1)
                self.buffer.push(sequence & 0xFFFF, number * 960 & 0xFFFFFFFF, payload, part=part)
            self._hear(self.buffer.pop(self._hangover == 0))
            if self.buffer.shed(self._hangover == 0):
                self._hear(self.buffer.pop())
            self.depths.append(self.buffer.depth)
            self._tick += 1
        return self

    def _send(self) -> None:
        while (moment := self._number * self._pace + self._phase) <= self._tick:
            place = self._number % (self.TALK + self.PAUSE)
            talks = place < self.TALK or not self._pauses
            if talks or not self._dtx or place == self.TALK:
                if self._random.random() >= self._loss:
                    late = moment + 2 + self._random.random() * self._jitter
                    payload = self._number.to_bytes(4, "big") if talks else b"\x08\0\0" if not self._dtx else b"\x08"
                    self._flying.append((late, self._sequence, self._number, payload))
                self._sequence += 1
            self._number += 1

    def _hear(self, item: Held | Missing) -> None:
        talks = isinstance(item, Held) and len(item.payload) == 4
        self._hangover = 25 if talks else max(0, self._hangover - (item is not LOST))
        if talks or item is LOST:
            self.played.append(played(item))


@pytest.mark.parametrize("ppm", [200, -200])
@pytest.mark.parametrize("dtx", [False, True], ids=["noise", "dtx"])
def test_a_clock_that_is_200_ppm_off_is_absorbed_without_growth_or_gaps(ppm: int, dtx: bool) -> None:
    network = Network(ppm, jitter=0.2, dtx=dtx).run(30_000)  # 10 minutes
    spoken = [number for number in range(29_900) if number % 260 < 200]
    assert network.played[: len(spoken)] == spoken
    assert network.buffer.counters.late == network.buffer.counters.overflow == 0
    assert max(network.depths[1000:]) <= 3


@pytest.mark.slow
@pytest.mark.timeout(120)
@given(st.floats(-200, 200), st.floats(0, 0.4), st.booleans(), st.floats(0, 1))
@settings(max_examples=2, phases=[Phase.explicit, Phase.generate])
def test_drift_is_absorbed_for_hours(ppm: float, jitter: float, dtx: bool, phase: float) -> None:
    network = Network(ppm, jitter, dtx=dtx, phase=phase).run(2 * 180_000)
    spoken = [number for number in range(2 * 180_000 - 200) if number % 260 < 200]
    assert network.played[: len(spoken)] == spoken
    assert max(network.depths[1000:]) <= 4


@pytest.mark.parametrize("ppm", [2000, -2000])
def test_without_any_pause_drift_costs_a_frame_at_a_time(ppm: int) -> None:
    network = Network(ppm, pauses=False).run(10_000)
    assert max(network.depths[1000:]) <= FAR + 3
    lost = sum(item is LOST for item in network.played)
    heard = [item for item in network.played if item is not LOST]
    assert heard == sorted(set(heard))
    assert lost <= 25
    assert network.buffer.counters.skipped <= 25
    assert network.buffer.counters.overflow == 0


@pytest.mark.parametrize(("jitter", "depth"), [(0, 1), (1, 2), (2, 3), (5, 6), (8, 9)])
def test_the_depth_follows_the_jitter(jitter: float, depth: int) -> None:
    network = Network(jitter=jitter).run(3000)
    assert depth <= network.depths[-1] <= depth + 1
    settled = [item for item in network.played if item is LOST or item > 1000]
    assert settled.count(LOST) <= len(settled) * 0.02


@pytest.mark.parametrize("length", [5, 8])
def test_a_stall_now_and_then_does_not_keep_it_deep(length: int) -> None:
    network = Network(jitter=0.2).run(1000)
    for _ in range(3):
        network.stall(length).run(300)  # until after the next pause
        assert network.depths[-1] <= 3
        network.run(740 - length)
    heard = [item for item in network.played if item is not LOST]
    assert heard == sorted(set(heard))
    assert len(heard) >= sum(number % 260 < 200 for number in range(4000)) - 3 * length


def test_a_network_that_stalls_all_the_time_is_waited_for() -> None:
    network = Network(jitter=0.2, pauses=False)
    for _ in range(100):
        network.stall(5).run(25)
    assert network.depths[-1] >= 5
    settled = network.played[-1000:]
    assert settled.count(LOST) <= 20


def test_a_calm_network_makes_it_shallow_again() -> None:
    network = Network(jitter=6).run(1500)
    assert network.depths[-1] >= 6
    network._jitter = 0.2
    network.run(1500)
    assert network.depths[-1] <= 2
    assert network.buffer.counters.skipped > 0


def test_loss_makes_it_wait_for_the_packet_that_repairs() -> None:
    network = Network(jitter=0.4, loss=0.05)
    repairable = 0
    for tick in range(3000):
        before = network.buffer.counters.lost
        network.run(1)
        repairable += tick > 1000 and network.buffer.counters.lost > before and network.buffer.following() is not None
    assert repairable > 0.85 * 0.05 * 2000 * 200 / 260


def test_a_frame_that_is_lost_every_six_seconds_is_enough_to_wait_for_what_repairs_it() -> None:
    # Where lost packets come again only few stay lost; what repairs those is as much in time as where all stay lost.
    buffer, losses = JitterBuffer(), range(500, 6000, 300)
    repairable = 0
    for number in range(6000):
        if number not in losses:
            push(buffer, number)
        quiet = number % 260 >= 230
        lost = buffer.pop(quiet) is LOST and number > losses[0] + 260
        repairable += lost and buffer.following() is not None
        if buffer.shed(quiet):
            buffer.pop()
    assert repairable == len(losses) - 1


def test_nobody_hears_the_depth_change_while_somebody_talks() -> None:
    network = Network(jitter=1.5).run(2000)
    before = network.buffer.counters.skipped
    network._pauses, network._jitter = False, 0.2
    network.run(2000)
    assert network.buffer.counters.skipped == before


def test_missing_packets_are_named_while_they_can_still_be_played() -> None:
    buffer = JitterBuffer()
    for number in (0, 1, 4, 5, 7):
        push(buffer, number, start=65_530)
    buffer.pop()
    assert [number & 0xFFFF for number in buffer.missing()] == [65_532, 65_533, 0]
    run(buffer, 2)
    assert [number & 0xFFFF for number in buffer.missing()] == [65_533, 0]
    push(buffer, 3, start=65_530)
    assert [number & 0xFFFF for number in buffer.missing()] == [0]


STEP = st.one_of(
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)),
    st.integers(0, 40).map(lambda number: (number, number * 960)),
    st.none(),
)


FOUND = [(1, 960), *((n, n * 960) for n in (6, 8, 9, 10)), (0, 0), *((0, n * 960) for n in (2, 3, 4, 5, 7))]


@given(st.lists(STEP, max_size=200))
@settings(max_examples=200)
@example(FOUND)
def test_whatever_comes_it_holds_no_more_than_its_maximum(steps: list[tuple[int, int] | None]) -> None:
    buffer = JitterBuffer()
    for step in steps:
        if step is None:
            buffer.pop()
        else:
            buffer.push(*step, b"payload")
        assert len(buffer) <= MAXIMUM
        assert len(buffer.missing()) <= MAXIMUM * MAXIMUM


@given(st.permutations(range(8)), st.sets(st.integers(1, 6)), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1))
def test_each_frame_of_a_shuffled_burst_is_played_or_lost_in_its_place(
    order: list[int], missing: set[int], sequence: int, timestamp: int
) -> None:
    buffer = JitterBuffer()
    order = [0] + [number for number in order if number and number not in missing]
    for number in order:
        payload = number.to_bytes(4, "big")
        buffer.push(sequence + number & 0xFFFF, timestamp + number * 960 & 0xFFFFFFFF, payload)
    last = max(order)
    assert run(buffer, last + 1) == [LOST if number in missing else number for number in range(last + 1)]


def test_a_lost_packet_is_played_from_its_copy_in_its_place() -> None:
    buffer = filled(3)
    assert run(buffer, 1) == [0]
    assert [buffer.lacks(number) for number in (2, 3, 4)] == [False, True, True]
    buffer.recover(3, 3 * 960, (3).to_bytes(4, "big"))
    push(buffer, 4)
    assert run(buffer, 4) == [1, 2, 3, 4]
    assert (buffer.counters.recovered, buffer.counters.lost, buffer.counters.duplicate) == (1, 0, 0)


def test_a_copy_that_was_quicker_than_its_packet_is_no_loss() -> None:
    buffer = filled(3)
    buffer.recover(3, 3 * 960, (3).to_bytes(4, "big"))
    push(buffer, 4)
    push(buffer, 3)
    assert run(buffer, 5) == [0, 1, 2, 3, 4]
    assert (buffer.counters.recovered, buffer.counters.duplicate) == (0, 0)
    push(buffer, 4)
    assert buffer.counters.duplicate == 1


def test_a_copy_that_comes_too_late_is_dropped_and_ends_nothing() -> None:
    buffer = filled(3)
    push(buffer, 4)
    assert run(buffer, 4) == [0, 1, 2, LOST]
    for _ in range(60):
        buffer.recover(3, 3 * 960, (3).to_bytes(4, "big"))
    push(buffer, 5)
    assert run(buffer, 2) == [4, 5]
    assert (buffer.counters.late, buffer.counters.restarted, buffer.counters.recovered) == (0, 0, 0)


def test_a_copy_begins_no_timeline() -> None:
    """Neither the first one nor another: the packet that it came in may be no sound at all."""
    buffer = JitterBuffer()
    assert not buffer.lacks(3)
    buffer.recover(3, 3 * 960, b"copy")
    assert run(buffer, 2) == [SILENT, SILENT]
    push(buffer, 0)
    run(buffer, 1)
    buffer.recover(1000, 1_000_000, b"far away")
    run(buffer, 30)
    push(buffer, 1)
    assert buffer.counters.restarted == 0
    assert buffer.counters.recovered == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["push", "recover", "pop"]),
            st.integers(0, 0xFFFF),
            st.integers(0, 0xFFFFFFFF),
            st.integers(1, 4),
        ),
        max_size=60,
    )
)
def test_no_order_of_packets_and_copies_breaks_the_buffer(steps: list[tuple[str, int, int, int]]) -> None:
    buffer = JitterBuffer()
    for what, sequence, timestamp, span in steps:
        if what == "pop":
            buffer.pop()
        elif what == "push":
            buffer.push(sequence, timestamp, b"abcd", span=span)
        elif buffer.lacks(sequence):
            buffer.recover(sequence, timestamp, b"abcd", span)
    assert len(buffer) <= MAXIMUM + 4


def test_copies_make_the_buffer_wait_for_copies_and_no_longer() -> None:
    """One packet in ten is lost, and comes with the next: one frame later."""
    buffer, out = JitterBuffer(), []
    for number in range(600):
        if number % 10 != 9:
            if number % 10 == 0 and number:
                buffer.recover(number - 1 & 0xFFFF, (number - 1) * 960, (number - 1).to_bytes(4, "big"))
            push(buffer, number)
        out.append(played(buffer.pop(quiet=number < 100)))
    assert [item for item in out[200:] if isinstance(item, Missing)] == []
    assert buffer.depth <= TARGET + 1
