"""The ICE-lite side of connectivity checks (RFC 8445, 2.5 and 7.3; RFC 8489).

We offer candidates and send no checks ourselves. A peer's address is learned from a binding request with its user name (`ours:theirs`)
that proves that it knows our password. Anything else is dropped without an answer, because an answer would tell a scanner that this port
is in use. A request's role attributes do not matter: a lite agent is always controlled.

Requests are parsed and answered here, without `aioice`, for speed: every listener sends a check every few seconds, and requests of
strangers must cost next to nothing. The tests compare the results with `aioice`.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, Literal, NamedTuple

MAX_REQUEST: Final = 548
"""Bytes of a request at most: the limit of RFC 8489, 6.1 for an unknown path MTU. A browser's check has about 100."""

HEAD: Final = 20
"""Bytes of a STUN header."""
COOKIE: Final = 0x2112A442
"""STUN's magic cookie."""
MAX_BEFORE: Final = 12
"""The user name must be among this many first attributes. Clients send it first, or after three others."""
_HEAD: Final = struct.Struct(">HHI")
_ATTRIBUTE: Final = struct.Struct(">HH")
_BINDING_REQUEST: Final = 0x0001
_BINDING_RESPONSE: Final = 0x0101
_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_XOR_MAPPED_ADDRESS: Final = 0x0020
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_MASK: Final = 0x5354554E
_INTEGRITY_SIZE: Final = 24
_FINGERPRINT_SIZE: Final = 8
_INTEGRITY_HEAD: Final = _ATTRIBUTE.pack(_INTEGRITY, _INTEGRITY_SIZE - _ATTRIBUTE.size)
_FINGERPRINT_HEAD: Final = _ATTRIBUTE.pack(_FINGERPRINT, _FINGERPRINT_SIZE - _ATTRIBUTE.size)
_OF_IPV4: Final = 12
"""Bytes of an XOR-MAPPED-ADDRESS of IPv4. This and the other sizes include the attribute's header."""
_SHA1_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_IPV4_IN_IPV6: Final = bytes(10) + b"\xff\xff"

Refusal = Literal["malformed", "not_a_request", "unknown_user", "unauthenticated"]


class StunError(ValueError):
    """A datagram that gets no answer. `reason` says why."""

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__(f"stun: {reason}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The ICE user names and the password that a binding request must have, from the offer (remote) and our answer (local)."""

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str


class Check(NamedTuple):
    """An authenticated binding request: the peer's local ufrag, whether it nominates its path, and the response to send."""

    local_ufrag: str
    nominated: bool
    response: bytes


class IceLite:
    """Authenticates and answers the checks of all expected peers. `refused` counts refused datagrams by reason."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._expected: dict[bytes, _Expected] = {}  # by the user name of their requests
        self._names: dict[str, bytes] = {}

    def expect(self, credentials: Credentials) -> None:
        """Accept checks with these credentials from now on."""
        self.forget(credentials.local_ufrag)
        name = f"{credentials.local_ufrag}:{credentials.remote_ufrag}".encode()
        self._names[credentials.local_ufrag] = name
        self._expected[name] = _Expected(credentials)

    def forget(self, local_ufrag: str) -> None:
        """Accept no more checks for this local ufrag. Does nothing for an unknown one."""
        name = self._names.pop(local_ufrag, None)
        if name is not None:
            del self._expected[name]

    def check(self, datagram: bytes, source: tuple[str, int]) -> Check | None:
        """Check a datagram from `source` (host, port). Returns None when it is refused; it is counted then."""
        try:
            expected = self._expected.get(_claimed_user(datagram))
            if expected is None:
                raise StunError("unknown_user")
            nominated = _proven(datagram, expected)
        except StunError as error:
            self.refused[error.reason] += 1
            return None
        return Check(expected.local_ufrag, nominated, expected.response(datagram[8:HEAD], source))


class _Expected:
    """An expected peer, with cached values that the next check can use again."""

    __slots__ = ("_keyed", "_mapped", "_source", "local_ufrag")

    def __init__(self, credentials: Credentials) -> None:
        self.local_ufrag = credentials.local_ufrag
        self._keyed = _keyed(credentials.local_pwd.encode())
        self._source: tuple[str, int] | None = None
        self._mapped = b""

    def proof(self, message: bytes) -> bytes:
        """The MESSAGE-INTEGRITY for a message that ends before this attribute but whose length includes it."""
        inner, outer = self._keyed
        inner, outer = inner.copy(), outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def response(self, transaction: bytes, source: tuple[str, int]) -> bytes:
        """A success response, with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT."""
        if source != self._source or len(self._mapped) != _OF_IPV4:  # for IPv6 it depends on the transaction
            self._source, self._mapped = source, _mapped_address(source, transaction)
        length = len(self._mapped) + _INTEGRITY_SIZE
        content = transaction + self._mapped
        proof = self.proof(_HEAD.pack(_BINDING_RESPONSE, length, COOKIE) + content)
        head = _HEAD.pack(_BINDING_RESPONSE, length + _FINGERPRINT_SIZE, COOKIE)
        message = head + content + _INTEGRITY_HEAD + proof
        return message + _FINGERPRINT_HEAD + _fingerprint(message)


def _claimed_user(datagram: bytes) -> bytes:
    """The user name of a binding request, without parsing the rest, so that refusing a stranger is cheap. Raises StunError."""
    size = len(datagram)
    if not HEAD <= size <= MAX_REQUEST:
        raise StunError("malformed")
    kind, length, cookie = _HEAD.unpack_from(datagram)
    if cookie != COOKIE:
        raise StunError("malformed")
    if kind != _BINDING_REQUEST:
        raise StunError("not_a_request")
    if length != size - HEAD or length % 4:
        raise StunError("malformed")
    at = HEAD
    for _ in range(MAX_BEFORE):
        if at >= size:
            break
        kind, length = _ATTRIBUTE.unpack_from(datagram, at)
        if kind == _USERNAME:
            return datagram[at + 4 : at + 4 + length]
        at = at + length + 7 & -4  # attributes begin at multiples of four
    raise StunError("unknown_user")


def _proven(datagram: bytes, expected: _Expected) -> bool:
    """Whether a request nominates its path. Raises StunError unless its MESSAGE-INTEGRITY is valid. After that attribute, only FINGERPRINT
    counts (RFC 8489, 14.5)."""
    at, size = HEAD, len(datagram)
    proven = marked = nominated = False
    while at < size:
        kind, length = _ATTRIBUTE.unpack_from(datagram, at)
        value, end = at + 4, at + 4 + length
        if end > size:
            raise StunError("malformed")
        if kind == _FINGERPRINT and not marked:
            if datagram[value:end] != _fingerprint(_before(datagram, at, _FINGERPRINT_SIZE)):
                raise StunError("malformed")
            marked = True
        elif kind == _INTEGRITY and not proven:
            if not hmac.compare_digest(datagram[value:end], expected.proof(_before(datagram, at, _INTEGRITY_SIZE))):
                raise StunError("unauthenticated")
            proven = True
        elif kind == _USE_CANDIDATE and not proven:
            nominated = True
        at = end + 3 & -4
    if not proven:
        raise StunError("unauthenticated")
    return nominated


def _before(request: bytes, at: int, size: int) -> bytes:
    """The input of a MESSAGE-INTEGRITY or FINGERPRINT at `at`: everything before it, with a message length that includes it."""
    return _ATTRIBUTE.pack(_BINDING_REQUEST, at - HEAD + size) + request[_ATTRIBUTE.size : at]


def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two SHA-1 states of HMAC-SHA1 (RFC 2104) after the key. Continuing from copies of them costs half as much as `hmac.digest`."""
    if len(key) > _SHA1_BLOCK:
        key = _sha1(key).digest()
    key = key.ljust(_SHA1_BLOCK, b"\0")
    return _sha1(key.translate(_INNER)), _sha1(key.translate(_OUTER))


def _sha1(data: bytes) -> hashlib._Hash:
    return hashlib.sha1(data)  # noqa: S324  # STUN's MESSAGE-INTEGRITY is HMAC-SHA1


def _fingerprint(before: bytes) -> bytes:
    return (zlib.crc32(before) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _mapped_address(source: tuple[str, int], transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS, with its attribute header (RFC 8489, 14.2)."""
    family, address = _packed(source[0])
    mask = int.from_bytes((COOKIE.to_bytes(4, "big") + transaction)[: len(address)], "big")
    place = (int.from_bytes(address, "big") ^ mask).to_bytes(len(address), "big")
    head = _ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, 4 + len(address))
    return head + _ATTRIBUTE.pack(family, source[1] ^ COOKIE >> 16) + place


def _packed(host: str) -> tuple[int, bytes]:
    """The STUN family and the bytes of an address. An IPv4 address from an IPv6 socket (::ffff:a.b.c.d) becomes an IPv4 address again."""
    if ":" not in host:
        return 1, inet_pton(AF_INET, host)
    address = inet_pton(AF_INET6, host.partition("%")[0])
    return (1, address[12:]) if address.startswith(_IPV4_IN_IPV6) else (2, address)
