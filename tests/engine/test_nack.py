"""Lost packets are asked for, and sent again, as long as it is in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.subscription import KEPT, MAX_PER_NACK, MAX_RESENDS
from spacesctl.engine.messages import FLAG_LOST, OpenLane, Output, PeerJoined
from spacesctl.engine.peers.nack import FARTHEST, MAX_REQUESTS, PATIENCE, UNKNOWN, NackRequester
from spacesctl.rtc import demux, rtcp, rtp
from spacesctl.rtc.rtcp import Echo
from tests.engine.caller import Caller
from tests.engine.studio import SPACE, Frames, Studio, run, studio
from tests.engine.test_end_to_end import SAID
from tests.engine.test_fanout import Listener, Wires
from tests.typed import sure


def test_a_missing_packet_is_asked_for_now_and_again_after_the_round_trip() -> None:
    asking = NackRequester()
    assert asking.due([65_537, 65_538], 10.0) == [1, 2]
    assert asking.due([65_537], 10.02) == []
    assert asking.due([65_537], 10.001 + UNKNOWN + PATIENCE) == [1]
    assert asking.due([65_537], 10.5) == [1]
    assert asking.due([65_537], 11.0) == []
    assert asking.due([65_537], 20.0) == []


def test_what_was_forgotten_may_be_asked_for_in_the_next_turn() -> None:
    asking = NackRequester()
    for _ in range(MAX_REQUESTS):
        asking.due([5], 10.0)
    asking.due([6], 20.0)
    assert asking.due([65_541], 20.1) == [5]


def test_what_takes_too_long_is_not_asked_for() -> None:
    asking = NackRequester()
    for number in range(20):
        asking.due([number], number)
        asking.came(number, number + 0.3)
    assert sure(asking.round_trip) > FARTHEST
    assert asking.due([100], 50.0) == []


def test_the_round_trip_is_learned_from_answers_and_from_echoes() -> None:
    asking = NackRequester()
    asking.due([1], 5.0)
    asking.came(1, 5.06)
    asking.came(2, 9.0)
    assert asking.round_trip == pytest.approx(0.06)
    asked = rtcp.middle_of(1_700_000_000.0)
    asking.echoed(Echo(9, asked, 65_536), 1_700_000_001.02)
    assert asking.round_trip == pytest.approx(0.055, abs=0.001)
    asking.echoed(Echo(9, 0, 0), 1_700_000_001.02)
    asking.echoed(Echo(9, asked, 0), 1_700_000_900.0)
    assert asking.round_trip == pytest.approx(0.055, abs=0.001)


def test_a_listener_gets_the_same_bytes_again_a_few_times_and_nothing_that_is_too_old() -> None:
    wires, listener = Wires(), Listener(1, first=32_000, asks=True)
    fanout = Fanout(wires)
    fanout.add(Listener(2).subscription)
    fanout.add(listener.subscription)
    for number in range(KEPT + 10):
        fanout.send(number.to_bytes(4, "big"), number * 960, 0.0)
    sent, seat = wires.arrived[listener.address], listener.subscription
    assert seat.again([32_000, 32_009, 32_000 + KEPT + 10]) == []
    assert seat.again([32_010, 32_000 + KEPT + 9]) == [sent[10], sent[-1]]
    assert [len(seat.again([32_010])) for _ in range(MAX_RESENDS)] == [1] * (MAX_RESENDS - 1) + [0]
    assert len(seat.again(range(32_011, 32_060))) == MAX_PER_NACK
    assert Listener(3).subscription.again([0]) == []


def test_what_a_listener_was_sent_elsewhere_or_another_on_its_row_is_not_sent_again() -> None:
    wires, first, second = Wires(), Listener(1, asks=True), Listener(2, asks=True)
    here, there = Fanout(wires), Fanout(wires)
    here.add(first.subscription)
    for fanout in (here, here, there):
        fanout.send(b"opus", 0, 0.0)
    here.remove(first.subscription)
    here.add(second.subscription)
    there.add(first.subscription)
    assert first.subscription.again([0, 1]) == second.subscription.again([0, 1, 65_535]) == []
    there.send(b"opus", 960, 0.0)
    assert first.subscription.again([1, 2]) == [wires.arrived[first.address][-1]]


def test_as_much_sound_is_kept_of_long_packets_and_no_more() -> None:
    wires, listener = Wires(), Listener(1, asks=True)
    fanout = Fanout(wires)
    fanout.add(listener.subscription)
    for number in range(40):
        fanout.send(bytes(400), number * 6 * 960, 0.0)
    block: Any = listener.subscription.batch
    assert sum(row.nbytes > 0 for row in block._past) <= KEPT // 6 + 1
    seat, sent = listener.subscription, wires.arrived[listener.address]
    assert seat.again([39, 31]) == [sent[39], sent[31]]
    assert seat.again([20]) == []
    for number in range(3):  # short ones again: what is gone is gone
        fanout.send(b"opus", 40 * 6 * 960 + number * 960, 0.0)
    assert seat.again([20, 39]) == [sent[39]]


def test_nothing_is_kept_for_those_who_never_ask() -> None:
    wires, asking = Wires(), Listener(1, asks=True)
    fanout = Fanout(wires)
    fanout.add(Listener(2).subscription)
    fanout.add(asking.subscription)
    fanout.send(b"opus", 0, 0.0)
    block: Any = asking.subscription.batch
    assert len(block._past) == KEPT
    fanout.remove(asking.subscription)
    fanout.send(b"opus", 960, 0.0)
    assert block._past == []


class Forgetful(Caller):
    """A speaker whose packets get lost, all but one in eight, and who sends again what it is asked for."""

    def begin(self) -> None:
        self.by_sequence: dict[int, bytes] = {}
        self.asked: list[int] = []

    def speak(self, number: int) -> None:
        assert self.srtp
        self.by_sequence[number] = self.srtp.protect(
            rtp.header(111, number, number * 960, 7) + SAID[number % len(SAID)]
        )
        if number % 8 != 3:
            self.transport.sendto(self.by_sequence[number])

    def datagram_received(self, data: bytes, addr: object) -> None:
        if demux.kind(data) is not demux.Kind.RTCP or self.srtp is None:
            super().datagram_received(data, addr)
            return
        for item in rtcp.parse(self.srtp.unprotect_rtcp(data)):
            if isinstance(item, rtcp.Nack):
                self.asked += item.sequences
                for number in item.sequences:
                    self.transport.sendto(self.by_sequence[number])


class Closing:
    """Lets the studio hang up, also when a test fails."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def close(self) -> None:
        self.caller.hang_up()


async def join(space: Studio, caller: Caller, nack: bool = True) -> None:
    ready = space.engine.ready
    space.peers.append(Closing(caller))
    await space.engine.send(replace(caller.added(), nack=nack))
    await caller.call((ready.host, ready.port), ready.fingerprint)
    await space.until(PeerJoined, lambda joined: joined.peer == caller.name)


TRIES = 3
"""Where the machine stands still, a packet is due before it can be missed, and is not asked for: then once more."""


async def spoken(nack: bool) -> tuple[Forgetful, int, int]:
    """A second and a half of speech through a lossy network: the speaker, how many ticks were lost, and what the engine counted."""
    async with studio() as space:
        await space.engine.send(OpenLane(SPACE, 5, heard=True))
        caller = Forgetful("p", SPACE, lane=5, up=True)
        caller.begin()
        await join(space, caller, nack)
        began = asyncio.get_running_loop().time()
        for number in range(75):
            await asyncio.sleep(max(0.0, began + number * 0.02 - asyncio.get_running_loop().time()))
            caller.speak(number)
        lost = sum(bool(flags & FLAG_LOST) for frames in space.of(Frames) for _, flags, _ in frames.lanes)
        return caller, lost, (await space.stats()).counters.get("packets_asked_again", 0)


@pytest.mark.alone
def test_what_a_speaker_sends_again_is_heard() -> None:
    async def body() -> None:
        for _ in range(TRIES):
            caller, lost, counted = await spoken(nack=True)
            assert set(caller.asked) <= set(range(3, 75, 8))
            assert counted == len(caller.asked)
            if len(caller.asked) >= 6 and lost <= 3:
                return
        raise AssertionError(f"in {TRIES} tries too little was asked for or heard: {caller.asked}, {lost} lost")

    run(body)


@pytest.mark.alone
def test_what_a_speaker_does_not_send_again_is_not_asked_for() -> None:
    async def body() -> None:
        caller, lost, counted = await spoken(nack=False)
        assert (caller.asked, counted) == ([], 0)
        assert lost >= 6

    run(body)


def test_a_listener_is_sent_the_same_bytes_again() -> None:
    async def body() -> None:
        async with studio() as space:
            caller = Caller("p", SPACE, group=Output.AUDIENCE)
            caller.keep = False
            datagrams = []

            def heard(data: bytes, _source: object) -> None:
                if demux.kind(data) is demux.Kind.RTP:
                    datagrams.append(data)
                Caller.datagram_received(caller, data, _source)

            caller.datagram_received = heard  # type: ignore[method-assign]  # the test listens in
            await join(space, caller)
            await space.engine.send(OpenLane(SPACE, 5, heard=True))
            await asyncio.sleep(0.3)
            wanted = datagrams[-3]
            sequence, ssrc = int.from_bytes(wanted[2:4], "big"), int.from_bytes(wanted[8:12], "big")
            for source in (ssrc ^ 1, ssrc):
                caller.transport.sendto(sure(caller.srtp).protect_rtcp(rtcp.nack(7, source, [sequence])))
            async with asyncio.timeout(5):
                while datagrams.count(wanted) < 2:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            assert datagrams.count(wanted) == 2

    run(body)
