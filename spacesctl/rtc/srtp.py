"""SRTP in both directions with libsrtp (RFC 3711, RFC 7714), with keys from a DTLS handshake (RFC 5764)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pylibsrtp import Error, Policy, Session

from spacesctl.rtc import sealing

WINDOW: Final = 128
"""The replay window in packets behind the newest: over two seconds of speech."""
MAX_SSRCS: Final = 8
"""Sources (SSRCs) of one peer that libsrtp keeps state for. A further one takes the place of the one that was silent for longest."""
MAX_EVICTED: Final = 4096
"""Sources of one peer that may lose their state. They stay refused, because what they sent could be replayed; then all new ones are."""
LAST_INDEX: Final = (1 << 48) - 1
"""The last packet index under one key (RFC 3711, 3.3.1)."""
GCM_TAG: Final = sealing.TAG
"""Bytes of an AES-GCM authentication tag."""


class SrtpError(ValueError):
    """A packet that libsrtp refuses: `Replayed`, `NotAuthentic`, or this class for all other reasons."""


class Replayed(SrtpError):
    """The packet was received before, or is older than the replay window."""


class NotAuthentic(SrtpError):
    """The packet was not made with this peer's keys, or was changed on the way."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A protection profile: its name in DTLS, its number in libsrtp, and the lengths of its master key and salt in bytes."""

    name: bytes
    libsrtp: int
    key_length: int
    salt_length: int

    @property
    def keying_length(self) -> int:
        """Bytes that the DTLS handshake must export: a key and a salt for each side."""
        return 2 * (self.key_length + self.salt_length)

    def split(self, exported: bytes) -> tuple[bytes, bytes]:
        """Split exported keying material into the client's and the server's master key with salt (RFC 5764, 4.2)."""
        key, salt = self.key_length, self.salt_length
        keys, salts = exported[: 2 * key], exported[2 * key :]
        return keys[:key] + salts[:salt], keys[key:] + salts[salt:]


# The two profiles that we support.
AES_128_GCM: Final = Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
AES_128_CM: Final = Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)
PROFILES: Final = (AES_128_GCM, AES_128_CM)
"""The profiles that we offer and accept, the cheaper one first."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The profile and keys of a handshake: `local` (master key and salt) encrypts what we send, `remote` what the peer sends."""

    profile: Profile
    local: bytes
    remote: bytes


class Srtp:
    """The two SRTP sessions of one peer. All methods take and return whole packets and raise `SrtpError`."""

    def __init__(self, keys: Keys) -> None:
        self._sources: dict[bytes, None] = {}  # the last to have sent at the end
        self._evicted: set[bytes] = set()
        self._keys = keys
        self._given: Outgoing | None = None

    # libsrtp's sessions are made at first use, which spreads the work when a thousand listeners join at once.

    @cached_property
    def _out(self) -> Session:
        return Session(_policy(self._keys.local, Policy.SSRC_ANY_OUTBOUND, self._keys.profile))

    @cached_property
    def _in(self) -> Session:
        return Session(_policy(self._keys.remote, Policy.SSRC_ANY_INBOUND, self._keys.profile))

    def outgoing(self, ssrc: int, first: int) -> Outgoing:
        """Hand over the sending of RTP, from source `ssrc` and beginning with packet index `first`. `protect` cannot be used afterwards."""
        assert self._given is None, "two would use the same indices"
        # The result must not refer back to this object: a reference cycle would stay until a full collection, and a busy engine runs none.
        protect = self._out.protect if self._keys.profile is AES_128_CM else _from_outside
        self._given = Outgoing(self._keys, ssrc, first, protect)
        return self._given

    def protect(self, packet: bytes) -> bytes:
        """Encrypt an RTP packet to send. Not after `outgoing`."""
        assert self._given is None, "`outgoing` sends"
        try:
            return self._out.protect(packet)
        except Error as error:
            raise _typed(error) from error

    def unprotect(self, packet: bytes) -> bytes:
        """Decrypt a received RTP packet. Its source may be new; those that were silent for longest are forgotten, so that no peer can fill
        our memory."""
        source = packet[8:12]
        if source in self._evicted or (source not in self._sources and len(self._evicted) >= MAX_EVICTED):
            raise SrtpError("a source of earlier")
        try:
            plain = self._in.unprotect(packet)
        except (Error, ValueError) as error:
            raise _typed(error) from error
        if next(reversed(self._sources), None) != source:
            self._came(source)
        return plain

    def _came(self, source: bytes) -> None:
        """Another source than before sends. It is authentic, so only the peer itself can make us forget one."""
        self._sources.pop(source, None)
        self._sources[source] = None
        if len(self._sources) > MAX_SSRCS:
            oldest = next(iter(self._sources))
            del self._sources[oldest]
            self._evicted.add(oldest)
            self._in.remove_stream(int.from_bytes(oldest, "big"))

    def protect_rtcp(self, packet: bytes) -> bytes:
        """Encrypt an RTCP packet to send."""
        try:
            return self._out.protect_rtcp(packet)
        except Error as error:
            raise _typed(error) from error

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """Decrypt a received RTCP packet."""
        try:
            return self._in.unprotect_rtcp(packet)
        except (Error, ValueError) as error:
            raise _typed(error) from error


class Outgoing:
    """The keys and packet index for the RTP that one peer is sent. The sender takes `index`, uses rising indices from there, and sets
    `index` to the next unused one.

    With AES-GCM the sender encrypts packets itself, with `key` and a nonce: `mask` with the index XORed into its last six bytes (RFC 7714,
    8.1). A nonce used twice would reveal the key, and the cipher does not refuse it; so `index` must never decrease. With AES-CM `key` is
    empty: `protect` encrypts, and refuses repeated indices itself.
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
        """The index of the next packet, 48 bits: rollover counter and sequence number. Setting a lower one raises AssertionError."""
        return self._index

    @index.setter
    def index(self, following: int) -> None:
        if not self._index <= following <= LAST_INDEX:
            raise AssertionError(f"packet index {following} after {self._index}")
        self._index = following


def _from_outside(_packet: bytes) -> bytes:
    raise AssertionError("with AES-GCM the sender encrypts packets with `key`")


def derive(master: bytes) -> tuple[bytes, bytes]:
    """Derive the RTP session key (16 bytes) and salt (12 bytes) from `master`, an AES-128 master key with its salt of 12 bytes (RFC 3711,
    4.3.1 and 4.3.3; RFC 7714, 11).

    Each is the first block of a key stream, so both are made by encrypting two blocks with one cipher, at half the cost of two streams.
    """
    key, salt = master[:16], master[16:]
    # Each block is the salt XORed with a label (0 for the key, 2 for the salt), followed by a block counter of four bytes.
    starts = salt + bytes(4) + salt[:7] + bytes((salt[7] ^ 2,)) + salt[8:] + bytes(4)
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  # the key derivation encrypts two different single blocks
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
