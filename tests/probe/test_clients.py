"""Small parts of the clients: sockets over TCP, the voice that is sent, and the network they are on."""

from __future__ import annotations

import asyncio
import socket
import struct

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from spacesctl.audio.opus import FRAME, Pcm
from spacesctl.probe import aiortc_peer, transports
from spacesctl.probe.aiortc_peer import AiortcListener, VoiceTrack, own_address
from spacesctl.probe.description import Description, NotConnected
from spacesctl.probe.probe_listener import MEASURED_TICKS, ProbeListener

SOUND = np.arange(1, 2 * FRAME + 101, dtype=np.int16)


@pytest.mark.parametrize("size", [1, 3, 1000], ids=["byte by byte", "in pieces", "at once"])
def test_datagrams_over_tcp_have_their_borders_however_they_come(size: int) -> None:
    got: list[tuple[bytes, tuple[str, int]]] = []
    framing = transports.Framing(lambda data, source: got.append((data, source)))
    data = b"".join(struct.pack(">H", len(each)) + each for each in (b"one", b"", b"three"))
    for at in range(0, len(data), size):
        framing.data_received(data[at : at + size])
    assert [each for each, _ in got] == [b"one", b"", b"three"]


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
def test_a_client_sends_and_receives_over_either_transport(tcp: bool) -> None:
    async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        said = await reader.readexactly(length)
        writer.write(struct.pack(">H", length) + said.upper())
        await reader.read()
        writer.close()

    class OverUdp(asyncio.DatagramProtocol):
        def connection_made(self, transport: object) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            assert isinstance(self.transport, asyncio.BaseTransport)
            self.transport.sendto(data.upper(), addr)  # type: ignore[attr-defined]  # it is one for datagrams

    async def main() -> None:
        got: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        if tcp:
            server = await asyncio.start_server(over_tcp, "127.0.0.1", 0)
            address = server.sockets[0].getsockname()
        else:
            udp, _ = await loop.create_datagram_endpoint(OverUdp, local_addr=("127.0.0.1", 0))
            address = udp.get_extra_info("sockname")
        here = await transports.connect(address, lambda *each: got.put_nowait(each), tcp=tcp)
        here.sendto(b"hello")
        assert await asyncio.wait_for(got.get(), 5) == (b"HELLO", address)
        here.close()
        if isinstance(here, transports.Framed):
            await asyncio.wait_for(here.lost.wait(), 5)
            server.close()
            await server.wait_closed()
        else:
            udp.close()

    asyncio.run(main())


def test_a_port_that_nobody_uses_is_no_error_for_datagrams() -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            address = free.getsockname()
        here = await transports.connect(address, lambda *_: None)
        for _ in range(3):
            here.sendto(b"anybody")
            await asyncio.sleep(0.01)
        here.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("loop", "third"),
    [(True, SOUND[np.arange(2 * FRAME, 3 * FRAME) % len(SOUND)]),
     (False, np.concatenate((SOUND[2 * FRAME :], np.zeros(FRAME - 100, np.int16))))],
    ids=["repeated", "once"],
)  # fmt: skip
def test_a_voice_is_sent_frame_by_frame_and_then_again_or_not(loop: bool, third: Pcm) -> None:
    async def main() -> None:
        track = VoiceTrack(SOUND, loop=loop)
        frames = [await track.recv() for _ in range(3)]
        assert [frame.pts for frame in frames] == [0, FRAME, 2 * FRAME]
        assert np.array_equal(frames[0].to_ndarray()[0], SOUND[:FRAME])
        assert np.array_equal(frames[2].to_ndarray()[0], third)
        track.stop()
        with pytest.raises(MediaStreamError):
            await track.recv()
        assert track.sent == 3

    asyncio.run(main())


@pytest.mark.parametrize(
    ("routed", "own"), [("192.0.2.7", "192.0.2.7"), ("127.0.0.1", None), (OSError("unreachable"), None)]
)
def test_the_own_address_is_that_of_the_route_to_elsewhere(
    monkeypatch: pytest.MonkeyPatch, routed: str | OSError, own: str | None
) -> None:
    class Asking:
        def __init__(self, *_: object) -> None:
            pass

        def __enter__(self) -> Asking:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def setblocking(self, _: bool) -> None:
            return

        def connect(self, _: object) -> None:
            if isinstance(routed, OSError):
                raise routed

        def getsockname(self) -> tuple[object, int]:
            return routed, 5

    monkeypatch.setattr(aiortc_peer.socket, "socket", Asking)  # type: ignore[attr-defined]  # which it imports
    assert own_address() == own


def test_a_listener_that_never_connected_has_no_packets_and_can_be_closed_twice() -> None:
    async def main() -> None:
        listener = AiortcListener(lambda *_: None)
        await listener.offer()
        assert (await listener.packets_received(), await listener.packets_lost()) == (0, 0)
        with pytest.raises(TimeoutError):
            await listener.joined(0.01)
        await listener.close()
        await listener.close()
        await asyncio.wait_for(listener.closed.wait(), 5)
        assert listener.state == "closed"

    asyncio.run(main())


def test_a_description_without_candidates_has_no_address() -> None:
    with pytest.raises(NotConnected, match="candidate"):
        Description("u", "p", "AA").address()


def test_of_a_long_demo_the_first_minutes_are_kept_and_all_ticks_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MEASURED_TICKS == 9000
    monkeypatch.setattr("spacesctl.probe.probe_listener.MEASURED_TICKS", 3)
    listener = ProbeListener("lanes", None)
    assert len(listener.heard().sound) == 0
    for tick in (10, 11, 13, 14, 90):
        listener.take(tick, np.full(320, tick, np.int16))
    assert (listener.decoded, listener.seconds) == (81, 1.62)
    heard = listener.heard()
    assert (heard.first, len(heard.sound)) == (10, 4 * 320)
    assert not heard.sound[2 * 320 : 3 * 320].any(), "tick 12 did not arrive"
