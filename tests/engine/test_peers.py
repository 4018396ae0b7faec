"""Peers in memory: a whole stack without a socket, and time that the test sets."""

from __future__ import annotations

import asyncio
import gc
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from unittest import mock

import msgspec
import pytest
from aioice import stun

from spacesctl.audio.opus import FRAME, Encoder
from spacesctl.engine.clock import SpaceClock
from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.messages import ExpectProbe, FromEngine, OpenSpace, Output, PeerJoined, PeerLeft, RestartIce
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.lane import BURST
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.peers import handshakes as handshakes_module
from spacesctl.engine.peers import peer as peer_module
from spacesctl.engine.peers import registry as peers_module
from spacesctl.engine.peers.handshakes import GATHER, MAX_QUEUED, Handshakes
from spacesctl.engine.peers.ice_agent import MAX_PROBES, PROBE_SECONDS
from spacesctl.engine.peers.peer import MAX_PATHS, Peer
from spacesctl.engine.peers.registry import REPORT_TICKS, SWEEP_TICKS, PeerRegistry
from spacesctl.engine.peers.source import GIVEN_UP, GIVEN_UP_IN_SILENCE, SourceChoice
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import Rows
from spacesctl.engine.transport.ports import Ports
from spacesctl.rtc import demux, rtcp, rtp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from spacesctl.rtc.sealing import SealingError
from spacesctl.rtc.srtp import Outgoing, Srtp
from spacesctl.rtc.stun_answers import Answers
from tests.engine.caller import Caller
from tests.listening import voice
from tests.typed import sure

HERE = Identity()
SPEECH = [Encoder().encode(frame) for frame in voice(1, 1.0).reshape(-1, FRAME)]
SPACE = "space"
SOURCE = ("203.0.113.5", 1000)


class Wire:
    """Stands where the socket is, for the engine's side and for one caller."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.told: list[FromEngine] = []
        self.ahead = 0.0  # seconds that the engine's clock is ahead of this machine's
        self.sent: list[tuple[bytes, Any]] = []
        self.rooms = {SPACE: Room(OpenSpace(SPACE, 0.0, 0, 7), SpaceClock(0), self.metrics, Ports(self, self.send))}
        self.peers = PeerRegistry(
            HERE, self.rooms, self.metrics, self.send, self.told.append, lambda: time.monotonic() + 1, self.now
        )
        self.callers: dict[Any, Caller] = {}
        self.source = SOURCE

    def now(self) -> float:
        return time.monotonic() + self.ahead

    def send(self, data: bytes, target: TransportAddress) -> bool:
        self.sent.append((data, target))
        if target in self.callers:
            self.callers[target].datagram_received(data, target)
        return True

    def rows(self, size: int) -> Rows:
        return Rows(size)

    def send_rows(self, rows: Rows, count: int) -> int:
        return sum(self.send(bytes(rows.datagram(row)), rows.address(row)) for row in range(count))

    def sendto(self, data: bytes) -> None:
        self.peers.receive(data, self.source)

    def close(self) -> None:
        pass

    async def call(self, caller: Caller, fingerprint: str | None = None) -> Caller:
        assert self.peers.add(caller.added(fingerprint))
        self.callers[self.source] = caller
        caller.transport = self
        caller.check()
        caller.dtls = Dtls(sure(caller.identity), "client", [("sha-256", HERE.fingerprint)])
        caller.dtls.start()
        caller._flush()
        for _ in range(20):
            await asyncio.sleep(0)
        return caller


def in_memory(test: Callable[[Wire], Awaitable[None]]) -> None:
    async def body() -> None:
        await test(Wire())

    with mock.patch.object(handshakes_module, "GATHER", 0.0):  # here nobody waits for the others
        asyncio.run(body())


def with_a_wire(test: Callable[[Wire], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        in_memory(test)

    run.__name__ = test.__name__
    return run


def test_a_peer_joins_hears_and_leaves() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        assert wire.told == [PeerJoined("p")]
        for number in range(5):
            wire.rooms[SPACE].run(number, 0.0)
        packets = [rtp.parse(one) for one in caller.packets]
        assert [one.timestamp for one in packets] == [number * 960 for number in range(5)]
        first = packets[0].sequence
        assert first < 1 << 15
        assert [one.sequence for one in packets] == list(range(first, first + 5))
        assert {one.ssrc for one in packets} == {7}
        caller.hang_up()
        await asyncio.sleep(0)
        assert wire.told[1:] == [PeerLeft("p", "closed")]
        assert wire.rooms[SPACE].is_idle

    in_memory(body)


def test_nothing_of_a_peer_that_left_waits_for_the_garbage_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy engine never collects everything: what is in a cycle stays, some kilobytes for each who came and went."""
    monkeypatch.setattr(peers_module, "REST", 0.0)

    def here() -> list[str]:
        kinds = (Peer, Srtp, Outgoing, Subscription, Dtls, Answers)
        return [type(one).__name__ for one in gc.get_objects() if isinstance(one, kinds)]

    async def body(wire: Wire) -> None:
        gc.collect()
        before = sorted(here())
        caller = await wire.call(Caller("p", SPACE))
        for number in range(5):
            wire.rooms[SPACE].run(number, 0.0)
        for number in range(REPORT_TICKS):
            wire.peers.tick(number, 0.0, wire.now())
        assert any(demux.kind(data) is Kind.RTCP for data, _ in wire.sent)
        assert len(here()) > len(before) + 5
        assert wire.peers.remove("p")
        wire.callers.clear()
        wire.sent.clear()
        del caller
        assert wire.rooms[SPACE].is_idle
        assert sorted(here()) == before

    gc.disable()
    try:
        in_memory(body)
    finally:
        gc.enable()


def test_a_flight_that_was_lost_is_sent_again_by_the_tick() -> None:
    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE)
        wire.peers.add(caller.added())
        caller.transport = wire
        caller.check()
        caller.dtls = Dtls(sure(caller.identity), "client", [("sha-256", HERE.fingerprint)])
        caller.dtls.start()
        caller._flush()
        await asyncio.sleep(0)  # our answer goes nowhere: the caller is not on the wire yet
        wire.callers[wire.source] = caller
        await asyncio.sleep(1.05)
        wire.peers.tick(1, 0.0, wire.now())
        for _ in range(20):
            await asyncio.sleep(0)
        assert wire.told == [PeerJoined("p")]

    in_memory(body)


def test_we_take_the_clients_part_when_the_offer_is_passive() -> None:
    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE)
        assert wire.peers.add(msgspec.structs.replace(caller.added(), dtls="client"))
        caller.transport = wire
        caller.dtls = Dtls(sure(caller.identity), "server", [("sha-256", HERE.fingerprint)])
        wire.callers[wire.source] = caller
        caller.check()
        for _ in range(20):
            await asyncio.sleep(0)
        assert wire.told == [PeerJoined("p")]
        wire.rooms[SPACE].run(0, 0.0)
        assert len(caller.packets) == 1

    in_memory(body)


def test_a_peer_that_is_removed_hears_a_goodbye_and_nothing_else() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        assert wire.peers.remove("p")
        assert caller.was_hung_up_on
        before = len(wire.sent)
        wire.rooms[SPACE].run(0, 0.0)
        caller.check()
        assert len(wire.sent) == before
        assert not wire.peers.remove("p")
        assert len(wire.peers) == 0

    in_memory(body)


def test_the_end_of_a_space_ends_its_peers() -> None:
    async def body(wire: Wire) -> None:
        await wire.call(Caller("p", SPACE))
        wire.peers.end(SPACE)
        assert wire.told[-1] == PeerLeft("p", "ended")

    in_memory(body)


def test_another_certificate_does_not_get_in() -> None:
    async def body(wire: Wire) -> None:
        await wire.call(Caller("p", SPACE), fingerprint=HERE.fingerprint)
        assert wire.told == [PeerLeft("p", "handshake")]
        assert wire.rooms[SPACE].is_idle

    in_memory(body)


@pytest.mark.parametrize(("joined", "reason"), [(True, "consent"), (False, "handshake")])
def test_a_peer_that_is_silent_for_thirty_seconds_is_gone(
    joined: bool, reason: Literal["consent", "handshake"]
) -> None:
    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE)
        if joined:
            await wire.call(caller)
        else:
            wire.peers.add(caller.added())
        peer = wire.peers._peers["p"]
        peer.checked = peer.added = time.monotonic() - peer_module.CONSENT + 1
        wire.peers.tick(SWEEP_TICKS, 0.0, wire.now())
        assert PeerLeft("p", reason) not in wire.told
        peer.checked = peer.added = time.monotonic() - peer_module.CONSENT - 0.1
        wire.peers.tick(SWEEP_TICKS + 1, 0.0, wire.now())
        assert PeerLeft("p", reason) not in wire.told
        wire.peers.tick(SWEEP_TICKS * 2, 0.0, wire.now())
        assert wire.told[-1] == PeerLeft("p", reason)

    in_memory(body)


def test_a_peer_rests_ten_seconds_after_its_handshake_and_is_heard_and_hung_up_on_all_the_same() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        peer = wire.peers._peers["p"]
        wire.peers.tick(1, 0.0, wire.now())
        assert sure(peer.dtls)._connection is not None
        wire.ahead = peer_module.REST + 1
        wire.peers.tick(2, 0.0, wire.now())
        assert sure(peer.dtls)._connection is None
        wire.rooms[SPACE].run(0, 0.0)
        assert len(caller.packets) == 1
        wire.peers.remove("p")
        assert caller.was_hung_up_on

    in_memory(body)


def test_few_peers_rest_in_one_tick() -> None:
    async def body(wire: Wire) -> None:
        for number in range(peers_module.RESTS + 3):
            wire.source = ("203.0.113.9", number + 1)
            await wire.call(Caller(f"p{number}", SPACE))
        wire.ahead = peer_module.REST + 1
        left = []
        for number in (1, 2):
            wire.peers.tick(number, 0.0, wire.now())
            left.append(sum(sure(peer.dtls)._connection is not None for peer in wire.peers._peers.values()))
        assert left == [3, 0]

    in_memory(body)


def test_a_resting_peer_that_may_have_said_goodbye_is_gone_soon_unless_it_checks() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        peer = wire.peers._peers["p"]
        peer.rest()
        caller.hang_up()
        await asyncio.sleep(0)
        peer.checked = time.monotonic() - peer_module.DOUBTED + 1
        wire.peers.tick(SWEEP_TICKS, 0.0, wire.now())
        assert PeerLeft("p", "consent") not in wire.told
        peer.checked = time.monotonic() - peer_module.DOUBTED - 1
        wire.peers.tick(SWEEP_TICKS, 0.0, wire.now())
        assert wire.told[-1] == PeerLeft("p", "consent")

    in_memory(body)


def test_a_check_renews_consent_and_a_wrong_one_does_not() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        peer = wire.peers._peers["p"]
        peer.checked = 0.0
        caller.check(pwd="x" * 24)
        assert peer.checked == 0.0
        assert wire.metrics.counters["dropped_stun"] == 1
        assert wire.peers.ice_agent.ice.refused["unauthenticated"] == 1
        caller.check()
        assert peer.checked > 0.0

    in_memory(body)


def test_who_sends_with_the_keys_of_the_handshake_is_there_and_a_forger_is_not() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(1, True)
        caller = await wire.call(Caller("p", SPACE, up=True, lane=1))
        peer = wire.peers._peers["p"]
        peer.checked = 0.0
        caller.send_raw(bytes((0x80, 111, 0, 1)) + bytes(40))
        assert peer.checked == 0.0
        caller.say(1, b"\xf8\xff\xfe")
        assert peer.checked > 0.0
        peer.checked = 0.0
        caller.send_raw(sure(caller.srtp).protect_rtcp(rtcp.sender_report(7, 0.0, 0, 1, 1, "x")))
        assert peer.checked > 0.0

    in_memory(body)


def test_a_nominated_check_from_a_new_address_moves_the_peer() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        wire.source = ("203.0.113.6", 2000)
        wire.callers[wire.source] = caller
        caller.check()
        wire.sent.clear()
        wire.rooms[SPACE].run(0, 0.0)
        assert [target for _, target in wire.sent] == [wire.source]

    in_memory(body)


def test_a_peer_remembers_few_paths() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        for port in range(2000, 2050):
            wire.source = ("203.0.113.6", port)
            caller.check()
        assert len(wire.peers.ice_agent._by_address) <= MAX_PATHS
        wire.peers.remove("p")
        assert wire.peers.ice_agent._by_address == {}

    in_memory(body)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\x16" + bytes(20), "unknown_source"), (b"\x80\x6f" + bytes(20), "unknown_source"), (b"\x80\xc8" + bytes(20), "unknown_source"),
     (b"GET / HTTP/1.1", "unknown_protocol"), (b"", "unknown_protocol"), (bytes(20), "stun")],
)  # fmt: skip
def test_strangers_get_no_state_and_no_answer(data: bytes, reason: str) -> None:
    async def body(wire: Wire) -> None:
        wire.sendto(data)
        assert wire.sent == []
        assert wire.peers.ice_agent._by_address == {}
        assert wire.metrics.counters[f"dropped_{reason}"] == 1

    in_memory(body)


def test_nine_sources_one_after_the_other_are_all_heard() -> None:
    async def body(wire: Wire) -> None:
        room = wire.rooms[SPACE]
        room.open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        heard = []
        tick = 0
        for source in range(9):
            frames = 0
            for packet in range(100):
                wire.ahead += 0.02
                caller.say(packet + source * 7_000, SPEECH[packet % len(SPEECH)], ssrc=100 + source)
                told = room.run(tick, wire.now())
                tick += 1
                frames += bool(told and any(payload for _, _, payload in told.lanes))
            heard.append(frames)
        assert min(heard) >= 80, heard
        assert wire.metrics.counters["dropped_other_source"] == 8 * GIVEN_UP

    in_memory(body)


def test_of_two_sources_at_once_the_elder_is_heard_and_the_other_counted() -> None:
    async def body(wire: Wire) -> None:
        room = wire.rooms[SPACE]
        room.open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        heard = 0
        for packet in range(200):
            wire.ahead += 0.02
            caller.say(packet, SPEECH[packet % len(SPEECH)], ssrc=1)
            caller.say(40_000 + packet, SPEECH[0], ssrc=2)
            told = room.run(packet, wire.now())
            heard += bool(told and any(payload for _, _, payload in told.lanes))
        assert heard >= 190
        assert wire.metrics.counters["dropped_other_source"] == 200
        assert sure(wire.peers._peers["p"].reception).ssrc == 1

    in_memory(body)


def test_after_a_goodbye_another_source_is_heard_at_once() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        caller.say(1, SPEECH[0], ssrc=1)
        caller.send_raw(sure(caller.srtp).protect_rtcp(struct.pack(">BBHI", 0x81, 203, 1, 1)))
        caller.say(1, SPEECH[0], ssrc=2)
        assert wire.metrics.counters["dropped_other_source"] == 0
        assert sure(wire.peers._peers["p"].reception).ssrc == 2

    in_memory(body)


def test_a_source_that_announced_silence_is_waited_for_longer() -> None:
    choice = SourceChoice()
    assert choice.admits(1, 2)
    assert [choice.admits(2, 80) for _ in range(GIVEN_UP_IN_SILENCE)] == [False] * GIVEN_UP_IN_SILENCE
    assert choice.admits(1, 2), "the elder goes on"
    assert [choice.admits(2, 80) for _ in range(GIVEN_UP_IN_SILENCE + 1)][-1]


def test_what_a_speaker_must_not_send_is_dropped_by_its_reason() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        counters = wire.metrics.counters
        caller.say(1, b"\xf8\xff\xfe")
        assert counters["packets_dropped"] == 0
        caller.send_raw(caller.sent[-1])
        assert counters["dropped_replayed"] == 1
        changed = bytearray(sure(caller.srtp).protect(rtp.header(111, 2, 0, 7) + b"\xf8\xff\xfe"))
        changed[-1] ^= 1
        caller.send_raw(bytes(changed))
        caller.send_raw(b"\x80\x6f" + bytes(40))
        assert counters["dropped_not_authentic"] == 2
        caller.say(3, b"\x03")
        assert counters["dropped_not_opus"] == 1
        caller.sent.append(sure(caller.srtp).protect(rtp.header(96, 4, 0, 7) + b"\xf8\xff\xfe"))
        caller.send_raw(caller.sent[-1])
        assert counters["dropped_payload_type"] == 1
        wire.rooms[SPACE].close_lane(3)
        caller.say(5, b"\xf8\xff\xfe")
        assert counters["dropped_no_lane"] == 1

    in_memory(body)


def test_what_comes_faster_than_anybody_speaks_is_dropped_and_counted() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        for number in range(1000):
            caller.say(number, b"\xf8\xff\xfe")
        taken = 1000 - wire.metrics.counters["dropped_too_fast"]
        assert BURST / 0.02 <= taken < 600

    in_memory(body)


def test_a_listener_that_sends_is_not_heard() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        caller.say(1, b"\xf8\xff\xfe")
        assert wire.metrics.counters["dropped_unexpected"] == 1

    in_memory(body)


def test_a_newer_peer_takes_over_the_lane() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(3, True)
        lane_of = wire.rooms[SPACE].lanes[3]
        old = await wire.call(Caller("old", SPACE, lane=3, up=True))
        wire.source = ("203.0.113.7", 1)
        new = await wire.call(Caller("new", SPACE, lane=3, up=True))
        assert lane_of.feeder == "new"
        new.say(1, b"\xf8\xff\xfe")
        wire.source = SOURCE
        old.say(1, b"\xf8\xff\xfe")
        assert wire.metrics.counters["dropped_no_lane"] == 1
        wire.source = ("203.0.113.7", 1)
        wire.peers.remove("new")
        wire.source = SOURCE
        old.say(2, b"\xf8\xff\xfe")
        assert lane_of.feeder == "old"

    in_memory(body)


def test_a_lane_that_opens_after_its_peer_is_fed() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        wire.rooms[SPACE].open_lane(3, True)
        caller.say(1, b"\xf8\xff\xfe")
        assert wire.rooms[SPACE].lanes[3].feeder == "p"

    in_memory(body)


def test_reports_go_every_five_seconds_and_losses_are_heeded() -> None:
    async def body(wire: Wire) -> None:
        got: list[Any] = []
        caller = await wire.call(Caller("p", SPACE))
        normal = caller.datagram_received

        def receive(data: bytes, _source: object) -> None:
            if demux.kind(data) is Kind.RTCP:
                got.extend(rtcp.parse(sure(caller.srtp).unprotect_rtcp(data)))
            else:
                normal(data, _source)

        caller.datagram_received = receive  # type: ignore[method-assign]  # the test listens in
        wire.rooms[SPACE].run(0, 0.0)
        for number in range(1, 2 * REPORT_TICKS + 1):
            wire.peers.tick(number, 1_700_000_000.0, wire.now())
        assert [one.ssrc for one in got] == [7, 7]
        block = rtcp.Block(ssrc=7, fraction=64, lost=1, highest=2)
        wire.sendto(sure(caller.srtp).protect_rtcp(rtcp.receiver_report(99, block, "x")))
        assert sure(wire.peers._peers["p"].subscription).losses.share == 0.25
        wire.sendto(b"\x80\xc9" + bytes(40))
        assert wire.metrics.counters["dropped_not_authentic"] == 1

    in_memory(body)


def test_a_name_or_ufrag_that_is_taken_is_refused() -> None:
    async def body(wire: Wire) -> None:
        added = Caller("p", SPACE).added()
        assert wire.peers.add(added)
        assert not wire.peers.add(added)
        assert not wire.peers.add(Caller("q", "elsewhere").added())
        assert not wire.peers.move("nobody", 1)

    in_memory(body)


def test_handshakes_wait_for_the_tick_and_are_bounded() -> None:
    async def body() -> None:
        taken, due = [], time.monotonic() + 0.03
        queue = Handshakes(lambda name, data: taken.append(time.monotonic()), lambda: due)
        for _ in range(MAX_QUEUED + 5):
            queue.put("p", b"x")
        assert queue.dropped == 5
        await asyncio.sleep(0.06)
        stopped = len(taken)
        assert all(moment < due for moment in taken[:-1]), "but for the one that every tick has"
        due = time.monotonic() + 60
        while len(taken) < MAX_QUEUED:
            await asyncio.sleep(0.01)
        assert stopped <= len(taken)

    asyncio.run(body())


def test_who_comes_alone_is_taken_at_once_and_those_who_follow_soon_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes_module, "GATHER", 60.0)

    async def body() -> None:
        taken = []
        queue = Handshakes(lambda name, _data: taken.append(name), lambda: time.monotonic() + 90)
        for name in ("first", "second", "third"):
            queue.put(name, b"x")
            await asyncio.sleep(0.01)
        assert taken == ["first"]

    asyncio.run(body())


def test_those_who_wait_for_one_another_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes_module, "GATHER", 0.05)

    async def body() -> None:
        taken = []
        queue = Handshakes(lambda name, _data: taken.append((name, time.monotonic())), lambda: time.monotonic() + 90)
        queue.put("first", b"x")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for name in ("second", "third"):
            queue.put(name, b"x")
        while len(taken) < 3:
            assert len(taken) == 1
            await asyncio.sleep(0)
        assert [name for name, _ in taken] == ["first", "second", "third"]
        assert taken[1][1] - taken[0][1] > 0.9 * 0.05

    asyncio.run(body())


def test_a_step_that_fails_stops_nobody_elses_handshake() -> None:
    async def body() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context["exception"]))
        taken: list[str] = []
        failed: list[Exception] = []

        def take(name: str, _data: bytes) -> None:
            if name == "bad":
                raise ValueError(name)
            taken.append(name)

        queue = Handshakes(take, lambda: time.monotonic() + 60)
        for name in ("bad", "good"):
            queue.put(name, b"x")
        await asyncio.sleep(2 * GATHER)
        assert taken == ["good"]
        queue.put("better", b"x")
        await asyncio.sleep(2 * GATHER)
        assert taken == ["good", "better"]
        assert [str(error) for error in failed] == ["bad"]

    asyncio.run(body())


def test_handshakes_go_on_while_every_tick_takes_its_whole_time() -> None:
    async def body() -> None:
        taken, due = [], 0.0
        queue = Handshakes(lambda name, data: taken.append(name), lambda: due)
        for _ in range(10):
            queue.put("p", b"x")
        for number in range(1, 5):
            due = time.monotonic() + number * 1e-6
            before = len(taken)
            await asyncio.sleep(0.01)
            assert len(taken) - before == 1

    asyncio.run(body())


PROBE = ExpectProbe("probe", "a-password-for-the-probe-only", "tester")


def probing(source: tuple[str, int] = SOURCE, password: str = PROBE.local_pwd) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "probe:tester"
    request.add_message_integrity(password.encode())
    return bytes(request)


@with_a_wire
async def test_a_probe_is_told_where_it_came_from_and_becomes_no_peer(wire: Wire) -> None:
    assert wire.peers.ice_agent.expect_probe(PROBE)
    wire.sendto(probing())
    wire.sendto(probing(password="wrong" * 5))
    [(answer, target)] = wire.sent
    assert target == SOURCE
    assert stun.parse_message(answer).attributes["XOR-MAPPED-ADDRESS"] == SOURCE
    assert len(wire.peers) == 0


@with_a_wire
async def test_a_probe_is_answered_for_half_a_minute(wire: Wire) -> None:
    wire.peers.ice_agent.expect_probe(PROBE)
    wire.ahead = PROBE_SECONDS + 1
    wire.peers.tick(SWEEP_TICKS, 0.0, wire.now())
    wire.sendto(probing())
    assert wire.sent == []


@with_a_wire
async def test_only_a_few_may_probe_at_once(wire: Wire) -> None:
    taken = [wire.peers.ice_agent.expect_probe(ExpectProbe(f"p{n}", "x" * 22, "t")) for n in range(MAX_PROBES + 1)]
    assert taken == [True] * MAX_PROBES + [False]


def checking(local: str, remote: str, password: str, source_name: str = "x") -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{local}:{remote}"
    request.add_message_integrity(password.encode())
    return bytes(request)


@with_a_wire
async def test_an_ice_restart_keeps_the_peer_and_the_old_way_until_the_new_one_is_used(wire: Wire) -> None:
    caller = await wire.call(Caller("p", SPACE))
    [name] = wire.peers._peers
    peer = wire.peers._peers[name]
    old = peer.credentials
    assert wire.peers.restart(RestartIce(name, "fresh", "a-fresh-password-of-ours", "theirs2", "x" * 22))
    wire.sent.clear()
    wire.sendto(checking(old.local_ufrag, old.remote_ufrag, old.local_pwd))
    assert len(wire.sent) == 1
    wire.source = ("203.0.113.99", 4000)  # after the restart it comes from elsewhere
    wire.sendto(checking("fresh", "theirs2", "a-fresh-password-of-ours"))
    assert (len(wire.sent), peer.joined) == (2, True)
    wire.source = SOURCE
    wire.sendto(checking(old.local_ufrag, old.remote_ufrag, old.local_pwd))
    assert len(wire.sent) == 2
    assert caller is not None
    wire.peers.remove(name)
    wire.sendto(checking("fresh", "theirs2", "a-fresh-password-of-ours"))
    assert all(target == SOURCE or target[1] == 4000 for _, target in wire.sent)
    assert len(wire.peers.ice_agent._by_ufrag) == 0


@with_a_wire
async def test_a_restart_of_nobody_or_with_a_taken_name_is_refused(wire: Wire) -> None:
    await wire.call(Caller("p", SPACE))
    [name] = wire.peers._peers
    taken = wire.peers._peers[name].credentials.local_ufrag
    assert not wire.peers.restart(RestartIce("nobody", "fresh", "x" * 22, "y", "z" * 22))
    assert not wire.peers.restart(RestartIce(name, taken, "x" * 22, "y", "z" * 22))


@pytest.mark.parametrize("moves", [False, True], ids=["when it joins", "when it moves"])
def test_a_listener_whose_packets_cannot_be_encrypted_leaves_nothing_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    def refuse(self: Fanout, subscription: Subscription) -> None:
        raise SealingError("no cipher")

    async def body(wire: Wire) -> None:
        if not moves:
            monkeypatch.setattr(Fanout, "add", refuse)
        await wire.call(Caller("p", SPACE))
        monkeypatch.setattr(Fanout, "add", refuse)
        if moves:
            assert wire.told == [PeerJoined("p")]
            assert not wire.peers.move("p", Output.STAGE)
        assert wire.told[-1] == PeerLeft("p", "handshake")
        assert len(wire.peers) == 0
        room = wire.rooms[SPACE]
        assert room.is_idle
        assert room._planned() == {}, "nothing is encoded for nobody"

    in_memory(body)
