"""Which addresses a request may reach whose URL somebody else has given: those of the internet, and none of the own network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is public, and embeds no IPv4 address that is not."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and any(address in network for network in _NAT64):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if int(address) >> 32 == 0:  # ::a.b.c.d, long deprecated, and the loopback
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
