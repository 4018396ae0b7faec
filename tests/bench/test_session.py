"""The client of our own parts, without a socket: what it offers can be answered, and what it takes from an answer is what counts."""

from __future__ import annotations

import pytest
from aioice import stun

from spacesctl.engine.metrics import LATE
from spacesctl.probe import description, jitter_probe
from spacesctl.probe.description import NotConnected
from spacesctl.probe.session import Session
from spacesctl.rtc import rtp, sdp, sdp_answer
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Dtls, Identity
from spacesctl.rtc.srtp import Srtp
from spacesctl.rtc.stun import Credentials, IceLite

ME, SERVER = Identity(), Identity()
HERE, THERE = ("192.0.2.1", 4000), ("127.0.0.1", 5000)


def answered(session: Session, offer: sdp.Offer) -> str:
    return sdp_answer.answer(
        offer,
        kind="up",
        candidates=[("192.0.2.9", 5000), THERE],
        fingerprint=SERVER.fingerprint,
        ufrag="abcd",
        pwd="p" * 24,
        ssrc=1,
        cname="x",
    ).sdp


def test_an_offer_says_what_it_is_asked_to() -> None:
    session = Session(ME)
    plain = sdp.parse_offer(session.offer("recvonly"))
    assert (plain.direction, plain.mid, plain.setup, plain.nack) == ("recvonly", "0", "active", False)
    assert (plain.ufrag, plain.pwd) == (session.ufrag, session.pwd)
    assert plain.fingerprints == (("sha-256", ME.fingerprint),)
    text = session.offer("sendonly", mid="a", nack=True, fec=True, candidate=HERE)
    rich = sdp.parse_offer(text)
    assert (rich.direction, rich.mid, rich.nack) == ("sendonly", "a", True)
    assert description.read(text).candidates == (HERE,)
    assert description.read(text).fec
    assert f"a=ssrc:{session.ssrc} " in text


def test_an_answer_is_read_and_a_place_chosen() -> None:
    session = Session(ME)
    theirs = session.accept(answered(session, sdp.parse_offer(session.offer("sendonly"))))
    assert (theirs.ufrag, theirs.pwd, theirs.fingerprint) == ("abcd", "p" * 24, SERVER.fingerprint)
    assert (theirs.address(), theirs.address(loopback=False)) == (THERE, ("192.0.2.9", 5000))


@pytest.mark.parametrize("lacking", ["candidate", "ice-ufrag", "ice-pwd", "fingerprint", "rtpmap"])
def test_what_an_answer_lacks_is_told(lacking: str) -> None:
    session = Session(ME)
    answer = answered(session, sdp.parse_offer(session.offer("sendonly")))
    kept = [line for line in answer.splitlines() if not line.startswith(f"a={lacking}:")]
    with pytest.raises(NotConnected, match=lacking):
        session.accept("\r\n".join(kept) + "\r\n")


def test_the_first_answered_check_begins_the_handshake_and_its_end_gives_keys() -> None:
    session, ice = Session(ME), IceLite()
    with pytest.raises(NotConnected):
        session.check()
    session.accept(answered(session, sdp.parse_offer(session.offer("sendonly"))))
    with pytest.raises(NotConnected):
        session.packet(1, 960, b"opus")
    ice.expect(Credentials("abcd", "p" * 24, session.ufrag))
    assert ice.check(session.check("another password or other"), HERE) is None
    proven = ice.check(session.check(), HERE)
    assert proven is not None
    assert proven.nominated
    assert session.outgoing() == [], "no handshake before the check is answered"
    assert session.receive(proven.response, THERE) is Kind.STUN
    assert session.answered
    server = Dtls(SERVER, "server", [("sha-256", ME.fingerprint)])
    while session.srtp is None:
        flight = session.outgoing()
        assert flight, "nobody has anything to say"
        for datagram in flight:
            server.feed(datagram)
        for datagram in server.outgoing():
            assert session.receive(datagram, THERE) is Kind.DTLS
    assert server.keys is not None
    packet = rtp.parse(Srtp(server.keys).unprotect(session.packet(7, 960, b"opus")))
    assert (packet.sequence, packet.timestamp, packet.ssrc, packet.payload) == (7, 960, session.ssrc, b"opus")
    session.close()
    for datagram in session.outgoing():
        server.feed(datagram)
    assert session.ended
    assert server.state.value == "closed"


def test_the_check_of_a_full_agent_is_answered_with_where_it_came_from() -> None:
    session = Session(ME)
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.add_message_integrity(session.pwd.encode())
    assert session.receive(bytes(request), THERE) is Kind.STUN
    (response,) = session.outgoing()
    told = stun.parse_message(response)
    told.check_message_integrity(session.pwd.encode())
    assert (told.transaction_id, told.attributes["XOR-MAPPED-ADDRESS"]) == (request.transaction_id, THERE)
    assert not session.answered
    assert session.outgoing() == []


def test_the_jitter_probe_calls_late_what_the_engine_does() -> None:
    assert jitter_probe.LATE == LATE
