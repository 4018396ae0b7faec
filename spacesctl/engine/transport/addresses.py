"""The transport address of a peer: a UDP address or a TCP connection."""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

UdpAddress = tuple[str, int] | tuple[str, int, int, int]
"""As the socket module gives it: two fields for IPv4, four for IPv6."""


class TcpAddress(NamedTuple):
    """A TCP connection: the address of its other end, and a number that no other connection ever has."""

    host: str
    port: int
    number: int


TransportAddress = UdpAddress | TcpAddress


def is_tcp(address: TransportAddress) -> TypeGuard[TcpAddress]:
    """Whether an address names a TCP connection."""
    return type(address) is TcpAddress
