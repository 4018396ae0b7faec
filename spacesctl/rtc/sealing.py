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

Bytes = npt.NDArray[np.uint8]
Addresses = npt.NDArray[np.uint64]


class SealingError(RuntimeError):
    """OpenSSL refused to make a packet."""


class Context:
    """One key's state in OpenSSL, at `address` as long as this object lives. Raises SealingError when there is none to be had."""

    __slots__ = ("address",)

    def __init__(self, key: bytes) -> None:
        self.address: int = 0
        assert _library is not None, "COMPILED says so"
        assert len(key) == 16, "AES-128"
        self.address = _library.spacesctl_context(key) or 0
        if not self.address:
            raise SealingError("no cipher")

    def __del__(self) -> None:
        if self.address and _library is not None:
            _library.spacesctl_free(self.address)


def seal(contexts: Addresses, nonces: Bytes, heads: Bytes, payload: bytes, packets: Bytes) -> None:
    """Fill `packets` (`uint8[n, head + payload + TAG]`) for contexts at `uint64[n]`, with `nonces` `uint8[n, NONCE]` and RTP headers
    `uint8[n, 12]`, all without gaps. No nonce may have been used with its context before. Raises SealingError, with some of them made."""
    assert _library is not None, "COMPILED says so"
    count = len(contexts)
    assert len(nonces) == len(heads) == len(packets) == count, "one of each"
    assert packets.shape[1:] == (heads.shape[1] + len(payload) + TAG,), "room for what is made"
    assert all(one.flags.c_contiguous for one in (contexts, nonces, heads, packets)), "no gaps"
    made = _library.spacesctl_seal(
        count, contexts.ctypes.data, nonces.ctypes.data, heads.ctypes.data, payload, len(payload), packets.ctypes.data
    )
    if made != count:
        raise SealingError(f"{made} of {count} packets")


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
    make, free, seal_all = library.spacesctl_context, library.spacesctl_free, library.spacesctl_seal
    make.argtypes, make.restype = (ctypes.c_char_p,), pointer
    free.argtypes, free.restype = (pointer,), None
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
        context = Context(key)
        rows = [np.frombuffer(one, np.uint8).reshape(1, -1) for one in (nonce, head)]
        seal(np.array([context.address], np.uint64), rows[0], rows[1], payload, made)
    except SealingError:
        return False
    return made.tobytes() == head + AESGCM(key).encrypt(nonce, payload, head)


_library: Any = _load()
COMPILED: Final[bool] = _library is not None and _agrees()
"""Whether `Context` and `seal` are here."""
