"""AES-128-GCM for thousands of packets in one call, where the few lines of C that do it could be compiled.

They are compiled when spacesctl is installed, if there is a C compiler and OpenSSL 3 (the one Python has its TLS from). Everywhere
else `COMPILED` is False, and `cryptography` makes the same packets one at a time: that costs a tick a fifth more.
"""

from __future__ import annotations

import ctypes
import importlib.util
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE: Final = 12
TAG: Final = 16
TOGETHER: Final = 64
"""Ciphers that are made at once, when the first of them is needed: a tenth of a millisecond at most."""

Bytes = npt.NDArray[np.uint8]
Addresses = npt.NDArray[np.uint64]


class SealingError(RuntimeError):
    """OpenSSL refused to make a packet."""


class Contexts:
    """The ciphers of `size` rows, in OpenSSL. They lie side by side, in the order in which a tick uses them: among what else listeners
    have, each was in no cache when its turn came, and that took longer than to seal."""

    def __init__(self, size: int) -> None:
        assert _library is not None, "COMPILED says so"
        self._addresses: Addresses = np.zeros(size, np.uint64)
        self._made = 0

    def key(self, row: int, key: bytes) -> None:
        """Seal a row's packets with another key from now on. Raises SealingError when OpenSSL has no cipher to give."""
        assert len(key) == 16, "AES-128"
        while self._made <= row:
            self._make()
        if _library.spacesctl_key(int(self._addresses[row]), key) != 1:
            raise SealingError("no cipher")

    def seal(self, nonces: Bytes, heads: Bytes, payload: bytes, packets: Bytes) -> None:
        """Fill `packets` (`uint8[n, head + payload + TAG]`) for the first `n` rows, with `nonces` `uint8[n, NONCE]` and RTP headers
        `uint8[n, 12]`, all without gaps. No nonce may have been used with its key before. Raises SealingError, with some of them made."""
        count = len(packets)
        assert count <= self._made, "a key for each"
        assert len(nonces) == len(heads) == count, "one of each"
        assert packets.shape[1:] == (heads.shape[1] + len(payload) + TAG,), "room for what is made"
        assert all(one.flags.c_contiguous for one in (nonces, heads, packets)), "no gaps"
        made = _library.spacesctl_seal(
            count,
            self._addresses.ctypes.data,
            nonces.ctypes.data,
            heads.ctypes.data,
            payload,
            len(payload),
            packets.ctypes.data,
        )
        if made != count:
            raise SealingError(f"{made} of {count} packets")

    def __del__(self) -> None:
        if _library is not None:
            _library.spacesctl_free(self._made, self._addresses.ctypes.data)

    def _make(self) -> None:
        """Some more of them, in the order of their addresses."""
        made = self._addresses[self._made : self._made + TOGETHER]
        count = _library.spacesctl_make(len(made), made.ctypes.data)
        made[:count].sort()
        self._made += count
        if count < len(made):
            raise SealingError("no cipher")


def _load() -> Any:
    """The compiled library, or None."""
    found = importlib.util.find_spec("spacesctl.rtc._seal")
    if found is None or found.origin is None:
        return None
    try:
        return declared(found.origin)
    except (OSError, AttributeError):
        return None


def declared(path: str) -> ctypes.CDLL:
    """The library at `path` with the types of its functions. Raises OSError or AttributeError for another one."""
    library = ctypes.CDLL(path)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    make, free = library.spacesctl_make, library.spacesctl_free
    key, seal_all = library.spacesctl_key, library.spacesctl_seal
    make.argtypes, make.restype = (size, pointer), size
    key.argtypes, key.restype = (pointer, ctypes.c_char_p), ctypes.c_int
    free.argtypes, free.restype = (size, pointer), None
    seal_all.argtypes = (size, pointer, pointer, pointer, ctypes.c_char_p, ctypes.c_int, pointer)
    seal_all.restype = size
    return library


def _agrees() -> bool:
    """Whether both ways make the same packet: what listeners could not open must not be sent."""
    key, nonce, head, payload = (
        bytes(range(start, start + size)) for start, size in ((0, 16), (1, 12), (2, 12), (3, 50))
    )
    made = np.zeros((1, len(head) + len(payload) + TAG), np.uint8)
    try:
        contexts = Contexts(1)
        contexts.key(0, key)
        nonces, heads = (np.frombuffer(one, np.uint8).reshape(1, -1) for one in (nonce, head))
        contexts.seal(nonces, heads, payload, made)
    except SealingError:
        return False
    return made.tobytes() == head + AESGCM(key).encrypt(nonce, payload, head)


_library: Any = _load()
COMPILED: Final[bool] = _library is not None and _agrees()
"""Whether `Context` and `seal` are here."""
