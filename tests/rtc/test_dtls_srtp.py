"""DTLS and SRTP: with ourselves, with pyOpenSSL as aiortc configures it, and libsrtp as the oracle."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80, RTCCertificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

from spacesctl.rtc import dtls, rtp, srtp
from spacesctl.rtc.dtls import MAX_RESENT, MTU, Dtls, Identity, State, datagrams
from spacesctl.rtc.srtp import (
    AES_128_CM,
    AES_128_GCM,
    MAX_SSRCS,
    Keys,
    NotAuthentic,
    Profile,
    Replayed,
    Srtp,
    SrtpError,
)
from tests.typed import sure


def sha1_of(identity: Identity) -> str:
    connection = SSL.Connection(identity.context, None)
    return sure(connection.get_certificate(as_cryptography=True)).fingerprint(hashes.SHA1()).hex(":").upper()


OURS, THEIRS = Identity(), Identity()
SHA1 = sha1_of(THEIRS)
"""Right, and not good enough."""


def pair(
    client_fingerprints: Sequence[tuple[str, str]] | None = None,
    server_fingerprints: Sequence[tuple[str, str]] | None = None,
) -> tuple[Dtls, Dtls]:
    server = Dtls(OURS, "server", server_fingerprints or [("sha-256", THEIRS.fingerprint)])
    client = Dtls(THEIRS, "client", client_fingerprints or [("sha-256", OURS.fingerprint.lower())])
    return client, server


def shake(client: Dtls, server: Dtls, lose: Callable[[int], bool] = lambda number: False) -> int:
    """Carry datagrams both ways until nothing is left; returns how many there were."""
    client.start()
    number = 0
    while True:
        carried = [(server, one) for one in client.outgoing()] + [(client, one) for one in server.outgoing()]
        if not carried:
            return number
        for end, datagram in carried:
            assert len(datagram) <= MTU
            if not lose(number):
                end.feed(datagram)
            number += 1


def test_two_ends_agree_on_keys() -> None:
    client, server = pair()
    shake(client, server)
    assert client.state is server.state is State.CONNECTED
    assert (sure(client.keys).local, sure(client.keys).remote) == (sure(server.keys).remote, sure(server.keys).local)
    assert sure(client.keys).profile is AES_128_GCM
    assert client.timeout() is None


@pytest.mark.parametrize("lost", range(5))
def test_a_lost_datagram_is_sent_again(lost: int) -> None:
    client, server = pair()
    shake(client, server, lambda number: number == lost)
    for _ in range(3):
        if client.state is server.state is State.CONNECTED:
            break
        for end in (client, server):
            # OpenSSL's timer runs on real time: its first wait is one second.
            while (left := end.timeout()) and end.state is State.HANDSHAKE:
                time.sleep(left)
            end.on_timeout()
        shake(client, server)
    assert client.state is server.state is State.CONNECTED


@pytest.mark.parametrize(
    "fingerprints",
    [
        [("sha-256", OURS.fingerprint)],
        [("md5", THEIRS.fingerprint)],
        [("sha-1", SHA1)],
        [("sha-512", THEIRS.fingerprint)],
    ],
    ids=["another certificate", "unknown hash", "a hash that can be forged", "hash of another length"],
)
def test_a_certificate_that_does_not_match_never_gets_keys(fingerprints: list[tuple[str, str]]) -> None:
    client, server = pair(server_fingerprints=fingerprints)
    shake(client, server)
    assert server.state is State.FAILED
    assert server.keys is None
    assert "certificate" in server.why


def with_key(key: Any) -> Identity:
    """An end whose certificate has this key."""
    made = Identity.__new__(Identity)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    made.fingerprint, made.context = dtls.digest(certificate, "sha-256"), dtls._context(key, certificate)
    return made


@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize(
    "make", [lambda: rsa.generate_private_key(65_537, 2048), lambda: ec.generate_private_key(ec.SECP384R1())]
)
def test_a_peer_may_have_a_certificate_of_another_kind(
    make: Callable[[], Any], role: Literal["client", "server"]
) -> None:
    peer = with_key(make())
    theirs = Dtls(peer, role, [("sha-256", OURS.fingerprint)])
    ours = Dtls(OURS, "server" if role == "client" else "client", [("sha-256", peer.fingerprint)])
    shake(*(theirs, ours) if role == "client" else (ours, theirs))
    assert theirs.state is ours.state is State.CONNECTED


def test_a_goodbye_is_heard() -> None:
    client, server = pair()
    shake(client, server)
    client.close()
    for datagram in client.outgoing():
        server.feed(datagram)
    assert client.state is server.state is State.CLOSED
    server.feed(b"\x16\xfe\xfd" + bytes(40))


def test_a_resting_end_still_says_goodbye() -> None:
    client, server = pair()
    shake(client, server)
    server.rest()
    assert server.outgoing() == []
    server.close()
    for datagram in server.outgoing():
        client.feed(datagram)
    assert client.state is server.state is State.CLOSED
    assert server.outgoing() == []


def test_a_client_that_did_not_hear_the_last_flight_gets_it_from_a_resting_end_too() -> None:
    client, server = pair()
    client.start()
    for end, other in ((server, client), (client, server), (server, client)):
        for datagram in other.outgoing():
            end.feed(datagram)
    assert server.outgoing() != []  # and it is lost
    assert (client.state, server.state) == (State.HANDSHAKE, State.CONNECTED)
    server.rest()
    time.sleep(sure(client.timeout()))
    client.on_timeout()
    repeated = client.outgoing()
    for datagram in repeated:
        server.feed(datagram)
    answers = server.outgoing()
    assert sum(map(len, answers)) <= sum(map(len, repeated))
    for datagram in answers:
        client.feed(datagram)
    assert client.state is State.CONNECTED
    assert sure(client.keys).remote == sure(server.keys).local


def test_a_resting_end_answers_few_repeats_and_none_that_is_shorter_than_its_answer() -> None:
    client, server = pair()
    shake(client, server)
    server.rest()
    asked = b"\x16\xfe\xfd" + bytes(200)
    answered = 0
    for _ in range(3 * MAX_RESENT):
        server.feed(asked[:20])
        assert server.outgoing() == []
        server.feed(asked)
        answered += bool(server.outgoing())
    assert answered == MAX_RESENT


def test_a_goodbye_to_a_resting_end_is_a_doubt() -> None:
    client, server = pair()
    shake(client, server)
    server.rest()
    client.close()
    for datagram in client.outgoing():
        server.feed(datagram)
    assert server.state is State.CONNECTED
    assert server.doubted


def test_only_a_connected_end_can_rest() -> None:
    client, server = pair()
    server.rest()
    shake(client, server)
    assert client.state is server.state is State.CONNECTED


def test_junk_does_not_end_an_association() -> None:
    client, server = pair()
    server.feed(bytes((22,)) + bytes(60))
    server.feed(bytes(5000))
    shake(client, server)
    assert server.state is State.CONNECTED
    server.feed(b"\x17\xfe\xfd" + bytes(60))
    assert server.state is State.CONNECTED


@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize(
    ("profile", "ours"),
    [(SRTP_AEAD_AES_128_GCM, AES_128_GCM), (SRTP_AES128_CM_SHA1_80, AES_128_CM)],
    ids=["gcm", "cm"],
)
def test_aiortcs_end_agrees(role: Literal["client", "server"], profile: Any, ours: Profile) -> None:
    certificate = RTCCertificate.generateCertificate()
    context = certificate._create_ssl_context([profile])
    other = SSL.Connection(context)
    (other.set_connect_state if role == "server" else other.set_accept_state)()
    mine = Dtls(OURS, role, [(one.algorithm, one.value) for one in certificate.getFingerprints()])
    mine.start()
    for _ in range(10):
        for datagram in mine.outgoing():
            other.bio_write(datagram)
        with contextlib.suppress(SSL.WantReadError):
            other.do_handshake()
        while True:
            try:
                mine.feed(other.bio_read(1500))
            except SSL.WantReadError:
                break
    assert mine.state is State.CONNECTED
    assert sure(mine.keys).profile is ours
    exported = other.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length))
    keys = [profile.get_key_and_salt(exported, number) for number in (0, 1)]
    assert [sure(mine.keys).local, sure(mine.keys).remote] == (keys if role == "client" else keys[::-1])


def test_records_are_packed_whole_and_never_beyond_the_mtu() -> None:
    records = [b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size) for size in (500, 600, 700, 40, 1187)]
    packed = datagrams(b"".join(records))
    assert b"".join(packed) == b"".join(records)
    assert [len(one) for one in packed] == [513 + 613, 713 + 53, 1200]
    assert datagrams(b"") == []
    assert datagrams(b"\x16\xfe") == [b"\x16\xfe"]


@pytest.mark.parametrize("profile", [AES_128_GCM, AES_128_CM], ids=["gcm", "cm"])
class TestSrtp:
    def ends(self, profile: Profile) -> tuple[Srtp, Srtp]:
        one, two = bytes(range(30)), bytes(range(30, 60))
        return Srtp(Keys(profile, one, two)), Srtp(Keys(profile, two, one))

    def test_packets_pass_both_ways(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        for number in range(65_530, 65_545):
            packet = rtp.header(111, number, number * 960, 7) + b"opus"
            assert there.unprotect(here.protect(packet)) == packet
            assert here.unprotect(there.protect(packet)) == packet

    def test_a_replay_is_refused(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        sent = here.protect(rtp.header(111, 1, 960, 7) + b"opus")
        there.unprotect(sent)
        with pytest.raises(Replayed):
            there.unprotect(sent)
        for number in range(2, 300):
            there.unprotect(here.protect(rtp.header(111, number, number * 960, 7) + b"opus"))
        with pytest.raises(SrtpError):
            there.unprotect(sent)

    def test_a_changed_or_foreign_packet_is_not_authentic(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        sent = bytearray(here.protect(rtp.header(111, 1, 960, 7) + b"opus"))
        sent[-1] ^= 1
        with pytest.raises(NotAuthentic):
            there.unprotect(bytes(sent))
        with pytest.raises(NotAuthentic):
            here.unprotect(here.protect(rtp.header(111, 2, 960, 7) + b"opus"))

    @pytest.mark.parametrize("data", [b"", b"\x80", bytes(12), b"\x80" + bytes(1600)], ids=len)
    def test_what_is_no_packet_is_refused(self, profile: Profile, data: bytes) -> None:
        here, _ = self.ends(profile)
        with pytest.raises(SrtpError):
            here.unprotect(data)
        with pytest.raises(SrtpError):
            here.unprotect_rtcp(data)

    def test_reports_pass(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
        assert there.unprotect_rtcp(here.protect_rtcp(report)) == report

    def test_a_further_source_takes_the_place_of_the_one_that_was_silent_for_longest(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        sent = {}
        for ssrc in range(3 * MAX_SSRCS):
            sent[ssrc] = here.protect(rtp.header(111, 1, 960, ssrc) + b"opus")
            assert there.unprotect(sent[ssrc]).endswith(b"opus")
            there.unprotect(here.protect(rtp.header(111, 100 + ssrc, 960, 0) + b"goes on"))
        assert len(there._sources) == MAX_SSRCS
        for ssrc in (1, 0):
            with pytest.raises(SrtpError):
                there.unprotect(sent[ssrc])

    def test_a_peer_cannot_bring_sources_without_end(self, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(srtp, "MAX_EVICTED", 3)
        here, there = self.ends(profile)
        for ssrc in range(MAX_SSRCS + 3):
            there.unprotect(here.protect(rtp.header(111, 1, 960, ssrc) + b"opus"))
        with pytest.raises(SrtpError):
            there.unprotect(here.protect(rtp.header(111, 1, 960, 99) + b"opus"))
        assert there.unprotect(here.protect(rtp.header(111, 2, 960, MAX_SSRCS) + b"opus")), "those that are known go on"

    def test_a_forger_makes_us_forget_nobody(self, profile: Profile) -> None:
        here, there = self.ends(profile)
        there.unprotect(here.protect(rtp.header(111, 1, 960, 7) + b"opus"))
        for ssrc in range(20, 40):
            with pytest.raises(SrtpError):
                there.unprotect(rtp.header(111, 1, 960, ssrc) + bytes(40))
        assert list(there._sources) == [(7).to_bytes(4, "big")]
