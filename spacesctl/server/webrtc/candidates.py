"""Which addresses peers are offered for the one UDP port."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import ifaddr

from spacesctl.server.process.settings import split_host_port

MOST = 8


def candidates(udp: str, port: int, announce: Sequence[str]) -> list[tuple[str, int]]:
    """(address, port), preferred first: what the operator announces; else where the socket is bound; else, when that is every
    interface, each of this machine's addresses that reaches it, loopback last (for browsers on the machine itself).

    `::` takes IPv4 too. Its addresses come first: clients that try one candidate only (FFmpeg) often have no IPv6.
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
    """Which of the candidates over UDP are good over TCP too; `hosts` are the addresses that the engine listens at."""
    if announce or any(ip_address(host).is_unspecified for host in hosts):
        return list(udp) if hosts else []
    return [one for one in udp if one[0] in hosts]


def _plain(address: str | tuple[str, int, int]) -> str:
    return address if isinstance(address, str) else address[0]
