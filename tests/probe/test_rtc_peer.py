"""The client that measures voices: what it sends, sends again, hears and passes over, and how it fails to connect."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Encoder
from spacesctl.probe import rtc_peer
from spacesctl.probe.description import NotConnected
from spacesctl.probe.rtc_peer import KEPT, Heard, RtcPeer, decoded
from spacesctl.rtc import rtcp
from spacesctl.rtc.dtls import Identity
from tests.listening import likeness, voice
from tests.probe.answerer import answering, until
from tests.typed import sure

ME = Identity()


def test_what_is_said_arrives_and_what_is_asked_for_again_is_sent_again_with_the_same_bytes() -> None:
    async def body() -> None:
        async with answering() as server:
            async with RtcPeer(ME, "sendonly", nack=True) as peer:
                await peer.call(server.answer(peer.offer()))
                assert peer.fec, "our own answer asks for copies"
                for number in range(5):
                    peer.say(number, bytes([number]))
                await until(lambda: len(server.rtp) == 5)
                first = server.rtp[0].sequence
                assert [one.sequence for one in server.rtp] == [first + number for number in range(5)]
                assert [one.timestamp for one in server.rtp] == [number * FRAME for number in range(5)]
                asked = rtcp.nack(1, server.rtp[0].ssrc, [first + 1, first + 3, first + KEPT // 2])
                server.send(sure(server.srtp).protect_rtcp(asked))
                await until(lambda: len(server.sealed) == 7)
                assert server.sealed[5:] == [server.sealed[1], server.sealed[3]]
                assert peer.resent == 2, "what was never said is not there"
            await until(lambda: server.ended)

    asyncio.run(body())


def test_only_packets_of_its_own_kind_that_are_authentic_are_heard() -> None:
    async def body() -> list[Heard]:
        async with answering() as server, RtcPeer(ME, "recvonly") as peer:
            await peer.call(server.answer(peer.offer()))
            await until(lambda: server.srtp is not None)
            for junk in (b"\x80\x6f" + bytes(30), b"\x80\xc8" + bytes(26), b"\xff\xff"):
                server.send(junk)
            server.send(sure(server.srtp).protect_rtcp(b"\x80\xc8" + bytes(6)))
            server.say(8, b"comfort noise", payload_type=13)
            server.say(9, b"opus")
            await until(lambda: peer.heard)
            return peer.heard

    (heard,) = asyncio.run(body())
    assert (heard.sequence, heard.timestamp, heard.payload) == (9, 9 * FRAME, b"opus")


def test_media_before_the_handshake_are_passed_over() -> None:
    peer = RtcPeer(ME, "recvonly")
    for data in (b"\x80\x6f" + bytes(30), b"\x80\xc8" + bytes(26)):
        peer._received(data, ("127.0.0.1", 1))
    assert (peer.heard, peer.resent) == ([], 0)


@pytest.mark.parametrize(
    ("stun", "dtls", "why"),
    [(False, True, "no check was answered"), (True, False, "the handshake did not end")],
)
def test_how_far_a_call_came_is_told(stun: bool, dtls: bool, why: str) -> None:
    async def body() -> None:
        async with answering(stun=stun, dtls=dtls) as server, RtcPeer(ME, "sendonly") as peer:
            with pytest.raises(NotConnected, match=why):
                await peer.call(server.answer(peer.offer()), seconds=0.5)

    asyncio.run(body())


def test_who_never_called_can_say_nothing_and_leaves_without_a_trace() -> None:
    async def body() -> None:
        async with RtcPeer(ME, "sendonly") as peer:
            with pytest.raises(NotConnected):
                peer.say(0, b"x")

    asyncio.run(body())


def test_its_consent_is_renewed_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtc_peer, "CHECK", 0.01)

    async def body() -> None:
        async with answering() as server, RtcPeer(ME, "sendonly") as peer:
            await peer.call(server.answer(peer.offer()))
            checks = server.checks
            await until(lambda: server.checks >= checks + 3)

    asyncio.run(body())


def heard_of(pcm: np.ndarray[tuple[int, ...], np.dtype[np.int16]], first: int = 65_530) -> list[Heard]:
    """The sound as packets whose sequence numbers run over."""
    encoder = Encoder()
    return [
        Heard(number / 50, first + number & 0xFFFF, number * FRAME, encoder.encode(pcm[at : at + FRAME]))
        for number, at in enumerate(range(0, len(pcm), FRAME))
    ]


def test_packets_out_of_order_missing_or_damaged_leave_the_rest_in_its_place() -> None:
    said = voice(3, 2.0)
    heard = heard_of(said)
    heard[20], heard[21] = heard[21], heard[20]
    heard[40] = heard[40]._replace(payload=b"\xff\xff\xff\x00")
    del heard[60:63]
    pcm, places = decoded(heard)
    assert len(pcm) == len(said)
    assert [place for place, _ in places] == [number * FRAME for number in range(100) if number not in (60, 61, 62)]
    assert [moment for _, moment in places] == [place / FRAME / 50 for place, _ in places]
    assert likeness(pcm, said) > 0.8


def test_a_jump_of_seconds_is_not_filled_and_of_nothing_there_is_no_sound() -> None:
    first, last = heard_of(voice(3, 0.04))
    pcm, places = decoded([first, last._replace(timestamp=48_000 * 60)])
    assert len(pcm) == 2 * FRAME
    assert [place for place, _ in places] == [0, FRAME]
    nothing, nowhere = decoded([])
    assert (len(nothing), nowhere) == (0, [])
