"""Where a peer is: an address that datagrams go to, or a connection over TCP."""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

UdpAddress = tuple[str, int] | tuple[str, int, int, int]
"""As the socket gives it: two fields for IPv4, four for IPv6."""


class TcpAddress(NamedTuple):
    """A connection over TCP: its other end, and a number that no other connection ever has."""

    host: str
    port: int
    number: int


TransportAddress = UdpAddress | TcpAddress


def is_tcp(address: TransportAddress) -> TypeGuard[TcpAddress]:
    """Whether it names a connection over TCP."""
    return type(address) is TcpAddress
