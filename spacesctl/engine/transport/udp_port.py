"""The one UDP socket: every peer's STUN, DTLS and SRTP come and go here. And the port of the same number over TCP."""

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
"""Bytes asked of the kernel for each direction: what 4,000 listeners are sent in a tick, twice."""
DRAIN: Final = 256
"""Datagrams read before other work of the loop gets its turn."""
LEAST: Final = 64
"""Datagrams read in a turn even if a tick is due: when ticks take all their time, checks and handshakes must still get through."""
MAX_DATAGRAM: Final = 2048
ATTEMPTS: Final = 16
"""Numbers tried when any will do, until one is free over both UDP and TCP."""
GATHER: Final = 0.004
"""Seconds after a turn of reading in which what comes waits for the next one. A storm's packets are read by the dozen then, with warm
caches: a fifth less for each join. One that comes alone is read at once."""
BEFORE: Final = 0.001
"""Seconds before a tick in which nothing waits: what came in time is in this tick's sound."""
BACKLOG: Final = 128
EVERYWHERE: Final = frozenset(("0.0.0.0", "::"))  # noqa: S104  # compared with, not bound

log = logging.getLogger(__name__)


class UdpPort:
    """Bound when made; `start` begins to hand datagrams over. Sending never waits: a full buffer loses the packet."""

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
        """Where it is bound."""
        name = self._socket.getsockname()
        return name[0], name[1]

    def start(self, receive: Callable[[bytes, UdpAddress], None], until: Callable[[], float]) -> None:
        """Hand each datagram to `receive`, in turns that end at the monotonic time that `until` tells (the next tick)
        and begin `GATHER` after one another."""
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
                except OSError:  # an ICMP error of an earlier send; the next read goes on
                    continue
                receive(data, source)
                if count % 8 == 7 and count >= LEAST and time.monotonic() >= deadline:
                    return

        listen()

    def send(self, data: bytes | memoryview, target: TransportAddress) -> bool:
        """Send a datagram; False when the kernel does not take it now."""
        try:
            self._socket.sendto(data, target)
        except OSError:
            return False
        return True

    def rows(self, size: int) -> UdpRows:
        """Rows for `send_rows`."""
        return UdpRows(size)

    def send_rows(self, rows: Rows, count: int) -> int:
        """Send the first `count` rows, with one system call for a thousand where there is one; how many were taken."""
        if HAS_SENDMMSG and isinstance(rows, UdpRows):
            return rows.send(self._socket.fileno(), count)
        return sum(self.send(rows.datagram(row), rows.address(row)) for row in range(count))

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _grow(self, option: int, name: str) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        granted = self._socket.getsockopt(socket.SOL_SOCKET, option) // 2  # Linux doubles it for its own use
        if granted < BUFFER:
            log.warning(
                "the kernel grants %d KiB of %d for the UDP %s buffer: raise net.core.%smem_max",
                granted // 1024,
                BUFFER // 1024,
                name,
                "r" if option == socket.SO_RCVBUF else "w",
            )


def bind(host: str, port: int, *, tcp: bool) -> tuple[UdpPort, list[socket.socket]]:
    """The UDP port, and with `tcp` what listens at the same number: nothing where somebody else has that. Raises OSError for UDP."""
    udp, listening = UdpPort(host, port), list[socket.socket]()
    for _ in range(ATTEMPTS):
        listening = listen(*udp.address) if tcp else []
        if listening or not tcp or port:
            break
        udp.close()
        udp = UdpPort(host, 0)
    if tcp and not listening:
        log.warning("TCP port %d is taken: who gets no UDP through cannot come here", udp.address[1])
    return udp, listening


def listen(host: str, port: int) -> list[socket.socket]:
    """A socket that listens over TCP; where another has the port at some of this machine's addresses (our own HTTP, most of all), one for
    each of the others that somebody else could come by."""
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
    """Of this machine, but for loopback (where `localhost` must not lead to us in place of HTTP) and what needs a zone to be named."""
    found = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    plain = [ip if isinstance(ip, str) else ip[0] for ip in found if isinstance(ip, str) or (with_ipv6 and not ip[2])]
    return [address for address in plain if not ip_address(address).is_loopback]
