"""DTLS 1.2 for one peer, without I/O: takes and makes datagrams, and derives the keys for SRTP (RFC 6347, RFC 5764).

A memory BIO does not keep the boundaries of datagrams, so OpenSSL's output is split by the lengths of its records and packed into
datagrams of at most `MTU` bytes. The caller owns the socket and the clock: `timeout` returns when to call `on_timeout`.
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
"""Bytes of a datagram at most: small enough for every tunnel."""
MAX_DATAGRAM: Final = 2048
"""Bytes. A longer incoming datagram is ignored."""
MAX_RESENT: Final = 8
"""How often an association at rest sends its last flight again at most."""
_ALERT: Final = 21
_DTLS_1_2: Final = 0xFEFD
_RECORD_HEAD: Final = 13
_READ: Final = 4096
_OLD_CURVE: Final = (
    "handshake: the peer's certificate is on a curve that TLS has no more (P-224?); FFmpeg takes another certificate by its options "
    "cert_file and key_file"
)
_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"
)
"""Our certificate is ECDSA; RSA is for peers that are DTLS server and have such a one, as FFmpeg can."""
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


class State(Enum):
    """The state of an association."""

    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


class Identity:
    """Our certificate and its key: self-signed ECDSA P-256, made at start, the same for all peers. Peers know it by its fingerprint."""

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
        """SHA-256 in upper-case hex with colons, as in SDP."""
        self.context = _context(key, certificate)


def digest(certificate: x509.Certificate, algorithm: str) -> str:
    """A certificate's fingerprint as in SDP (RFC 8122, 5). Raises KeyError for an unknown `algorithm`: `sha-256`, `sha-384`, `sha-512`."""
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_max_proto_version(_DTLS_1_2)  # DTLS 1.3 has other record headers; browsers accept 1.2
    context.set_min_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # Any certificate is accepted here: `Dtls` compares the peer's with the fingerprints of its offer afterwards.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(_CIPHERS)

    context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))
    return context


class Dtls:
    """The DTLS association with one peer. `role` is ours; the peer's certificate must match at least one of `fingerprints`, which are
    (algorithm, colon-separated hex) pairs.

    After every call, send what `outgoing` returns. `keys` are set when `state` becomes CONNECTED, and only after the peer's certificate
    matched.

    OpenSSL's state of an association takes 70 KiB. `rest` frees it and keeps two things: the last flight, in case the client did not
    receive it, and a close_notify for later. Records that arrive at rest cannot be decrypted: an alert only sets `doubted`.
    """

    def __init__(
        self, identity: Identity, role: Literal["client", "server"], fingerprints: Sequence[tuple[str, str]]
    ) -> None:
        self.state = State.HANDSHAKE
        self.keys: Keys | None = None
        self.why = ""
        """The reason when `state` is FAILED; may also have the last error of a connected association."""
        self.doubted = False
        """Whether an alert arrived at rest, which may have been the peer's close_notify."""
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
        """As client, begin the handshake. As server, do nothing: the client begins."""
        if self._role == "client" and self.state is State.HANDSHAKE and self._connection is not None:
            self._shake(self._connection)

    def feed(self, datagram: bytes) -> None:
        """Process one incoming datagram. An invalid one is ignored or makes `state` FAILED."""
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
        """Free OpenSSL's state of the association. Does nothing unless connected."""
        if self.state is State.CONNECTED and self._connection is not None:
            self._farewell(self._connection)
            self._goodbye = self._drained()
            self._connection = None
            self._fingerprints.clear()

    def timeout(self) -> float | None:
        """Seconds until `on_timeout` is due; None when there is nothing to retransmit."""
        if self._connection is None or self.state is not State.HANDSHAKE:
            return None
        return self._connection.DTLSv1_get_timeout()

    def on_timeout(self) -> None:
        """Retransmit the last flight if it is due. After too many times `state` becomes FAILED."""
        if self._connection is None or self.state is not State.HANDSHAKE:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._fail("no answer")

    def close(self) -> None:
        """Close the association; if it is connected, `outgoing` then has a close_notify."""
        if self.state is State.CONNECTED and self._connection is not None:
            self._farewell(self._connection)
        elif self.state is State.CONNECTED:
            self._saying = self._goodbye
        if self.state is not State.FAILED:
            self.state = State.CLOSED

    def outgoing(self) -> list[bytes]:
        """The datagrams to send now, each made of whole records."""
        if self._connection is not None:
            return datagrams(self._drained())
        saying, self._saying = self._saying, b""
        return datagrams(saying)

    def _drained(self) -> bytes:
        """OpenSSL's pending output. As server, the last flight of the handshake is also kept, to be repeated at rest."""
        said = b""
        while self._connection is not None and len(said) % _READ == 0:  # stop after a short read: the BIO is empty
            try:
                said += self._connection.bio_read(_READ)
            except SSL.Error:  # WantRead: the BIO is empty
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
        """A client that repeats its last flight did not receive ours: send it again, at most `MAX_RESENT` times and never more bytes than
        the client sent (no amplification)."""
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
            self._fail(_OLD_CURVE if "wrong curve" in str(error) else f"handshake: {error}")
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
        """After the handshake: only a close_notify matters, or a client that did not receive our last flight (OpenSSL repeats it)."""
        try:
            connection.recv(MAX_DATAGRAM)
        except SSL.ZeroReturnError:
            self.state = State.CLOSED
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            self.why = f"record: {error}"  # DTLS ignores invalid records (RFC 6347, 4.1.2.7)

    def _fail(self, why: str) -> None:
        self.state, self.why = State.FAILED, why


def datagrams(records: bytes) -> list[bytes]:
    """Pack consecutive DTLS records into datagrams of at most `MTU` bytes, split only between records."""
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
