"""The engine's one UDP socket, for the STUN, DTLS and SRTP of all peers, and the listening TCP sockets on the same port number."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import ifaddr

from spacesctl.engine.transport.addresses import TransportAddress, UdpAddress
from spacesctl.engine.transport.datagrams import HAS_SENDMMSG, Rows, UdpRows

BUFFER: Final = 4 * 1024 * 1024
"""Bytes of socket buffer requested from the kernel for each direction: twice what 4,000 listeners are sent in a tick."""
DRAIN: Final = 256
"""Datagrams read at most before the event loop handles other events."""
LEAST: Final = 64
"""Datagrams read even if a tick is due, so that checks and handshakes get through when ticks take all the time."""
MAX_DATAGRAM: Final = 2048
"""Bytes read of a datagram at most."""
ATTEMPTS: Final = 16
"""Ports tried when any port will do, until one is free over both UDP and TCP."""
GATHER: Final = 0.004
"""Seconds after a batch of reads in which the socket is not read. When many join at once, their packets are then read by the dozen, with
warm caches, which makes each join a fifth cheaper. A datagram that arrives later than that is read at once."""
BEFORE: Final = 0.001
"""Seconds before a tick from which the socket is read without waiting, so that what arrived in time is in this tick's mix."""
BACKLOG: Final = 128
"""TCP connections that may wait in the kernel to be accepted."""
EVERYWHERE: Final = frozenset(("0.0.0.0", "::"))  # noqa: S104  # only compared with, never bound
"""The hosts that mean all addresses of the machine."""

log = logging.getLogger(__name__)


class UdpPort:
    """The UDP socket, bound when made (raises OSError); `start` begins to receive. Sending never blocks: when the socket's buffer is full,
    the datagram is dropped."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._next: asyncio.TimerHandle | None = None
        try:
            self._socket.setblocking(False)
            if family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        for option, name in ((socket.SO_RCVBUF, "receive"), (socket.SO_SNDBUF, "send")):
            self._grow(option, name)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it is bound to."""
        name = self._socket.getsockname()
        return name[0], name[1]

    def start(self, receive: Callable[[bytes, UdpAddress], None], until: Callable[[], float]) -> None:
        """Pass each datagram to `receive(datagram, address)`. Datagrams are read in batches, `GATHER` apart; a batch ends when the next
        tick is due, which `until` returns in monotonic seconds."""
        recvfrom, loop = self._socket.recvfrom, asyncio.get_running_loop()

        def listen() -> None:
            loop.add_reader(self._socket, readable)

        def readable() -> None:
            read()
            wait = min(GATHER, until() - BEFORE - time.monotonic())
            if wait > 0:
                loop.remove_reader(self._socket)
                self._next = loop.call_later(wait, listen)

        def read() -> None:
            deadline = until()
            for count in range(DRAIN):
                try:
                    data, source = recvfrom(MAX_DATAGRAM)
                except BlockingIOError:
                    return
                except OSError:  # an ICMP error from an earlier send; reading can continue
                    continue
                receive(data, source)
                if count % 8 == 7 and count >= LEAST and time.monotonic() >= deadline:
                    return

        listen()

    def send(self, data: bytes | memoryview, target: TransportAddress) -> bool:
        """Send a datagram. Returns False when the kernel does not take it."""
        try:
            self._socket.sendto(data, target)
        except OSError:
            return False
        return True

    def rows(self, size: int) -> UdpRows:
        """Make rows for `send_rows`."""
        return UdpRows(size)

    def send_rows(self, rows: Rows, count: int) -> int:
        """Send the first `count` rows, a thousand per system call where sendmmsg(2) exists. Returns how many were taken."""
        if HAS_SENDMMSG and isinstance(rows, UdpRows):
            return rows.send(self._socket.fileno(), count)
        return sum(self.send(rows.datagram(row), rows.address(row)) for row in range(count))

    def close(self) -> None:
        """Stop receiving and close the socket."""
        if self._next is not None:
            self._next.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _grow(self, option: int, name: str) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        granted = self._socket.getsockopt(socket.SOL_SOCKET, option) // 2  # Linux reports twice the size
        if granted < BUFFER:
            log.warning(
                "the kernel grants %d KiB of %d for the UDP %s buffer: raise net.core.%smem_max",
                granted // 1024,
                BUFFER // 1024,
                name,
                "r" if option == socket.SO_RCVBUF else "w",
            )


def bind(host: str, port: int, *, tcp: bool) -> tuple[UdpPort, list[socket.socket]]:
    """Bind the UDP port, and with `tcp` also listen over TCP on the same port number (an empty list where that is taken). Port 0 means any
    port. Raises OSError when the UDP port cannot be bound."""
    udp, listening = UdpPort(host, port), list[socket.socket]()
    for _ in range(ATTEMPTS):
        listening = listen(*udp.address) if tcp else []
        if listening or not tcp or port:
            break
        udp.close()
        udp = UdpPort(host, 0)
    if tcp and not listening and _is_reached_from_outside(udp.address[0]):
        log.warning("TCP port %d is taken: clients whose network blocks UDP cannot join", udp.address[1])
    return udp, listening


def _is_reached_from_outside(host: str) -> bool:
    """Whether other machines can reach it: clients on this one need no TCP, whose port mostly our own HTTP server has."""
    return bool(_own_addresses(host == "::")) if host in EVERYWHERE else not ip_address(host).is_loopback


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen over TCP on `host`. Where `host` means all addresses and the port is taken on some of them (mostly by our own HTTP server),
    listen on each remaining address that is reachable from other machines. Returns the sockets; none when the port is taken."""
    try:
        return [_listen(host, port)]
    except OSError as error:
        if error.errno != errno.EADDRINUSE or host not in EVERYWHERE:
            return []
    found = []
    for address in _own_addresses(host == "::"):
        try:
            found.append(_listen(address, port))
        except OSError:
            continue
    return found


def _listen(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _own_addresses(with_ipv6: bool) -> list[str]:
    """This machine's addresses, without loopback (`localhost` must lead to the HTTP server, not here) and without IPv6 addresses that need
    a zone."""
    found = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    plain = [ip if isinstance(ip, str) else ip[0] for ip in found if isinstance(ip, str) or (with_ipv6 and not ip[2])]
    return [address for address in plain if not ip_address(address).is_loopback]
