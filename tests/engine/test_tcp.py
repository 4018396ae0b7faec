"""Peers over TCP: heard and hearing as over UDP, free to change between both; strangers have little there, and not for long."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from spacesctl.audio.opus import Decoder
from spacesctl.engine.messages import FLAG_ACTIVE, OpenLane, PeerJoined, PeerLeft, RemovePeer
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.transport import tcp as streams_module
from spacesctl.engine.transport import udp_port
from spacesctl.engine.transport.addresses import TcpAddress
from spacesctl.engine.transport.tcp import CHECKS, STRANGERS, WAITING, TcpPort
from spacesctl.engine.transport.udp_port import bind, listen
from spacesctl.probe.transports import Framed, Framing
from spacesctl.rtc import rtp
from spacesctl.rtc.frames import framed
from tests.engine.caller import Caller
from tests.engine.studio import SPACE, Frames, run, studio
from tests.engine.test_end_to_end import SAID, VOICES, join, talking
from tests.listening import Sound, likeness
from tests.webrtc import own_address

CHECK = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)


def sequences(caller: Caller) -> list[int]:
    return [rtp.parse(one).sequence for one in caller.packets]


def heard_by(caller: Caller) -> Sound:
    decoder = Decoder()
    return np.concatenate([decoder.decode(rtp.parse(one).payload) for one in caller.packets])


async def count(caller: Caller, more: int) -> None:
    async with asyncio.timeout(5):
        target = caller.count + more
        while caller.count < target:
            await asyncio.sleep(0.01)


def test_a_listener_over_tcp_hears_every_packet() -> None:
    async def body() -> None:
        async with studio(tcp=True) as space, talking(space):
            assert space.engine.ready.tcp == [space.engine.ready.host]
            caller = await join(space, Caller("p", SPACE, tcp=True))
            await count(caller, 100)
            numbers = sequences(caller)
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            assert likeness(np.tile(VOICES[11], 2), heard_by(caller)) > 0.6
            stats = await space.stats()
            counters = stats.counters
            assert (stats.gauges["streams"], counters["streams_accepted"]) == (1, 1)
            assert counters["packets_out_dropped"] == 0
            caller.hang_up()
            assert (await space.until(PeerLeft)).reason == "closed"

    run(body)


def test_a_speaker_over_tcp_is_heard() -> None:
    async def body() -> None:
        async with studio(tcp=True) as space:
            await space.engine.send(OpenLane(SPACE, 5, heard=True))
            caller = await join(space, Caller("p", SPACE, lane=5, up=True, tcp=True))
            for number, payload in enumerate(SAID[:75]):
                caller.say(number, payload)
                await asyncio.sleep(0.02)
            taken = [one for frames in space.of(Frames) for one in frames.lanes]
            assert FLAG_ACTIVE in [flags for _, flags, _ in taken]
            decoder = Decoder()
            heard = np.concatenate([decoder.decode(payload) for _, _, payload in taken if payload])
            assert likeness(heard, VOICES[11][: len(heard)]) > 0.8
            caller.hang_up()

    run(body)


def test_a_listener_keeps_its_session_from_udp_to_tcp_and_back() -> None:
    async def body() -> None:
        async with studio(tcp=True) as space, talking(space):
            address = (space.engine.ready.host, space.engine.ready.port)
            caller = await join(space, Caller("p", SPACE))
            for tcp in (True, True, False):
                await count(caller, 10)
                await caller.move(address, tcp=tcp)
            await count(caller, 10)
            numbers = sequences(caller)
            assert len(set(numbers)) == len(numbers)
            assert numbers == sorted(numbers)
            assert len(space.of(PeerJoined)) == 1
            assert not space.of(PeerLeft)
            caller.hang_up()

    run(body)


def test_a_peer_over_tcp_that_is_removed_hears_a_goodbye() -> None:
    async def body() -> None:
        async with studio(tcp=True) as space:
            caller = await join(space, Caller("p", SPACE, tcp=True))
            await space.engine.send(RemovePeer("p"))
            await space.until(PeerLeft)
            async with asyncio.timeout(5):
                while not caller.was_hung_up_on:
                    await asyncio.sleep(0.01)
            caller.hang_up()

    run(body)


class Door:
    """Connections without an engine: whoever is in `known` is a peer's."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.came: list[tuple[bytes, TcpAddress]] = []
        self.known: set[TcpAddress] = set()
        self.gone: list[TcpAddress] = []
        self.callers: list[Framed] = []
        listening = listen("127.0.0.1", 0)
        self.address = listening[0].getsockname()
        self.streams = TcpPort(listening, self.metrics)
        self.streams.start(
            lambda data, place: self.came.append((data, place)), self.known.__contains__, self.gone.append, lambda: 1e12
        )

    async def call(self) -> Framed:
        loop = asyncio.get_running_loop()
        transport, framing = await loop.create_connection(lambda: Framing(lambda *_: None), *self.address)
        self.callers.append(Framed(transport, framing))
        return self.callers[-1]

    async def friend(self) -> tuple[Framed, TcpAddress]:
        """Somebody whom an authenticated check made known."""
        made = await self.call()
        before = len(self.came)
        made.sendto(CHECK)
        await until(lambda: len(self.came) > before)
        place = self.came[-1][1]
        self.known.add(place)
        made.sendto(CHECK)
        await until(lambda: len(self.came) > before + 1)
        return made, place

    def closed(self, why: str) -> int:
        return self.metrics.counters[f"streams_closed_{why}"]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


def at_a_door(test: Callable[[Door], Awaitable[None]]) -> None:
    async def body() -> None:
        door = Door()
        try:
            await test(door)
        finally:
            door.streams.close()
            for caller in door.callers:
                caller.transport.abort()
                await caller.lost.wait()

    asyncio.run(body())


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03", framed(b"\x80\x6f" + bytes(40)), framed(b""),
     framed(b"\x16\xfe\xfd" + bytes(60)), b"\xff\xff"],
    ids=["http", "tls", "rtp", "nothing", "dtls", "longest"],
)  # fmt: skip
def test_a_stranger_that_says_anything_but_checks_is_closed_at_once_and_not_listened_to(said: bytes) -> None:
    async def body(door: Door) -> None:
        stranger = await door.call()
        stranger.transport.write(said)
        async with asyncio.timeout(5):
            await stranger.lost.wait()
        assert door.closed("rubbish") == 1
        assert door.came == []
        assert len(door.streams) == 0

    at_a_door(body)


def test_a_stranger_has_few_checks() -> None:
    async def body(door: Door) -> None:
        stranger = await door.call()
        stranger.transport.write(framed(CHECK) * (CHECKS + 5))
        async with asyncio.timeout(5):
            await stranger.lost.wait()
        assert len(door.came) == CHECKS

    at_a_door(body)


def test_a_connection_without_an_authenticated_check_is_closed_after_some_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def body(door: Door) -> None:
        stranger = await door.call()
        friend, place = await door.friend()
        door.streams.sweep()
        assert len(door.streams) == 2
        monkeypatch.setattr(streams_module, "PATIENCE", 0.0)
        door.streams.sweep()
        async with asyncio.timeout(5):
            await stranger.lost.wait()
        assert not friend.lost.is_set()
        door.known.clear()  # its peer was removed
        door.streams.sweep()
        door.streams.sweep()
        async with asyncio.timeout(5):
            await friend.lost.wait()
        assert (door.closed("stranger"), door.gone[-1]) == (2, place)

    at_a_door(body)


def test_many_strangers_have_few_places_and_take_them_from_each_other_alone() -> None:
    async def body(door: Door) -> None:
        friend, _ = await door.friend()
        crowd = [await door.call() for _ in range(STRANGERS + 3)]
        await until(lambda: door.metrics.counters["streams_accepted"] == STRANGERS + 4)
        async with asyncio.timeout(5):
            for one in crowd[:3]:
                await one.lost.wait()
        assert len(door.streams) == STRANGERS + 1
        assert not friend.lost.is_set()
        assert not crowd[-1].lost.is_set()

    at_a_door(body)


def test_more_connections_than_there_may_be_are_refused_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(door: Door) -> None:
        monkeypatch.setattr(streams_module, "MOST", 2)
        friends = [await door.friend() for _ in range(2)]
        late = await door.call()
        async with asyncio.timeout(5):
            await late.lost.wait()
        assert door.metrics.counters["streams_refused"] == 1
        assert not any(friend.lost.is_set() for friend, _ in friends)

    at_a_door(body)


def test_a_flood_of_connections_waits_for_the_next_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(door: Door) -> None:
        monkeypatch.setattr(streams_module, "A_SECOND", 3)
        monkeypatch.setattr(streams_module, "PAUSE", 0.02)
        door.streams.sweep()
        accepted = door.metrics.counters
        for _ in range(5):
            await door.call()
        await until(lambda: accepted["streams_accepted"] == 3)
        await asyncio.sleep(0.1)
        assert accepted["streams_accepted"] == 3
        door.streams.sweep()
        await until(lambda: accepted["streams_accepted"] == 5)

    at_a_door(body)


def test_a_connection_that_brings_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(door: Door) -> None:
        friend, _ = await door.friend()
        monkeypatch.setattr(streams_module, "SILENCE", 0.0)
        door.streams.sweep()
        async with asyncio.timeout(5):
            await friend.lost.wait()
        assert door.closed("silent") == 1

    at_a_door(body)


def test_a_slow_listener_loses_whole_packets_and_hears_on_when_it_reads_again() -> None:
    async def body(door: Door) -> None:
        friend, place = await door.friend()
        got: list[bytes] = []
        framing = friend.transport.get_protocol()
        assert isinstance(framing, Framing)
        framing._take = lambda datagram, _: got.append(datagram)
        friend.transport.pause_reading()
        packets = [number.to_bytes(4, "big") * 300 for number in range(20_000)]
        taken = [number for number, packet in enumerate(packets) if door.streams.send(packet, place)]
        assert len(taken) < len(packets), "the network takes no 20 MB at once"
        assert door.metrics.counters["streams_packets_dropped"] == len(packets) - len(taken)
        friend.transport.resume_reading()
        await until(lambda: len(got) == len(taken))
        assert got == [packets[number] for number in taken]
        assert door.streams.send(b"on it goes", place)
        await until(lambda: got[-1] == b"on it goes")
        door.streams.sweep()
        assert not friend.lost.is_set()

    at_a_door(body)


def test_who_stays_too_slow_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(door: Door) -> None:
        friend, place = await door.friend()
        friend.transport.pause_reading()
        while door.streams.send(bytes(1200), place):
            pass
        door.streams.sweep()
        assert len(door.streams) == 1
        monkeypatch.setattr(streams_module, "FULL", 0.0)
        door.streams.sweep()
        assert door.closed("full") == 1
        assert door.gone == [place]
        assert not door.streams.send(b"x", place)

    at_a_door(body)


def test_at_most_half_a_second_waits() -> None:
    assert WAITING * 0.02 <= 0.5


def test_a_tick_that_is_due_comes_before_reading_but_not_for_ever() -> None:
    async def body(door: Door) -> None:
        friend, place = await door.friend()
        connection = door.streams._connections[place]
        before = len(door.came)

        def came_when_told(times: int) -> int:
            """How many datagrams came after the loop told so often that there is something to read."""
            for _ in range(times):
                assert select.select([connection.socket], [], [], 5)[0]  # the loop has no turn meanwhile
                door.streams._readable(connection)
            return len(door.came) - before

        friend.sendto(CHECK)
        assert came_when_told(1) == 1, "no tick is due"
        door.streams._until = lambda: 0.0
        friend.sendto(CHECK)
        assert came_when_told(1) == 1, "the tick comes first"
        assert came_when_told(1) == 2, "but not for ever"
        friend.sendto(CHECK)
        assert came_when_told(1) == 2, "and then a tick again"
        await until(lambda: len(door.came) == before + 3)

    at_a_door(body)


def test_where_another_has_the_port_at_one_address_the_others_are_listened_at() -> None:
    with contextlib.ExitStack() as stack:
        http = stack.enter_context(socket.socket())
        http.bind(("127.0.0.1", 0))
        http.listen()
        found = listen("0.0.0.0", http.getsockname()[1])
        for one in found:
            stack.enter_context(one)
        hosts = {one.getsockname()[0] for one in found}
        assert hosts >= {own_address()} - {"127.0.0.1"}
        assert not any(host.startswith("127.") for host in hosts)
        assert listen("127.0.0.1", http.getsockname()[1]) == []
        again = stack.enter_context(socket.socket())
        again.bind(("0.0.0.0", 0))
        again.listen()
        assert listen("0.0.0.0", again.getsockname()[1]) == []


@pytest.mark.parametrize("outside", [True, False])
def test_a_tcp_port_that_is_taken_is_told_where_others_need_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, outside: bool
) -> None:
    """A machine without another address needs none, and its own HTTP server has the port."""
    monkeypatch.setattr(udp_port, "listen", lambda host, port: [])
    monkeypatch.setattr(udp_port, "_own_addresses", lambda with_ipv6: ["192.0.2.1"] if outside else [])

    async def bound(host: str) -> str:
        caplog.clear()
        udp_port.bind(host, own_free_port(), tcp=True)[0].close()
        return caplog.text

    assert ("is taken" in asyncio.run(bound("0.0.0.0"))) is outside
    assert "is taken" not in asyncio.run(bound("127.0.0.1"))


def own_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_any_port_is_one_that_is_free_over_both() -> None:
    async def body() -> None:
        udp, listening = bind("127.0.0.1", 0, tcp=True)
        assert [one.getsockname() for one in listening] == [udp.address]
        for one in listening:
            one.close()
        udp.close()

    asyncio.run(body())
