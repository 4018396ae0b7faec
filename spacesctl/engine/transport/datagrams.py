"""Batches of datagrams, each with its own address, of which one system call sends a thousand (sendmmsg(2))."""

from __future__ import annotations

import ctypes
import errno
import socket
import sys
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from spacesctl.audio.opus import MAX_PACKET
from spacesctl.engine.transport.addresses import TcpAddress, TransportAddress, UdpAddress

HEAD: Final = 12
"""Bytes of an RTP header without extensions."""
MAX_TAG: Final = 16
"""Bytes of the longest authentication tag (AES-GCM)."""
LONGEST: Final = HEAD + MAX_PACKET + MAX_TAG
"""Bytes of the largest datagram."""
AT_ONCE: Final = 1024
"""Datagrams that the kernel takes in one call (UIO_MAXIOV)."""
SKIPPED: Final = 16
"""Datagrams dropped together when the socket's buffer is full: trying each one would delay a late tick further."""

_NAME: Final = 28
"""Bytes of a sockaddr_in6, the larger one."""
_IOVEC: Final = np.dtype([("base", np.uint64), ("length", np.uint64)])
_MESSAGE: Final = np.dtype(  # struct mmsghdr of 64-bit Linux
    {
        "names": ["name", "name_length", "iovec", "iovecs"],
        "formats": [np.uint64, np.uint32, np.uint64, np.uint64],
        "offsets": [0, 8, 16, 24],
        "itemsize": 64,
    }
)
_FULL: Final = frozenset((errno.EAGAIN, errno.ENOBUFS))


class Rows:
    """Room for `size` datagrams with their addresses. `heads` are their RTP headers, `uint8[size, HEAD]`.

    The datagrams of a tick are contiguous in memory, so that a tick touches as little memory as possible.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.length = 0
        self.heads: npt.NDArray[np.uint8] = np.zeros((size, HEAD), np.uint8)
        self._data: npt.NDArray[np.uint8] = np.zeros(size * LONGEST, np.uint8)  # pages never touched take no memory
        self._addresses: list[TransportAddress] = [("", 0)] * size

    def address(self, row: int) -> TransportAddress:
        """The address that a row is sent to."""
        return self._addresses[row]

    def set_address(self, row: int, address: TransportAddress) -> None:
        """Send a row to this address from now on."""
        self._addresses[row] = address

    def lay_out(self, count: int, length: int) -> npt.NDArray[np.uint8]:
        """The buffer for the first `count` datagrams of `length` bytes each, to be filled: `uint8[count, length]`. Raises ValueError for
        a `length` outside `HEAD` to `LONGEST`."""
        if not HEAD <= length <= LONGEST:
            raise ValueError(f"a datagram of {length} bytes")
        self.length = length
        return self._data[: count * length].reshape(count, length)

    def datagram(self, row: int) -> memoryview:
        """The bytes of a row's datagram."""
        return self._data[row * self.length : (row + 1) * self.length].data


class UdpRows(Rows):
    """Rows that one system call sends: addresses and lengths are kept as the kernel reads them (struct mmsghdr)."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._laid_out = 0
        self._names: npt.NDArray[np.uint8] = np.zeros((size, _NAME), np.uint8)
        self._iovecs = np.zeros(size, _IOVEC)
        self._messages = np.zeros(size, _MESSAGE)
        self._places = np.arange(size, dtype=np.uint64)
        self._messages["name"] = self._names.ctypes.data + self._places * _NAME
        self._messages["iovec"] = self._iovecs.ctypes.data + self._places * _IOVEC.itemsize
        self._messages["iovecs"] = 1
        self._at = self._messages.ctypes.data
        self._data_at = self._data.ctypes.data

    def set_address(self, row: int, address: TransportAddress) -> None:
        """Send a row to this UDP address from now on. Raises ValueError for a TCP connection."""
        if isinstance(address, TcpAddress):
            raise ValueError("a TCP connection has no UDP address")
        super().set_address(row, address)
        name = sockaddr(address)
        self._names[row, : len(name)] = np.frombuffer(name, np.uint8)
        self._messages["name_length"][row] = len(name)

    def lay_out(self, count: int, length: int) -> npt.NDArray[np.uint8]:
        """Like `Rows.lay_out`; also updates the structures for the kernel when the length changes."""
        if length != self._laid_out and HEAD <= length <= LONGEST:
            self._laid_out = length
            self._iovecs["base"] = self._data_at + self._places * np.uint64(length)
            self._iovecs["length"] = length
        return super().lay_out(count, length)

    def send(self, descriptor: int, count: int) -> int:
        """Send the first `count` rows by the socket `descriptor`, without blocking. Returns how many the kernel took; the rest is lost."""
        assert _sendmmsg is not None
        taken = done = 0
        while done < count:
            wanted = min(count - done, AT_ONCE)
            sent = _sendmmsg(descriptor, self._at + done * _MESSAGE.itemsize, wanted, socket.MSG_DONTWAIT)
            if sent > 0:
                taken += sent
                done += sent
            else:  # the error concerns only the first row of this call
                done += SKIPPED if ctypes.get_errno() in _FULL else 1
        return taken


class Sender(Protocol):
    """The transport of a fan-out."""

    def rows(self, size: int) -> Rows:
        """Make `size` rows of the kind that this sender sends."""

    def send_rows(self, rows: Rows, count: int) -> int:
        """Send the first `count` rows. Returns how many were taken."""


def sockaddr(address: UdpAddress) -> bytes:
    """An address as the kernel's struct sockaddr_in, or sockaddr_in6 for one with four fields. Raises OSError for an invalid host."""
    host, port = address[:2]
    if len(address) == 2:
        packed = socket.inet_pton(socket.AF_INET, host)
        return _family(socket.AF_INET) + port.to_bytes(2, "big") + packed + bytes(8)
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    flow, scope = address[2].to_bytes(4, "big"), address[3].to_bytes(4, sys.byteorder)
    return _family(socket.AF_INET6) + port.to_bytes(2, "big") + flow + packed + scope


def _family(number: int) -> bytes:
    return number.to_bytes(2, sys.byteorder)


def _load() -> ctypes._NamedFuncPointer | None:
    """sendmmsg(2), or None where it is missing or its structures are not those of 64-bit Linux."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "sendmmsg", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
        function.restype = ctypes.c_int
    return function


_sendmmsg: Final = _load()
HAS_SENDMMSG: Final = _sendmmsg is not None
"""Whether `UdpRows.send` can be used."""
