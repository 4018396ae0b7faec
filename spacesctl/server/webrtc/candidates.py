"""The ICE candidates that peers are offered for the one UDP port."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import ifaddr

from spacesctl.server.process.settings import split_host_port

MOST = 8
"""At most so many candidates."""


def candidates(udp: str, port: int, announce: Sequence[str]) -> list[tuple[str, int]]:
    """Return the (address, port) candidates, preferred ones first.

    These are the addresses that the operator announces; otherwise the one the socket is bound to; otherwise, when it is
    bound to all interfaces, this machine's addresses that reach it, loopback last (for browsers on the machine itself).
    `::` accepts IPv4 too. IPv4 addresses come first, since clients that try only one candidate (FFmpeg) often have no
    IPv6.
    """
    host, _ = split_host_port(udp)
    if announce:
        return [(address, port) for address in announce]
    bound = ip_address("127.0.0.1" if host == "localhost" else host)
    if not bound.is_unspecified:
        return [(str(bound), port)]
    mine = [_plain(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    usable = [one for one in map(ip_address, mine) if not one.is_link_local and one.version <= bound.version]
    usable.sort(key=lambda one: (one.is_loopback, one.version))
    return [(str(one), port) for one in usable[:MOST]]


def over_tcp(udp: Sequence[tuple[str, int]], hosts: Sequence[str], announce: Sequence[str]) -> list[tuple[str, int]]:
    """Those of the UDP candidates that also work over TCP. `hosts` are the addresses that the engine listens on."""
    if announce or any(ip_address(host).is_unspecified for host in hosts):
        return list(udp) if hosts else []
    return [one for one in udp if one[0] in hosts]


def _plain(address: str | tuple[str, int, int]) -> str:
    return address if isinstance(address, str) else address[0]
