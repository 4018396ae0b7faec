"""Lost packets are asked for, and sent again, as long as it is in time."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from spacesctl.media.messages import AUDIENCE, FLAG_LOST, OpenLane, PeerJoined
from spacesctl.media.resending import AT_ONCE, FARTHEST, KEPT, PATIENCE, RESENT, UNKNOWN, Asking, History
from spacesctl.rtc import demux, rtcp, rtp
from spacesctl.rtc.rtcp import Echo
from tests.media.caller import Caller
from tests.media.studio import SPACE, Frames, run, studio
from tests.media.test_end_to_end import SAID


def test_a_missing_packet_is_asked_for_now_and_again_after_the_round_trip():
    asking = Asking()
    assert asking.due([65_537, 65_538], 10.0) == [1, 2]
    assert asking.due([65_537], 10.02) == []
    assert asking.due([65_537], 10.001 + UNKNOWN + PATIENCE) == [1]
    assert asking.due([65_537], 10.5) == [1]
    assert asking.due([65_537], 11.0) == []
    assert asking.due([65_537], 20.0) == []


def test_what_was_forgotten_may_be_asked_for_in_the_next_turn():
    asking = Asking()
    for _ in range(RESENT):
        asking.due([5], 10.0)
    asking.due([6], 20.0)
    assert asking.due([65_541], 20.1) == [5]


def test_what_takes_too_long_is_not_asked_for():
    asking = Asking()
    for number in range(20):
        asking.due([number], number)
        asking.came(number, number + 0.3)
    assert asking.round_trip > FARTHEST
    assert asking.due([100], 50.0) == []


def test_the_round_trip_is_learned_from_answers_and_from_echoes():
    asking = Asking()
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


def datagram(sequence):
    return rtp.header(111, sequence, 0, 1) + sequence.to_bytes(4, "big")


def test_a_history_gives_back_what_was_sent_a_few_times():
    history = History()
    for number in range(65_500, 65_500 + KEPT + 10):
        history.keep(datagram(number & 0xFFFF))
    assert history.again([65_500, 65_509]) == []
    assert history.again([65_510, 38]) == [datagram(65_510)]
    assert [len(history.again([65_510])) for _ in range(RESENT)] == [1] * (RESENT - 1) + [0]
    assert len(history.again(range(65_511, 65_536))) == AT_ONCE


class Forgetful(Caller):
    """A speaker whose packets get lost, all but one in eight, and who sends again what it is asked for."""

    def begin(self):
        self.by_sequence = {}
        self.asked = []

    def speak(self, number):
        assert self.srtp
        self.by_sequence[number] = self.srtp.protect(
            rtp.header(111, number, number * 960, 7) + SAID[number % len(SAID)]
        )
        if number % 8 != 3:
            self.transport.sendto(self.by_sequence[number])

    def datagram_received(self, data, addr):
        if demux.kind(data) is not demux.Kind.RTCP or self.srtp is None:
            super().datagram_received(data, addr)
            return
        for item in rtcp.parse(self.srtp.unprotect_rtcp(data)):
            if isinstance(item, rtcp.Nack):
                self.asked += item.sequences
                for number in item.sequences:
                    self.transport.sendto(self.by_sequence[number])


async def join(space, caller, nack=True):
    ready = space.engine.ready
    await space.engine.send(replace(caller.added(), nack=nack))
    await caller.call((ready.host, ready.port), ready.fingerprint)
    await space.until(PeerJoined, lambda joined: joined.peer == caller.name)


@pytest.mark.parametrize("nack", [True, False])
def test_what_a_speaker_sends_again_is_heard(nack):
    async def body():
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
            counters = (await space.stats()).counters
            if nack:
                assert set(caller.asked) == set(range(3, 75, 8))
                assert lost <= 2
                assert counters["packets_asked_again"] == len(caller.asked) >= 7
            else:
                assert caller.asked == []
                assert lost >= 6
            caller.hang_up()

    run(body)


def test_a_listener_is_sent_the_same_bytes_again():
    async def body():
        async with studio() as space:
            caller = Caller("p", SPACE, group=AUDIENCE)
            caller.keep = False
            datagrams = []

            def heard(data, addr):
                if demux.kind(data) is demux.Kind.RTP:
                    datagrams.append(data)
                Caller.datagram_received(caller, data, addr)

            caller.datagram_received = heard
            await join(space, caller)
            await space.engine.send(OpenLane(SPACE, 5, heard=True))
            await asyncio.sleep(0.3)
            wanted = datagrams[-3]
            sequence, ssrc = int.from_bytes(wanted[2:4], "big"), int.from_bytes(wanted[8:12], "big")
            for source in (ssrc, ssrc ^ 1):
                caller.transport.sendto(caller.srtp.protect_rtcp(rtcp.nack(7, source, [sequence])))
            await asyncio.sleep(0.2)
            assert datagrams.count(wanted) == 2
            caller.hang_up()

    run(body)
