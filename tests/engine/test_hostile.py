"""Who has a certificate that is not the one of the offer, who sends what was sent before, and what a stranger makes us send."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from spacesctl.audio.opus import Encoder
from spacesctl.engine.messages import PeerLeft
from spacesctl.rtc import demux, rtcp
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from tests.engine.caller import Caller
from tests.engine.test_peers import HERE, SOURCE, SPACE, Wire, in_memory
from tests.fuzz.targets import HELLO, RTCP, RTP
from tests.fuzz.test_strangers import STRANGER, check
from tests.listening import voice
from tests.rtc.test_dtls_srtp import sha1_of
from tests.typed import sure

SAID = [Encoder().encode(frame) for frame in voice(1, 0.2).reshape(-1, 960)]


async def knock(wire: Wire, caller: Caller, fingerprints: list[tuple[str, str]], nack: bool = False) -> None:
    """Connect as a peer of whose offer nothing but the fingerprints is known; its end takes the handshake for done."""
    wire.peers.add(replace(caller.added(), remote_fingerprints=fingerprints, nack=nack))
    wire.callers[wire.source] = caller
    caller.transport = wire
    caller.check()
    caller.dtls = Dtls(sure(caller.identity), "client", [("sha-256", HERE.fingerprint)])
    caller.dtls.start()
    caller._flush()
    for _ in range(40):
        await asyncio.sleep(0)


@pytest.mark.parametrize("up", [False, True], ids=["listener", "speaker"])
@pytest.mark.parametrize("which", ["another", "sha-1", "unknown", "none", "cut short"])
def test_without_the_certificate_of_its_offer_nobody_is_sent_or_heard(which: str, up: bool) -> None:
    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE, lane=3 if up else 0, up=up)
        mine = sure(caller.identity)
        given = {
            "another": [("sha-256", Identity().fingerprint)],
            "sha-1": [("sha-1", sha1_of(mine))],
            "unknown": [("crc-32", mine.fingerprint)],
            "none": [],
            "cut short": [("sha-256", mine.fingerprint[:-3])],
        }[which]
        room = wire.rooms[SPACE]
        room.open_lane(3, True)
        await knock(wire, caller, given)
        assert wire.told == [PeerLeft("p", "handshake")]
        if up and caller.srtp is not None:
            caller.say(1, SAID[0])
        for number in range(5):
            room.run(number, 0.0)
            wire.peers.tick(number, 0.0, wire.now())
        assert {demux.kind(data) for data, _ in wire.sent} <= {Kind.STUN, Kind.DTLS}
        assert room.lanes[3].feeder != "p"
        assert caller.packets == []

    in_memory(body)


def test_a_packet_that_was_captured_is_not_heard_again_wherever_it_comes_from() -> None:
    async def body(wire: Wire) -> None:
        wire.rooms[SPACE].open_lane(3, True)
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        pushed: list[int] = []

        def count(sequence: int, *_: object) -> bool:
            pushed.append(sequence)
            return True

        wire.rooms[SPACE].lanes[3].push = count  # type: ignore[assignment,method-assign]  # only counted
        for number, payload in enumerate(SAID):
            caller.say(number, payload)
        assert pushed == list(range(len(SAID)))
        for datagram in caller.sent:
            wire.peers.receive(datagram, SOURCE)
            wire.peers.receive(datagram, STRANGER)
        assert pushed == list(range(len(SAID)))
        counters = wire.metrics.counters
        assert (counters["dropped_replayed"], counters["dropped_unknown_source"]) == (len(SAID), len(SAID))

    in_memory(body)


def test_a_request_for_lost_packets_that_was_captured_makes_us_send_nothing() -> None:
    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE)
        await knock(wire, caller, [("sha-256", sure(caller.identity).fingerprint)], nack=True)
        for number in range(3):
            wire.rooms[SPACE].run(number, 0.0)
        first = int.from_bytes(wire.sent[-3][0][2:4], "big")
        asked = sure(caller.srtp).protect_rtcp(rtcp.nack(9, 7, [first]))
        before = len(wire.sent)
        caller.keep = False  # it heard that packet before, and would say so
        wire.sendto(asked)
        assert len(wire.sent) == before + 1
        for _ in range(5):
            wire.sendto(asked)
        assert len(wire.sent) == before + 1
        assert wire.metrics.counters["dropped_replayed"] == 5

    in_memory(body)


def test_a_report_of_a_speaker_that_was_captured_is_counted_and_dropped() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE, lane=3, up=True))
        report = sure(caller.srtp).protect_rtcp(rtcp.sender_report(7, 1_700_000_000.0, 960, 1, 10, "p"))
        for _ in range(4):
            wire.sendto(report)
        assert wire.metrics.counters["dropped_replayed"] == 3

    in_memory(body)


@pytest.mark.parametrize("state", ["expected", "joined"])
def test_strangers_make_us_send_less_than_they_send(state: str) -> None:
    """By bytes: of all that comes from where nobody proved to be, and of everything forged from where somebody did."""

    async def body(wire: Wire) -> None:
        caller = Caller("p", SPACE, lane=3, up=True)
        if state == "joined":
            await wire.call(caller)
        else:
            wire.peers.add(caller.added())
        name = f"{caller.local_ufrag}:{caller.ufrag}"
        forged = [
            check(name),
            check(name, "some-password-or-other"),
            check("nobody:nobody", "some-password-or-other"),
            check(name, caller.local_pwd)[:-4],
            RTP + bytes(60), RTCP + bytes(14), b"\x47" * 100, b"", b"\0",
        ]  # fmt: skip
        wire.sent.clear()
        came = 0
        for source in (STRANGER, SOURCE):
            for data in [*forged, HELLO] if source == STRANGER or state == "expected" else forged:
                wire.peers.receive(data, source)
                came += len(data)
        for _ in range(40):
            await asyncio.sleep(0)
        for number in range(1, 60):
            wire.peers.tick(number, 0.0, wire.now())
        assert came > 1000
        assert sum(len(data) for data, _ in wire.sent) == 0

    in_memory(body)


def test_even_who_proves_to_be_there_is_answered_with_no_more_than_they_sent_but_for_the_handshake() -> None:
    async def body(wire: Wire) -> None:
        caller = await wire.call(Caller("p", SPACE))
        wire.sent.clear()
        request = check(f"{caller.local_ufrag}:{caller.ufrag}", caller.local_pwd)
        for _ in range(10):
            wire.sendto(request)
        assert sum(len(data) for data, _ in wire.sent) <= 10 * len(request)

    in_memory(body)
