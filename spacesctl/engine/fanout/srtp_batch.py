"""Three kinds of subscriber batches, by the SRTP profile of the listener's handshake and by whether the C extension is installed.

The loop over the listeners runs in C and touches nothing of a listener but its cipher. With thousands of listeners, most of the time
goes to cache misses, not to instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from operator import call
from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from spacesctl.engine.fanout.subscriber_batch import SubscriberBatch
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.transport.datagrams import HEAD, Rows
from spacesctl.rtc import sealing
from spacesctl.rtc.srtp import GCM_TAG, Outgoing

_TWELVE: Final = np.dtype(f"V{HEAD}")  # an RTP header or a nonce: both have 12 bytes
Bytes = npt.NDArray[np.uint8]


class GcmBatch(SubscriberBatch):
    """AEAD_AES_128_GCM, encrypted by `cryptography`. One XOR of two columns makes all nonces of a tick (RFC 7714, 8.1)."""

    TAG = GCM_TAG

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        size = rows.size
        self._masks: Bytes = np.zeros((size, 6), np.uint8)
        self._nonces: Bytes = np.zeros((size, HEAD), np.uint8)
        self._encrypts: list[Callable[[bytes, bytes, bytes], bytes]] = []

    def remove_last(self) -> Subscription:
        del self._encrypts[self.count - 1 :]
        return super().remove_last()

    def _fill(self, row: int, subscription: Subscription) -> None:
        self._give(row, subscription.outgoing.key)  # first: when it raises, the subscription is not added
        super()._fill(row, subscription)
        mask = np.frombuffer(subscription.outgoing.mask, np.uint8)
        self._nonces[row, :6] = mask[:6]
        self._masks[row] = mask[6:]

    def _give(self, row: int, key: bytes) -> None:
        """Encrypt a row with this key from now on."""
        self._encrypts[row : row + 1] = [AESGCM(key).encrypt]

    def _nonces_of(self, count: int) -> Bytes:
        """This tick's nonces, `uint8[count, 12]`."""
        np.bitwise_xor(self._wire_bytes[:count, 2:], self._masks[:count], out=self._nonces[:count, 6:])
        return self._nonces[:count]

    def _seal(self, heads: Bytes, payload: bytes, datagrams: Bytes) -> None:
        nonces = _each(self._nonces_of(len(heads)))
        encrypted = b"".join(map(call, self._encrypts, nonces, repeat(payload), _each(heads)))
        datagrams[:, :HEAD] = heads
        datagrams[:, HEAD:] = np.frombuffer(encrypted, np.uint8).reshape(len(heads), -1)


class CompiledBatch(GcmBatch):
    """AEAD_AES_128_GCM, encrypted by the C extension in one call for all rows."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        size = rows.size
        self._contexts = sealing.Contexts(size)

    def _give(self, row: int, key: bytes) -> None:
        self._contexts.key(row, key)

    def _seal(self, heads: Bytes, payload: bytes, datagrams: Bytes) -> None:
        self._contexts.seal(self._nonces_of(len(heads)), heads, payload, datagrams)


class CmBatch(SubscriberBatch):
    """AES_CM_128_HMAC_SHA1_80, encrypted by libsrtp, which keeps its own rollover counter."""

    TAG = 10

    def _seal(self, heads: Bytes, payload: bytes, datagrams: Bytes) -> None:
        encrypted = b"".join(
            subscription.outgoing.protect(head + payload)
            for subscription, head in zip(self.subscriptions, _each(heads), strict=True)
        )
        datagrams[:] = np.frombuffer(encrypted, np.uint8).reshape(len(heads), -1)


KINDS: Final = (CompiledBatch, GcmBatch, CmBatch)
"""All kinds of batches, in the order in which they are sent."""


def kind_for(outgoing: Outgoing) -> type[SubscriberBatch]:
    """The kind of batch that encrypts with these keys."""
    if not outgoing.key:
        return CmBatch
    return CompiledBatch if sealing.COMPILED else GcmBatch


def _each(rows: Bytes) -> list[bytes]:
    """Rows of twelve bytes, each as a `bytes` object."""
    found: list[bytes] = rows.view(_TWELVE).ravel().tolist()
    return found
