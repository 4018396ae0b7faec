"""The ICE-lite side of connectivity checks (RFC 8445, 2.5 and 7.3; RFC 8489).

We offer candidates and check nothing ourselves: a peer is learned from a binding request that names it (`ours:theirs`) and
proves that it knows our password. Anything else is dropped without an answer, because an answer would tell a stranger
that somebody is here. A request's role attributes do not matter: a lite agent is always controlled.

Requests are read and answered here, without `aioice`: every listener checks every few seconds for as long as it listens, and
what strangers send must cost next to nothing. `aioice` judges both in the tests.
"""

from __future__ import annotations

import hmac
import ipaddress
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

MAX_REQUEST: Final = 548
"""Bytes. A check of a browser has about 100 (RFC 8489, 6.1 allows so much without path knowledge)."""

HEAD: Final = 20
COOKIE: Final = 0x2112A442
MAX_BEFORE: Final = 12
"""Attributes among which the user name must be: clients have it first, or behind three others."""
HOSTS: Final = 4096
"""Addresses that are remembered in packed form: who listens checks every few seconds from the same one."""
_HEADER: Final = struct.Struct(">HH")
_COOKIE: Final = COOKIE.to_bytes(4, "big")
_BINDING_REQUEST: Final = 0x0001
_BINDING_RESPONSE: Final = b"\x01\x01"
_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_XOR_MAPPED_ADDRESS: Final = 0x0020
_USE_CANDIDATE: Final = 0x0025
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_MASK: Final = 0x5354554E

Refusal = Literal["malformed", "not_a_request", "unknown_user", "unauthenticated"]


class StunError(ValueError):
    """A datagram that gets no answer; `reason` is why."""

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__(f"stun: {reason}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a binding request must name and prove, both from the offer and the answer."""

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str


@dataclass(frozen=True, slots=True)
class Check:
    """An authenticated binding request: whose it is, whether it nominates its path, and what to send back there."""

    local_ufrag: str
    nominated: bool
    response: bytes


class IceLite:
    """Every peer that may come, by our ufrag. Answers checks; counts what it refuses by reason."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._expected: dict[str, Credentials] = {}

    def expect(self, credentials: Credentials) -> None:
        """Let a peer in from now on."""
        self._expected[credentials.local_ufrag] = credentials

    def forget(self, local_ufrag: str) -> None:
        """Let it in no longer."""
        self._expected.pop(local_ufrag, None)

    def check(self, datagram: bytes, source: tuple[str, int]) -> Check | None:
        """Answer a datagram from `source`, or None for what is dropped and counted."""
        try:
            return self._check(datagram, source)
        except StunError as error:
            self.refused[error.reason] += 1
            return None

    def _check(self, datagram: bytes, source: tuple[str, int]) -> Check:
        ours, _, theirs = _claimed_user(datagram).partition(":")
        credentials = self._expected.get(ours)
        if credentials is None or theirs != credentials.remote_ufrag:
            raise StunError("unknown_user")
        key = credentials.local_pwd.encode()
        attributes = _attributes(datagram)
        proof = attributes.get(_INTEGRITY)
        if proof is None or not hmac.compare_digest(proof[1], _proof(datagram[: proof[0]], key)):
            raise StunError("unauthenticated")
        if (mark := attributes.get(_FINGERPRINT)) is not None and mark[1] != _fingerprint(datagram[: mark[0]]):
            raise StunError("malformed")
        return Check(ours, _USE_CANDIDATE in attributes, _response(datagram[8:20], source, key))


def _claimed_user(datagram: bytes) -> str:
    """Who a binding request says it is from, without looking at the rest of it: a stranger is refused for the price of that."""
    if not HEAD <= len(datagram) <= MAX_REQUEST or datagram[4:8] != _COOKIE:
        raise StunError("malformed")
    kind, length = _HEADER.unpack_from(datagram)
    if kind != _BINDING_REQUEST:
        raise StunError("not_a_request")
    if length != len(datagram) - HEAD:
        raise StunError("malformed")
    at = HEAD
    for _ in range(MAX_BEFORE):
        if at + _HEADER.size > len(datagram):
            break
        kind, length = _HEADER.unpack_from(datagram, at)
        if kind == _USERNAME:
            return datagram[at + _HEADER.size : at + _HEADER.size + length].decode("ascii", "replace")
        at += _HEADER.size + length + (-length % 4)
    raise StunError("unknown_user")


def _attributes(datagram: bytes) -> dict[int, tuple[int, bytes]]:
    """Where each attribute begins, and its value. Behind the proof only the fingerprint counts (RFC 8489, 14.5)."""
    found, at = dict[int, tuple[int, bytes]](), HEAD
    while at < len(datagram):
        if at + _HEADER.size > len(datagram):
            raise StunError("malformed")
        kind, length = _HEADER.unpack_from(datagram, at)
        end = at + _HEADER.size + length
        if end > len(datagram):
            raise StunError("malformed")
        if _INTEGRITY not in found or kind == _FINGERPRINT:
            found.setdefault(kind, (at, datagram[at + _HEADER.size : end]))
        at = end + (-length % 4)
    return found


def _proof(before: bytes, key: bytes) -> bytes:
    """MESSAGE-INTEGRITY over what comes before it, whose length counts the proof itself."""
    length = len(before) - HEAD + 24
    return hmac.digest(key, before[:2] + length.to_bytes(2, "big") + before[4:], "sha1")


def _fingerprint(before: bytes) -> bytes:
    length = len(before) - HEAD + 8
    return (zlib.crc32(before[:2] + length.to_bytes(2, "big") + before[4:]) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _response(transaction: bytes, source: tuple[str, int], key: bytes) -> bytes:
    """A success response: where the request came from, proof, fingerprint."""
    head = _BINDING_RESPONSE + b"\0\0" + _COOKIE + transaction
    family, address = _packed(source[0])
    mask = int.from_bytes((_COOKIE + transaction)[: len(address)], "big")
    place = (int.from_bytes(address, "big") ^ mask).to_bytes(len(address), "big")
    body = struct.pack(">BBH", 0, family, source[1] ^ COOKIE >> 16) + place
    message = head + _HEADER.pack(_XOR_MAPPED_ADDRESS, len(body)) + body
    message += _HEADER.pack(_INTEGRITY, 20) + _proof(message, key)
    mark = _fingerprint(message)
    message += _HEADER.pack(_FINGERPRINT, 4) + mark
    return message[:2] + (len(message) - HEAD).to_bytes(2, "big") + message[4:]


@lru_cache(HOSTS)
def _packed(host: str) -> tuple[int, bytes]:
    """The family and bytes of an address. One of IPv4 that came through an IPv6 socket (::ffff:a.b.c.d) is as the peer knows it."""
    address = ipaddress.ip_address(host.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return 1 if address.version == 4 else 2, address.packed
