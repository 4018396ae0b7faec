"""AES-128-GCM encryption of thousands of packets in one call, by a small C extension, if that is installed.

The extension is compiled when spacesctl is installed, if there is a C compiler and OpenSSL 3 (the one that Python uses for TLS). Otherwise
`COMPILED` is False, and the engine encrypts the same packets one at a time with `cryptography`, which makes a tick a fifth slower.
"""

from __future__ import annotations

import ctypes
import importlib.util
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE: Final = 12
"""Bytes of a nonce."""
TAG: Final = 16
"""Bytes of an authentication tag."""
TOGETHER: Final = 64
"""Ciphers that are made together when the first of them is needed. It takes a tenth of a millisecond at most."""

Bytes = npt.NDArray[np.uint8]
Addresses = npt.NDArray[np.uint64]


class SealingError(RuntimeError):
    """OpenSSL could not make a cipher or encrypt a packet."""


class Contexts:
    """The OpenSSL ciphers of `size` rows, contiguous in memory and in the order in which a tick uses them. Scattered among the other data
    of listeners, each use was a cache miss that took longer than the encryption. Only for use when `COMPILED`."""

    def __init__(self, size: int) -> None:
        assert _library is not None, "only when COMPILED"
        self._addresses: Addresses = np.zeros(size, np.uint64)
        self._made = 0

    def key(self, row: int, key: bytes) -> None:
        """Encrypt a row's packets with another key (16 bytes) from now on. Raises SealingError when OpenSSL cannot make a cipher."""
        assert len(key) == 16, "AES-128"
        while self._made <= row:
            self._make()
        if _library.spacesctl_key(int(self._addresses[row]), key) != 1:
            raise SealingError("no cipher")

    def seal(self, nonces: Bytes, heads: Bytes, payload: bytes, packets: Bytes) -> None:
        """Encrypt `payload` for the first `n` rows into `packets` (`uint8[n, 12 + payload + TAG]`), with `nonces` (`uint8[n, NONCE]`) and
        RTP headers `heads` (`uint8[n, 12]`), all contiguous. A nonce must never be used twice with the same key. Raises SealingError,
        after which some of the packets may be filled."""
        count = len(packets)
        assert count <= self._made, "a row without a key"
        assert len(nonces) == len(heads) == count, "not one nonce and header for each packet"
        assert packets.shape[1:] == (heads.shape[1] + len(payload) + TAG,), "packets of the wrong length"
        assert all(one.flags.c_contiguous for one in (nonces, heads, packets)), "an array that is not contiguous"
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
        """Make more ciphers, ordered by their addresses."""
        made = self._addresses[self._made : self._made + TOGETHER]
        count = _library.spacesctl_make(len(made), made.ctypes.data)
        made[:count].sort()
        self._made += count
        if count < len(made):
            raise SealingError("no cipher")


def _load() -> Any:
    """The compiled extension, or None."""
    found = importlib.util.find_spec("spacesctl.rtc._seal")
    if found is None or found.origin is None:
        return None
    try:
        return declared(found.origin)
    except (OSError, AttributeError):
        return None


def declared(path: str) -> ctypes.CDLL:
    """Load the extension at `path` and declare the types of its functions. Raises OSError or AttributeError for another library."""
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
    """Whether the extension and `cryptography` make the same packet. If not, listeners could not decrypt it."""
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
"""Whether the extension is installed and works, so that `Contexts` can be used."""
