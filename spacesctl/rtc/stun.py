"""The ICE-lite side of connectivity checks (RFC 8445, 2.5 and 7.3; RFC 8489).

We offer candidates and check nothing ourselves: a peer is learned from a binding request that names it (`ours:theirs`) and
proves that it knows our password. Anything else is dropped without an answer, because an answer would tell a stranger
that somebody is here. A request's role attributes do not matter: a lite agent is always controlled.
"""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from aioice import stun

MAX_REQUEST: Final = 548
"""Bytes. A check of a browser has about 100 (RFC 8489, 6.1 allows so much without path knowledge)."""

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
        request = _parse(datagram)
        if request.message_method != stun.Method.BINDING or request.message_class != stun.Class.REQUEST:
            raise StunError("not_a_request")
        ours, _, theirs = str(request.attributes.get("USERNAME", "")).partition(":")
        credentials = self._expected.get(ours)
        if credentials is None or theirs != credentials.remote_ufrag:
            raise StunError("unknown_user")
        key = credentials.local_pwd.encode()
        if not request.check_message_integrity(key):
            raise StunError("unauthenticated")
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = _plain(source)
        response.add_message_integrity(key)
        return Check(ours, "USE-CANDIDATE" in request.attributes, bytes(response))


def _parse(datagram: bytes) -> stun.Message:
    if len(datagram) > MAX_REQUEST or datagram[4:8] != stun.COOKIE.to_bytes(4, "big"):
        raise StunError("malformed")
    try:
        return stun.parse_message(datagram)
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise StunError("malformed") from error


def _plain(source: tuple[str, int]) -> tuple[str, int]:
    """An IPv4 address that came through an IPv6 socket (::ffff:a.b.c.d) as the peer knows it; no zone."""
    address = ipaddress.ip_address(source[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), source[1]
