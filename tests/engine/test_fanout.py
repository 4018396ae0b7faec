"""The fan-out: every listener decrypts everything, by libsrtp's judgement, and no packet index ever comes twice."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import secrets
import socket
import time
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from spacesctl.engine.fanout.fanout import Fanout
from spacesctl.engine.fanout.slot_fanout import SlotFanout
from spacesctl.engine.fanout.srtp_batch import KINDS, CmBatch, CompiledBatch, GcmBatch
from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport import datagrams
from spacesctl.engine.transport import udp_port as port_module
from spacesctl.engine.transport.addresses import TransportAddress
from spacesctl.engine.transport.datagrams import SKIPPED, Rows, UdpRows, sockaddr
from spacesctl.engine.transport.udp_port import BEFORE, LEAST, UdpPort
from spacesctl.rtc import red, rtp, sealing
from spacesctl.rtc.red import Copy, Redundant
from spacesctl.rtc.rtp import RtpPacket
from spacesctl.rtc.sealing import SealingError
from spacesctl.rtc.srtp import AES_128_CM, AES_128_GCM, LAST_INDEX, Keys, Srtp

SSRC = 0xDEADBEEF
PAYLOAD_TYPES = (111, 96)
WAYS = {GcmBatch: AES_128_GCM, CmBatch: AES_128_CM} | ({CompiledBatch: AES_128_GCM} if sealing.COMPILED else {})


class Wires:
    """Stands where the socket is: datagrams by address. What is in `refused` is not taken."""

    def __init__(self) -> None:
        self.arrived: dict[TransportAddress, list[bytes]] = {}
        self.refused: set[TransportAddress] = set()

    def rows(self, size: int) -> Rows:
        return Rows(size)

    def send_rows(self, rows: Rows, count: int) -> int:
        taken = 0
        for row in range(count):
            address = rows.address(row)
            if address not in self.refused:
                taken += 1
                self.arrived.setdefault(address, []).append(bytes(rows.datagram(row)))
        return taken


class Listener:
    """Knows the keys, and refuses what libsrtp refuses: what is not authentic, and what came before."""

    def __init__(
        self,
        number: int,
        way: type[SubscriberBatch] = GcmBatch,
        payload_type: int = 111,
        first: int = 0,
        asks: bool = False,
        red: int = 0,
    ) -> None:
        profile = WAYS[way]
        keys = Keys(profile, secrets.token_bytes(30), secrets.token_bytes(30))
        self.address = ("203.0.113.1", number)
        self.payload_type = payload_type
        self.first = first
        self.way = way
        self.subscription = Subscription(
            Srtp(keys).outgoing(SSRC, first), payload_type, SSRC, self.address, asks, red=red
        )
        self.ear = Srtp(Keys(profile, keys.remote, keys.local))
        self.sequences: list[int] = []

    def join(self, fanout: Fanout | SlotFanout) -> None:
        """Sit in one, sealed for as this listener is."""
        with mock.patch.object(sealing, "COMPILED", self.way is CompiledBatch):
            fanout.add(self.subscription)

    def hear(self, wires: Wires) -> list[RtpPacket]:
        """What arrived since, opened and parsed."""
        packets = [rtp.parse(self.ear.unprotect(one)) for one in wires.arrived.pop(self.address, [])]
        self.sequences += [one.sequence for one in packets]
        return packets


class Crowds(RuleBasedStateMachine):
    """Listeners join, leave, move between two groups, miss packets and pass the turn of their sequence numbers."""

    @initialize()
    def begin(self) -> None:
        self.wires = Wires()
        self.groups = [Fanout(self.wires), Fanout(self.wires)]
        self.where: dict[Listener, int] = {}
        self.expected: dict[Listener, int] = {}
        self.indices: dict[TransportAddress, set[int]] = {}
        self.tick = 0

    @rule(
        group=st.integers(0, 1),
        way=st.sampled_from(list(WAYS)),
        payload_type=st.sampled_from(PAYLOAD_TYPES),
        first=st.sampled_from([0, 5, (1 << 15) - 1]),
    )
    def join(self, group: int, way: type[SubscriberBatch], payload_type: int, first: int) -> None:
        listener = Listener(len(self.indices) + 1000, way, payload_type, first)
        self.where[listener] = group
        self.expected[listener] = first
        self.indices[listener.address] = set()
        listener.join(self.groups[group])

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.where:
            listener = data.draw(st.sampled_from(list(self.where)))
            self.groups[self.where.pop(listener)].remove(listener.subscription)
            assert listener.subscription.batch is None
            assert listener.subscription.outgoing.index == self.expected[listener]

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        if self.where:
            listener = data.draw(st.sampled_from(list(self.where)))
            self.groups[self.where[listener]].remove(listener.subscription)
            self.where[listener] ^= 1
            listener.join(self.groups[self.where[listener]])

    @rule(group=st.integers(0, 1), size=st.integers(1, 1275), lost=st.booleans())
    def send(self, group: int, size: int, lost: bool) -> None:
        self.tick += 1
        payload = secrets.token_bytes(size)
        here = [listener for listener, place in self.where.items() if place == group]
        self.wires.refused = {listener.address for listener in here[::2]} if lost else set()
        counted = self.groups[group].send(payload, self.tick * 960, 0.0)
        assert counted == (len(here) - len(self.wires.refused), len(self.wires.refused))
        for listener in here:
            index = self.expected[listener]
            assert index not in self.indices[listener.address]
            self.indices[listener.address].add(index)
            self.expected[listener] = index + 1
            heard = listener.hear(self.wires)
            if listener.address in self.wires.refused:
                assert heard == []
                continue
            [packet] = heard
            assert packet == rtp.RtpPacket(
                listener.payload_type, False, index & 0xFFFF, self.tick * 960, SSRC, payload, None
            )
        assert self.wires.arrived == {}, "and nobody else was sent anything"

    @invariant()
    def everybody_sits_once(self) -> None:
        for number, fanout in enumerate(self.groups):
            subscriptions = list(fanout)
            assert len(subscriptions) == len(set(subscriptions)) == len(fanout)
            assert set(subscriptions) == {one.subscription for one, place in self.where.items() if place == number}
        for listener in self.where:
            assert listener.subscription.packets == self.expected[listener] - listener.first


Crowds.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestCrowds = Crowds.TestCase


@pytest.mark.parametrize("way", WAYS)
def test_a_listener_hears_on_over_two_turns_of_the_sequence_and_a_move(way: type[SubscriberBatch]) -> None:
    wires = Wires()
    here, there = Fanout(wires), Fanout(wires)
    listener, other = Listener(1, way), Listener(2, way, first=900)
    for one in (listener, other):
        one.join(here)
    where, expected = here, 0
    for _ in range(8):
        for number in range(300):
            where.send(b"opus", number * 960, 0.0)
            assert [one.sequence for one in listener.hear(wires)] == [expected & 0xFFFF]
            expected += 1
        where.remove(listener.subscription)
        expected += 32_468  # as many as a receiver may miss without losing count of the turns
        listener.subscription.outgoing.index = expected
        where = there if where is here else here
        listener.join(where)
    assert expected == 4 << 16
    other.hear(wires)


@pytest.mark.parametrize("way", WAYS)
def test_who_loses_much_gets_each_packet_twice_and_nobody_else(way: type[SubscriberBatch]) -> None:
    wires = Wires()
    fanout = SlotFanout(wires)
    calm, cannot = Listener(1, way, red=63), Listener(2, way)
    lossy = [Listener(3, way, red=63), Listener(4, way, red=63), Listener(5, way, payload_type=96, red=97)]
    everybody = [calm, cannot, *lossy]
    for one in (*lossy, cannot):
        one.subscription.losses.is_lossy = True
    for one in everybody:
        one.join(fanout)
    assert len(fanout) == len(list(fanout)) == 5
    assert [fanout.send(said, number * 960, 0.0) for number, said in enumerate((b"one", b"two"))] == [(5, 0)] * 2
    for one in (calm, cannot):
        assert [(packet.payload_type, packet.payload) for packet in one.hear(wires)] == [(111, b"one"), (111, b"two")]
    for one in lossy:
        packets = one.hear(wires)
        assert {packet.payload_type for packet in packets} == {one.subscription.red}
        assert [red.parse(packet.payload, one.payload_type) for packet in packets] == [
            Redundant(b"one"),
            Redundant(b"two", (Copy(960, b"one"),)),
        ]
    fanout.remove(lossy[0].subscription)
    lossy[0].subscription.losses.is_lossy = False
    lossy[0].join(fanout)
    fanout.send(b"three", 1920, 0.0)
    [packet] = lossy[0].hear(wires)
    assert (packet.payload_type, packet.payload, packet.sequence) == (111, b"three", 2)
    for one in everybody:
        fanout.remove(one.subscription)
    assert len(fanout) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, LAST_INDEX + 10), min_size=2, max_size=6))
def test_an_index_is_handed_back_higher_or_not_at_all(given: list[int]) -> None:
    outgoing = Listener(1).subscription.outgoing
    for following in given:
        before = outgoing.index
        if before <= following <= LAST_INDEX:
            outgoing.index = following
            continue
        with pytest.raises(AssertionError):
            outgoing.index = following
        assert outgoing.index == before


def test_nobody_sits_in_two_batches_nor_is_sent_by_two_counters() -> None:
    listener = Listener(1)
    listener.join(Fanout(Wires()))
    with pytest.raises(AssertionError, match="same indices"):
        listener.join(Fanout(Wires()))
    srtp = Srtp(Keys(AES_128_GCM, bytes(28), bytes(28)))
    srtp.outgoing(SSRC, 0)
    with pytest.raises(AssertionError):
        srtp.outgoing(SSRC, 0)
    with pytest.raises(AssertionError):
        srtp.protect(rtp.header(111, 0, 0, SSRC) + b"opus")


@pytest.mark.skipif(CompiledBatch not in WAYS, reason="there was no C compiler when spacesctl was installed")
@pytest.mark.parametrize("sitting", [0, 2, 4], ids=["nobody", "a block with room", "a full block"])
def test_who_gets_no_cipher_does_not_sit_and_nobody_else_minds(monkeypatch: pytest.MonkeyPatch, sitting: int) -> None:
    wires = Wires()
    fanout, others = Fanout(wires), [Listener(number, CompiledBatch) for number in range(1, sitting + 1)]
    for one in others:
        one.join(fanout)
    left_out = Listener(99, CompiledBatch)
    with monkeypatch.context() as patched:
        patched.setattr(sealing._library, "spacesctl_key", lambda *_given: 0)
        with pytest.raises(SealingError):
            left_out.join(fanout)
    assert (left_out.subscription.batch, list(fanout)) == (None, [one.subscription for one in others])
    fanout.send(b"opus", 960, 0.0)
    assert [len(one.hear(wires)) for one in others] == [1] * sitting
    for one in others:
        fanout.remove(one.subscription)
    assert len(fanout) == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_cipher_that_fails_in_the_middle_leaves_no_index_to_be_used_again(way: type[SubscriberBatch]) -> None:
    wires, listener = Wires(), Listener(1, way)
    block = way(Rows(4))
    block.add(listener.subscription)
    with pytest.raises(ValueError):
        block.send(bytes(1400), 0, wires, 0.0)
    block.send(b"opus", 960, wires, 0.0)
    assert [one.sequence for one in listener.hear(wires)] == [1]


@pytest.mark.parametrize("way", WAYS)
def test_every_block_but_the_last_is_full(way: type[SubscriberBatch]) -> None:
    fanout = Fanout(Wires())
    listeners = [Listener(number, way) for number in range(100)]
    for one in listeners:
        one.join(fanout)
    assert [block.count for block in fanout._batches[way]] == [4, 16, 64, 16]
    for one in listeners[::3]:
        fanout.remove(one.subscription)
    assert [block.count for block in fanout._batches[way]] == [4, 16, 46]
    for one in listeners:
        fanout.remove(one.subscription)
    assert fanout._batches == {kind: [] for kind in KINDS}


def test_what_was_sent_is_counted_for_reports_through_a_move() -> None:
    wires, listener = Wires(), Listener(1, first=7)
    here, there = Fanout(wires), Fanout(wires)
    listener.join(here)
    here.send(bytes(10), 960, 0.0)
    here.send(bytes(20), 1920, 0.0)
    here.remove(listener.subscription)
    listener.join(there)
    assert (listener.subscription.packets, listener.subscription.octets, listener.subscription.last[0]) == (2, 30, 1920)
    there.send(bytes(5), 2880, 0.0)
    assert (listener.subscription.packets, listener.subscription.octets, listener.subscription.last[0]) == (3, 35, 2880)


ADDRESSES = {"127.0.0.1": (socket.AF_INET, ("127.0.0.1",)), "::1": (socket.AF_INET6, ("::1", 0, 0))}


def bound(host: str) -> tuple[socket.socket, TransportAddress]:
    """A socket at `host` that waits a second, and its address as the kernel tells it."""
    ear = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind((host, 0))
    ear.settimeout(1)
    return ear, ear.getsockname()


@pytest.mark.parametrize("batched", [True, False], ids=["sendmmsg", "sendto"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_rows_arrive_over_both_protocols_with_and_without_sendmmsg(
    monkeypatch: pytest.MonkeyPatch, host: str, batched: bool
) -> None:
    monkeypatch.setattr("spacesctl.engine.transport.udp_port.HAS_SENDMMSG", batched and datagrams.HAS_SENDMMSG)
    port, (ear, address) = UdpPort(host, 0), bound(host)
    with ear, port._socket:
        rows = UdpRows(3)
        for row in range(3):
            rows.set_address(row, address)
        for length in (12, 15):  # what is longer or shorter than before lies elsewhere
            rows.lay_out(3, length)[:] = np.arange(3)[:, None]
            assert port.send_rows(rows, 2) == 2
            assert [ear.recv(20) for _ in range(2)] == [bytes(length), bytes([1] * length)]


def test_an_ipv6_socket_reaches_ipv4() -> None:
    port, (ear, address) = UdpPort("::", 0), bound("127.0.0.1")
    with ear, port._socket:
        rows = UdpRows(1)
        rows.set_address(0, ("::ffff:127.0.0.1", address[1], 0, 0))
        rows.lay_out(1, 14)
        assert port.send_rows(rows, 1) == 1
        assert ear.recv(20) == bytes(14)


def test_an_address_has_its_scope() -> None:
    packed = sockaddr(("fe80::1%eth0", 5000, 0, 3))
    assert len(packed) == 28
    assert packed[2:4] == (5000).to_bytes(2, "big")
    assert packed[24] == 3


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENETUNREACH, errno.EPERM])
def test_rows_that_the_kernel_refuses_are_lost_and_the_rest_is_sent(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    seen = []

    def sendmmsg(descriptor: int, at: Any, count: int, flags: int) -> int:
        seen.append(count)
        if len(seen) == 2:
            ctypes.set_errno(code)
            return -1
        return min(count, 10)

    monkeypatch.setattr(datagrams, "_sendmmsg", sendmmsg)
    given_up = SKIPPED if code == errno.EAGAIN else 1
    assert UdpRows(64).send(0, 64) == 64 - given_up
    assert seen[:3] == [64, 54, 54 - given_up]


def test_a_port_reads_some_datagrams_in_every_turn_though_a_tick_is_overdue() -> None:
    async def body() -> None:
        port, taken = UdpPort("127.0.0.1", 0), []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            for number in range(LEAST + 40):
                mouth.sendto(number.to_bytes(2, "big"), port.address)
            port.start(lambda data, source: taken.append(data), lambda: 0.0)
            await asyncio.sleep(0)
            while not taken:
                await asyncio.sleep(0)
            assert LEAST <= len(taken) <= LEAST + 8
            port.close()

    asyncio.run(body())


def reading(left: float, enough: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    """Of one datagram and of three that follow, what a port has read when there is `enough`, or after a while; what went wrong."""
    failed = []

    async def body() -> list[bytes]:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
        port, taken = UdpPort("127.0.0.1", 0), []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            port.start(lambda data, source: taken.append(data), lambda: time.monotonic() + left)
            mouth.sendto(b"1", port.address)
            while not taken:
                await asyncio.sleep(0)
            for data in (b"2", b"3", b"4"):
                mouth.sendto(data, port.address)
            for _ in range(20):
                if len(taken) >= enough:
                    break
                await asyncio.sleep(0.01)
            port.close()
            await asyncio.sleep(0.06)
        return taken

    return asyncio.run(body()), failed


@pytest.mark.parametrize(
    ("gather", "left", "enough", "read"),
    [
        (60.0, 90.0, 2, [b"1"]),
        (0.05, 90.0, 4, [b"1", b"2", b"3", b"4"]),
        (60.0, 2 * BEFORE, 4, [b"1", b"2", b"3", b"4"]),
        (60.0, BEFORE / 2, 4, [b"1", b"2", b"3", b"4"]),
        (0.05, 90.0, 1, [b"1"]),
    ],
    ids=["too soon", "after a while", "before a tick", "just before a tick", "closed meanwhile"],
)
def test_a_port_reads_one_datagram_at_once_and_what_follows_soon_together(
    monkeypatch: pytest.MonkeyPatch, gather: float, left: float, enough: int, read: list[bytes]
) -> None:
    monkeypatch.setattr(port_module, "GATHER", gather)
    assert reading(left, enough) == (read, [])
