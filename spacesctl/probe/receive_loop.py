"""Reads thousands of sockets in turn, many datagrams a call (recvmmsg(2)), so that the listeners fit on one core.

Until a socket is read, its packets wait in its buffer: at most a second of sound, which fits. No packet wakes this process, so that
it does not disturb the server that is measured.
"""

from __future__ import annotations

import ctypes
import socket
from typing import Final

import numpy as np

from spacesctl.probe.pooled_listener import PooledListener

AT_ONCE: Final = 128
SIZE: Final = 1500
WHOLE: Final = 3
"""Listeners whose packets are kept, to be decrypted and decoded."""
_IOVEC: Final = np.dtype([("base", np.uint64), ("length", np.uint64)])
_MESSAGE: Final = np.dtype(
    {
        "names": ["iovec", "iovecs", "received"],
        "formats": [np.uint64, np.uint64, np.uint32],
        "offsets": [16, 24, 56],
        "itemsize": 64,
    }
)


class Tally:
    """What one socket received: RTP packets, and gaps in their sequence numbers."""

    __slots__ = ("count", "expected", "kept", "lost", "octets", "reordered")

    def __init__(self) -> None:
        self.expected = -1
        self.kept: list[bytes] | None = None
        self.begin()

    def begin(self) -> None:
        """Reset the counts. The expected sequence number is kept, so a gap just before the next packet counts."""
        self.count = self.lost = self.reordered = self.octets = 0


class ReceiveLoop:
    """Reads all sockets into one set of buffers. `tallies` are by file descriptor."""

    def __init__(self) -> None:
        self.tallies: dict[int, Tally] = {}
        self._data = np.zeros((AT_ONCE, SIZE), np.uint8)
        self._iovecs = np.zeros(AT_ONCE, _IOVEC)
        self._messages = np.zeros(AT_ONCE, _MESSAGE)
        places = np.arange(AT_ONCE, dtype=np.uint64)
        self._iovecs["base"] = self._data.ctypes.data + places * SIZE
        self._iovecs["length"] = SIZE
        self._messages["iovec"] = self._iovecs.ctypes.data + places * _IOVEC.itemsize
        self._messages["iovecs"] = 1
        self._at = self._messages.ctypes.data
        self._places = np.arange(AT_ONCE)
        self._recvmmsg = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]

    def tally(self, one: PooledListener | socket.socket) -> Tally:
        number = (one.socket if isinstance(one, PooledListener) else one).fileno()
        if number not in self.tallies:
            self.tallies[number] = Tally()
        return self.tallies[number]

    def read(self, one: PooledListener | socket.socket) -> int:
        """Read all datagrams that wait in one socket. Returns how many there were."""
        number = (one.socket if isinstance(one, PooledListener) else one).fileno()
        tally, total = self.tally(one), 0
        while True:
            got: int = self._recvmmsg(number, self._at, AT_ONCE, socket.MSG_DONTWAIT, None)
            if got <= 0:
                return total
            total += got
            self._taken(one, tally, got)
            if got < AT_ONCE:
                return total

    def _taken(self, one: PooledListener | socket.socket, tally: Tally, got: int) -> None:
        data, lengths = self._data[:got], self._messages["received"][:got]
        kinds = data[:, 1] & 0x7F
        is_rtp = (data[:, 0] & 0xC0 == 0x80) & ~((kinds >= 64) & (kinds < 96))
        if not is_rtp.all():
            if isinstance(one, PooledListener):
                for row in np.flatnonzero(~is_rtp):
                    one.control(data[row, : lengths[row]].tobytes())
            data, lengths = data[is_rtp], lengths[is_rtp]
            if not len(data):
                return
        sequences = data[:, 2].astype(np.int64) << 8 | data[:, 3]
        _count(tally, sequences)
        tally.octets += int(lengths.sum())
        if isinstance(one, PooledListener):
            one.ssrc = int.from_bytes(data[0, 8:12].tobytes(), "big")
            one.highest = int(sequences[-1])
        if tally.kept is not None:
            tally.kept += [data[row, : lengths[row]].tobytes() for row in range(len(data))]


def _count(tally: Tally, sequences: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
    if tally.expected < 0:
        tally.expected = int(sequences[0])
    tally.count += len(sequences)
    if not ((sequences - tally.expected - np.arange(len(sequences))) & 0xFFFF).any():
        tally.expected = (tally.expected + len(sequences)) & 0xFFFF
        return
    for sequence in sequences.tolist():
        ahead = (sequence - tally.expected) & 0xFFFF
        if ahead < 0x8000:
            tally.lost += ahead
            tally.expected = (sequence + 1) & 0xFFFF
        else:
            tally.reordered += 1
            tally.lost -= 1  # it was counted as lost before, and now it has arrived
