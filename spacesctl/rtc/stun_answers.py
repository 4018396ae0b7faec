"""The answers to STUN requests (RFC 8489): success with the address that a request came from, and the refusal of unknown attributes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

HEAD: Final = 20
"""Bytes of a STUN header."""
COOKIE: Final = 0x2112A442
"""STUN's magic cookie."""
HEADER: Final = struct.Struct(">HHI")
ATTRIBUTE: Final = struct.Struct(">HH")
_BINDING_RESPONSE: Final = 0x0101
_BINDING_ERROR: Final = 0x0111
_ERROR_CODE: Final = 0x0009
_UNKNOWN_ATTRIBUTES: Final = 0x000A
_REFUSED: Final = bytes((0, 0, 4, 20)) + b"Unknown attribute"
MAX_UNKNOWN: Final = 8
"""Unknown attributes that a refusal names."""
INTEGRITY: Final = 0x0008
_XOR_MAPPED_ADDRESS: Final = 0x0020
FINGERPRINT: Final = 0x8028
_FINGERPRINT_MASK: Final = 0x5354554E
INTEGRITY_SIZE: Final = 24
FINGERPRINT_SIZE: Final = 8
_INTEGRITY_HEAD: Final = ATTRIBUTE.pack(INTEGRITY, INTEGRITY_SIZE - ATTRIBUTE.size)
_FINGERPRINT_HEAD: Final = ATTRIBUTE.pack(FINGERPRINT, FINGERPRINT_SIZE - ATTRIBUTE.size)
_OF_IPV4: Final = 12
"""Bytes of an XOR-MAPPED-ADDRESS of IPv4. This and the other sizes include the attribute's header."""
_SHA1_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_IPV4_IN_IPV6: Final = bytes(10) + b"\xff\xff"


class Answers:
    """The answers to one expected peer, with cached values that the next one can use again."""

    __slots__ = ("_keyed", "_mapped", "_source", "local_ufrag")

    def __init__(self, local_ufrag: str, password: str) -> None:
        self.local_ufrag = local_ufrag
        self._keyed = _keyed(password.encode())
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
        return self._signed(_BINDING_RESPONSE, transaction, self._mapped)

    def refusal(self, transaction: bytes, unknown: Sequence[int]) -> bytes:
        """An error response with code 420, which names the attributes that a request must not have here."""
        named = unknown[:MAX_UNKNOWN]
        listed = _attribute(_UNKNOWN_ATTRIBUTES, struct.pack(f">{len(named)}H", *named))
        return self._signed(_BINDING_ERROR, transaction, _attribute(_ERROR_CODE, _REFUSED) + listed)

    def _signed(self, kind: int, transaction: bytes, attributes: bytes) -> bytes:
        length = len(attributes) + INTEGRITY_SIZE
        content = transaction + attributes
        proof = self.proof(HEADER.pack(kind, length, COOKIE) + content)
        message = HEADER.pack(kind, length + FINGERPRINT_SIZE, COOKIE) + content + _INTEGRITY_HEAD + proof
        return message + _FINGERPRINT_HEAD + fingerprint(message)


def _attribute(kind: int, value: bytes) -> bytes:
    """An attribute, padded to a multiple of four bytes."""
    return ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _keyed(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two SHA-1 states of HMAC-SHA1 (RFC 2104) after the key. Continuing from copies of them costs half as much as `hmac.digest`."""
    if len(key) > _SHA1_BLOCK:
        key = _sha1(key).digest()
    key = key.ljust(_SHA1_BLOCK, b"\0")
    return _sha1(key.translate(_INNER)), _sha1(key.translate(_OUTER))


def _sha1(data: bytes) -> hashlib._Hash:
    return hashlib.sha1(data)  # noqa: S324  # STUN's MESSAGE-INTEGRITY is HMAC-SHA1


def fingerprint(before: bytes) -> bytes:
    """The FINGERPRINT of what stands before it."""
    return (zlib.crc32(before) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _mapped_address(source: tuple[str, int], transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS, with its attribute header (RFC 8489, 14.2)."""
    family, address = _packed(source[0])
    mask = int.from_bytes((COOKIE.to_bytes(4, "big") + transaction)[: len(address)], "big")
    place = (int.from_bytes(address, "big") ^ mask).to_bytes(len(address), "big")
    head = ATTRIBUTE.pack(_XOR_MAPPED_ADDRESS, 4 + len(address))
    return head + ATTRIBUTE.pack(family, source[1] ^ COOKIE >> 16) + place


def _packed(host: str) -> tuple[int, bytes]:
    """The STUN family and the bytes of an address. An IPv4 address from an IPv6 socket (::ffff:a.b.c.d) becomes an IPv4 address again."""
    if ":" not in host:
        return 1, inet_pton(AF_INET, host)
    address = inet_pton(AF_INET6, host.partition("%")[0])
    return (1, address[12:]) if address.startswith(_IPV4_IN_IPV6) else (2, address)
