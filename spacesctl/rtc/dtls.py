"""DTLS 1.2 for one peer, over memory: datagrams in, datagrams out, and at its end the keys for SRTP (RFC 6347, RFC 5764).

A memory BIO forgets where datagrams end, so what OpenSSL wants to send is split by the records' own lengths and packed into
datagrams of at most `MTU` bytes. The caller owns the socket and the clock: it asks `timeout` when to call `on_timeout`.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Sequence
from enum import Enum
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from spacesctl.rtc.srtp import PROFILES, Keys

MTU: Final = 1200
"""Bytes of a datagram: what passes every tunnel."""
MAX_DATAGRAM: Final = 2048
MAX_RESENT: Final = 8
"""How often a resting association says its last words again."""
_ALERT: Final = 21
_DTLS_1_2: Final = 0xFEFD
_RECORD_HEAD: Final = 13
_READ: Final = 4096
_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA"
)
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


class State(Enum):
    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


class Identity:
    """Our certificate, one for all peers and made at start: self-signed ECDSA P-256, known by its fingerprint alone."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "spacesctl")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(secrets.randbits(63) | 1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = digest(certificate, "sha-256")
        """SHA-256, upper-case hex with colons, as SDP has it."""
        self.context = _context(key, certificate)


def digest(certificate: x509.Certificate, algorithm: str) -> str:
    """A certificate's fingerprint as SDP writes it (RFC 8122, 5)."""
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_max_proto_version(_DTLS_1_2)  # 1.3 has other record headers, and browsers fall back
    context.set_min_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # Any certificate passes here: `Dtls` compares the peer's with the fingerprint of its offer, which is what counts.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))
    return context


class Dtls:
    """One peer's association. `role` is ours; `fingerprints` are what its certificate must match, one of them at least.

    After every call, send what `outgoing` gives. `keys` are there once `state` is CONNECTED, never before the peer's
    certificate matched.

    OpenSSL's part of an association takes 70 KiB. `rest` lets it go and keeps two things of it: the last flight, for a client that
    did not hear it, and a goodbye for later. What comes then can no longer be read: an alert only makes `doubted` true.
    """

    def __init__(
        self, identity: Identity, role: Literal["client", "server"], fingerprints: Sequence[tuple[str, str]]
    ) -> None:
        self.state = State.HANDSHAKE
        self.keys: Keys | None = None
        self.why = ""
        """What went wrong, when `state` is FAILED."""
        self.doubted = False
        """Whether the peer said something at rest that may have been its goodbye."""
        self._flight = self._goodbye = b""
        self._resent = 0
        self._saying = b""
        self._role = role
        self._fingerprints = [(algorithm.lower(), value.upper()) for algorithm, value in fingerprints]
        connection = SSL.Connection(identity.context, None)
        connection.set_ciphertext_mtu(MTU)
        if role == "server":
            connection.set_accept_state()
        else:
            connection.set_connect_state()
        self._connection: SSL.Connection | None = connection

    def start(self) -> None:
        """As client: make the first flight. As server there is nothing to do but wait."""
        if self._role == "client" and self.state is State.HANDSHAKE and self._connection is not None:
            self._shake(self._connection)

    def feed(self, datagram: bytes) -> None:
        """Take one datagram."""
        if self.state in (State.CLOSED, State.FAILED) or not 0 < len(datagram) <= MAX_DATAGRAM:
            return
        if self._connection is None:
            self._heard_at_rest(datagram)
            return
        self._connection.bio_write(datagram)
        if self.state is State.HANDSHAKE:
            self._shake(self._connection)
        else:
            self._read(self._connection)

    def rest(self) -> None:
        """Let OpenSSL's part go; does nothing unless connected."""
        if self.state is State.CONNECTED and self._connection is not None:
            self._farewell(self._connection)
            self._goodbye = self._drained()
            self._connection = None
            self._fingerprints.clear()

    def timeout(self) -> float | None:
        """Seconds until `on_timeout` is due; None when nothing is waited for."""
        if self._connection is None or self.state is not State.HANDSHAKE:
            return None
        return self._connection.DTLSv1_get_timeout()

    def on_timeout(self) -> None:
        """Send the last flight again if its time has come."""
        if self._connection is None or self.state is not State.HANDSHAKE:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._fail("no answer")

    def close(self) -> None:
        """Say goodbye (close_notify)."""
        if self.state is State.CONNECTED and self._connection is not None:
            self._farewell(self._connection)
        elif self.state is State.CONNECTED:
            self._saying = self._goodbye
        if self.state is not State.FAILED:
            self.state = State.CLOSED

    def outgoing(self) -> list[bytes]:
        """The datagrams to send now, each of whole records."""
        if self._connection is not None:
            return datagrams(self._drained())
        saying, self._saying = self._saying, b""
        return datagrams(saying)

    def _drained(self) -> bytes:
        """What OpenSSL wants to send; while its own last flight is the newest thing that it said, it is kept."""
        said = b""
        while (
            self._connection is not None and len(said) % _READ == 0
        ):  # less than was asked for: it is empty, without asking again
            try:
                said += self._connection.bio_read(_READ)
            except SSL.Error:  # WantRead: there is nothing (more)
                break
        if said and self._role == "server" and self.state is State.CONNECTED and not self._flight:
            self._flight = said
        return said

    def _farewell(self, connection: SSL.Connection) -> None:
        try:
            connection.shutdown()
        except SSL.Error as error:
            self.why = f"close_notify: {error}"

    def _heard_at_rest(self, datagram: bytes) -> None:
        """A client that repeats its last flight did not hear ours. It is answered with no more than it sent, and not for ever."""
        if datagram[:1] == bytes((_ALERT,)):
            self.doubted = True
        elif self._resent < MAX_RESENT and len(datagram) >= len(self._flight):
            self._resent += 1
            self._saying = self._flight

    def _shake(self, connection: SSL.Connection) -> None:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self._fail(f"handshake: {error}")
            return
        self._finish(connection)

    def _finish(self, connection: SSL.Connection) -> None:
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not self._matches(certificate):
            self._fail("the certificate is not the one of the offer")
            return
        chosen = connection.get_selected_srtp_profile()
        profile = next((one for one in PROFILES if one.name == chosen), None)
        if profile is None:
            self._fail("no SRTP profile in common")
            return
        exported = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", profile.keying_length)
        client, server = profile.split(exported)
        local, remote = (server, client) if self._role == "server" else (client, server)
        self.keys = Keys(profile, local, remote)
        self.state = State.CONNECTED

    def _matches(self, certificate: x509.Certificate) -> bool:
        known = [(algorithm, value) for algorithm, value in self._fingerprints if algorithm in _HASHES]
        return bool(known) and any(
            hmac.compare_digest(digest(certificate, algorithm), value) for algorithm, value in known
        )

    def _read(self, connection: SSL.Connection) -> None:
        """After the handshake: nothing but a goodbye, or a client that did not hear our last flight (OpenSSL answers)."""
        try:
            connection.recv(MAX_DATAGRAM)
        except SSL.ZeroReturnError:
            self.state = State.CLOSED
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self.why = f"record: {error}"  # DTLS ignores what does not authenticate (RFC 6347, 4.1.2.7)

    def _fail(self, why: str) -> None:
        self.state, self.why = State.FAILED, why


def datagrams(records: bytes) -> list[bytes]:
    """A run of DTLS records to datagrams of at most `MTU` bytes, cut only between records."""
    if len(records) <= MTU:
        return [records] if records else []
    packed, start, at = list[bytes](), 0, 0
    while at + _RECORD_HEAD <= len(records):
        end = at + _RECORD_HEAD + int.from_bytes(records[at + 11 : at + 13], "big")
        if end - start > MTU and at > start:
            packed.append(records[start:at])
            start = at
        at = end
    if start < len(records):
        packed.append(records[start:])
    return packed
