"""The ICE-lite side of connectivity checks (RFC 8445, 2.5 and 7.3; RFC 8489).

We offer candidates and send no checks ourselves. A peer's address is learned from a binding request with its user name (`ours:theirs`)
that proves that it knows our password. Anything else is dropped without an answer, because an answer would tell a scanner that this port
is in use. A request's role attributes do not matter: a lite agent is always controlled.

Requests are parsed and answered here, without `aioice`, for speed: every listener sends a check every few seconds, and requests of
strangers must cost next to nothing. The tests compare the results with `aioice`.
"""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from spacesctl.rtc.stun_answers import (
    ATTRIBUTE,
    COOKIE,
    FINGERPRINT,
    FINGERPRINT_SIZE,
    HEAD,
    HEADER,
    INTEGRITY,
    INTEGRITY_SIZE,
    Answers,
    fingerprint,
)

MAX_REQUEST: Final = 548
"""Bytes of a request at most: the limit of RFC 8489, 6.1 for an unknown path MTU. A browser's check has about 100."""

MAX_BEFORE: Final = 12
"""The user name must be among this many first attributes. Clients send it first, or after three others."""
_BINDING_REQUEST: Final = 0x0001
_USERNAME: Final = 0x0006
_USE_CANDIDATE: Final = 0x0025
_OPTIONAL: Final = 0x8000
"""Attributes from here on may be passed over by who does not know them (RFC 8489, 14)."""
_KNOWN: Final = frozenset((*range(0x0001, 0x0020), 0x0020, 0x0024, 0x0025))
"""The attributes below that which we understand, or need not: those of STUN itself, PRIORITY and USE-CANDIDATE."""

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
    """An authenticated binding request: the peer's local ufrag, whether it nominates its path, and the response to send. One that is
    `refused` asks for what we do not know; its response says so, and it counts for nothing."""

    local_ufrag: str
    nominated: bool
    response: bytes
    refused: bool = False


class IceLite:
    """Authenticates and answers the checks of all expected peers. `refused` counts refused datagrams by reason."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._expected: dict[bytes, Answers] = {}  # by the user name of their requests
        self._names: dict[str, bytes] = {}

    def expect(self, credentials: Credentials) -> None:
        """Accept checks with these credentials from now on."""
        self.forget(credentials.local_ufrag)
        name = f"{credentials.local_ufrag}:{credentials.remote_ufrag}".encode()
        self._names[credentials.local_ufrag] = name
        self._expected[name] = Answers(credentials.local_ufrag, credentials.local_pwd)

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
            nominated, unknown = _proven(datagram, expected)
        except StunError as error:
            self.refused[error.reason] += 1
            return None
        if unknown:
            self.refused["unknown_attribute"] += 1
            return Check(expected.local_ufrag, False, expected.refusal(datagram[8:HEAD], unknown), refused=True)
        return Check(expected.local_ufrag, nominated, expected.response(datagram[8:HEAD], source))


def _claimed_user(datagram: bytes) -> bytes:
    """The user name of a binding request, without parsing the rest, so that refusing a stranger is cheap. Raises StunError."""
    size = len(datagram)
    if not HEAD <= size <= MAX_REQUEST:
        raise StunError("malformed")
    kind, length, cookie = HEADER.unpack_from(datagram)
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
        kind, length = ATTRIBUTE.unpack_from(datagram, at)
        if kind == _USERNAME:
            return datagram[at + 4 : at + 4 + length]
        at = at + length + 7 & -4  # attributes begin at multiples of four
    raise StunError("unknown_user")


def _proven(datagram: bytes, expected: Answers) -> tuple[bool, list[int]]:
    """Whether a request nominates its path, and the attributes that must be understood and are not (RFC 8489, 6.3.1). Raises StunError
    unless its MESSAGE-INTEGRITY is valid. After that attribute, only FINGERPRINT counts (RFC 8489, 14.5)."""
    at, size, unknown = HEAD, len(datagram), list[int]()
    proven = marked = nominated = False
    while at < size:
        kind, length = ATTRIBUTE.unpack_from(datagram, at)
        value, end = at + 4, at + 4 + length
        if end > size:
            raise StunError("malformed")
        if kind == FINGERPRINT and not marked:
            if datagram[value:end] != fingerprint(_before(datagram, at, FINGERPRINT_SIZE)):
                raise StunError("malformed")
            marked = True
        elif kind == INTEGRITY and not proven:
            if not hmac.compare_digest(datagram[value:end], expected.proof(_before(datagram, at, INTEGRITY_SIZE))):
                raise StunError("unauthenticated")
            proven = True
        elif kind == _USE_CANDIDATE and not proven:
            nominated = True
        elif kind < _OPTIONAL and kind not in _KNOWN and not proven:
            unknown.append(kind)
        at = end + 3 & -4
    if not proven:
        raise StunError("unauthenticated")
    return nominated, unknown


def _before(request: bytes, at: int, size: int) -> bytes:
    """The input of a MESSAGE-INTEGRITY or FINGERPRINT at `at`: everything before it, with a message length that includes it."""
    return ATTRIBUTE.pack(_BINDING_REQUEST, at - HEAD + size) + request[ATTRIBUTE.size : at]
