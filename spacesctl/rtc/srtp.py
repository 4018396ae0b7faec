"""SRTP both ways, by libsrtp (RFC 3711, RFC 7714), with keys that a DTLS handshake made (RFC 5764)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pylibsrtp import Error, Policy, Session

from spacesctl.rtc import sealing

WINDOW: Final = 128
"""Packets behind the newest that are still told from replays: over two seconds of a voice."""
MAX_SSRCS: Final = 8
"""Sources one peer may send before the rest is refused: libsrtp keeps state for each, for ever."""
LAST_INDEX: Final = (1 << 48) - 1
"""Of packets under one key (RFC 3711, 3.3.1)."""
GCM_TAG: Final = sealing.TAG


class SrtpError(ValueError):
    """A packet that libsrtp does not take. Its kinds: `Replayed`, `NotAuthentic`, and this for the rest."""


class Replayed(SrtpError):
    """The packet was here before, or is too old to tell."""


class NotAuthentic(SrtpError):
    """The packet was not made with this peer's keys, or was changed on the way."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A protection profile: its name in DTLS, its number in libsrtp, the bytes of its master key and salt."""

    name: bytes
    libsrtp: int
    key_length: int
    salt_length: int

    @property
    def keying_length(self) -> int:
        """How much the DTLS handshake must export: a key and a salt for each side."""
        return 2 * (self.key_length + self.salt_length)

    def split(self, exported: bytes) -> tuple[bytes, bytes]:
        """Exported keying material to the client's and the server's master key and salt (RFC 5764, 4.2)."""
        key, salt = self.key_length, self.salt_length
        keys, salts = exported[: 2 * key], exported[2 * key :]
        return keys[:key] + salts[:salt], keys[key:] + salts[salt:]


AES_128_GCM: Final = Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
AES_128_CM: Final = Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)
PROFILES: Final = (AES_128_GCM, AES_128_CM)
"""The ones we offer and take, the cheaper first."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a handshake agreed on: `local` protects what we send, `remote` what they send."""

    profile: Profile
    local: bytes
    remote: bytes


class Srtp:
    """The two SRTP sessions of one peer. All methods take and return whole packets and raise `SrtpError`."""

    def __init__(self, keys: Keys) -> None:
        self._sources: set[bytes] = set()
        self._keys = keys
        self._given: Outgoing | None = None

    # libsrtp's sessions are made when they are needed: a thousand listeners who join at once send their first reports one by one.

    @cached_property
    def _out(self) -> Session:
        return Session(_policy(self._keys.local, Policy.SSRC_ANY_OUTBOUND, self._keys.profile))

    @cached_property
    def _in(self) -> Session:
        return Session(_policy(self._keys.remote, Policy.SSRC_ANY_INBOUND, self._keys.profile))

    def outgoing(self, ssrc: int, first: int) -> Outgoing:
        """The only way to send RTP from now on: from source `ssrc`, beginning with packet index `first`."""
        assert self._given is None, "two would use the same indices"
        # Nothing that is given away may lead back here: in a cycle it would stay until a full collection, which no busy engine makes.
        protect = self._out.protect if self._keys.profile is AES_128_CM else _from_outside
        self._given = Outgoing(self._keys, ssrc, first, protect)
        return self._given

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet to send."""
        assert self._given is None, "`outgoing` sends"
        try:
            return self._out.protect(packet)
        except Error as error:
            raise _typed(error) from error

    def unprotect(self, packet: bytes) -> bytes:
        """An RTP packet that came. A source beyond `MAX_SSRCS` is refused, so that no peer can fill our memory."""
        source = packet[8:12]
        if source not in self._sources and len(self._sources) >= MAX_SSRCS:
            raise SrtpError("too many sources")
        try:
            plain = self._in.unprotect(packet)
        except (Error, ValueError) as error:
            raise _typed(error) from error
        self._sources.add(source)
        return plain

    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet to send."""
        try:
            return self._out.protect_rtcp(packet)
        except Error as error:
            raise _typed(error) from error

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet that came."""
        try:
            return self._in.unprotect_rtcp(packet)
        except (Error, ValueError) as error:
            raise _typed(error) from error


class Outgoing:
    """The RTP that one peer is sent. Whoever sends takes `index`, uses ever higher ones, and hands the next one back.

    With AES-GCM a packet is made from outside, with `key` and a nonce, which is `mask` with the index added (exclusive or) to its last six
    bytes (RFC 7714, 8.1). One that came twice would give the key away, and nothing below refuses it: hence the index that only rises.
    With AES-CM there is no `key`: `protect` does it all, and refuses by itself.
    """

    __slots__ = ("_index", "first", "key", "mask", "protect")

    def __init__(self, keys: Keys, ssrc: int, first: int, protect: Callable[[bytes], bytes]) -> None:
        self.first = self._index = first
        self.key = self.mask = b""
        self.protect = protect
        if keys.profile is AES_128_GCM:
            self.key, salt = derive(keys.local[: AES_128_GCM.key_length + AES_128_GCM.salt_length])
            self.mask = _xor(salt, b"\0\0" + ssrc.to_bytes(4, "big") + bytes(6))

    @property
    def index(self) -> int:
        """The next packet's: rollover count and sequence number, 48 bits."""
        return self._index

    @index.setter
    def index(self, following: int) -> None:
        if not self._index <= following <= LAST_INDEX:
            raise AssertionError(f"packet index {following} after {self._index}")
        self._index = following


def _from_outside(_packet: bytes) -> bytes:
    raise AssertionError("packets are made with `key`")


def derive(master: bytes) -> tuple[bytes, bytes]:
    """The session key and salt for RTP of an AES-128 master key and its salt of 12 bytes (RFC 3711, 4.3.1 and 4.3.3; RFC 7714, 11).

    Each is the first block of a key stream, so that both are two blocks through one cipher, at half the price of two streams.
    """
    key, salt = master[:16], master[16:]
    # What is encrypted is the salt with a label in it, 0 for the key and 2 for the salt, and four bytes that count blocks.
    starts = salt + bytes(4) + salt[:7] + bytes((salt[7] ^ 2,)) + salt[8:] + bytes(4)
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # two blocks that differ, in no chain: that is the key derivation
    made = cipher.encryptor().update(starts)
    return made[:16], made[16:28]


def _xor(one: bytes, two: bytes) -> bytes:
    assert len(one) == len(two)
    return (int.from_bytes(one, "big") ^ int.from_bytes(two, "big")).to_bytes(len(one), "big")


def _policy(key: bytes, direction: int, profile: Profile) -> Policy:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp)
    policy.window_size = WINDOW
    policy.allow_repeat_tx = False
    return policy


def _typed(error: Exception) -> SrtpError:
    said = str(error)
    if "replay" in said or "too old" in said:
        return Replayed(said)
    if "authentication" in said:
        return NotAuthentic(said)
    return SrtpError(said)
