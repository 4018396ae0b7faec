"""Counts by address: of IPv6 both the /64 network, which every subscriber has, and the /56, which many have."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from spacesctl.server.http.rates import LOOPBACK, address_key, is_loopback

SUBSCRIBER: Final = 4
"""The factor by which limits are higher for an IPv6 /56: it has 256 networks of 64 bits, which may belong to one person."""


@lru_cache(maxsize=4_096)
def networks(host: str) -> tuple[tuple[str, int], ...]:
    """The keys under which an address is counted, each with the factor of its limit. Other texts than addresses are keys themselves."""
    key = address_key(host)
    if is_loopback(host):
        return ((key, LOOPBACK),)
    if not key.endswith("/64"):
        return ((key, 1),)
    whole = int(ip_address(key.removesuffix("/64"))) >> 72 << 72
    return (key, 1), (f"{IPv6Address(whole)}/56", SUBSCRIBER)


class AddressCounts:
    """How many of a thing each address has now. Addresses that have none take no memory."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def take(self, host: str, most: int) -> bool:
        """Count one more, unless the address (or its network) has `most` already. A `most` of 0 is no limit."""
        keys = networks(host)
        if most and any(self._held.get(key, 0) >= most * factor for key, factor in keys):
            return False
        for key, _ in keys:
            self._held[key] = self._held.get(key, 0) + 1
        return True

    def give_back(self, host: str) -> None:
        """Count one less, of those that were taken."""
        for key, _ in networks(host):
            left = self._held[key] - 1
            if left:
                self._held[key] = left
            else:
                del self._held[key]

    def __len__(self) -> int:
        """How many addresses and networks have some."""
        return len(self._held)
