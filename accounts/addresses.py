"""Where a request comes from, as far as limits are concerned."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

_LONGEST = 64


@lru_cache(maxsize=1_000)
def neighbourhood(host: str) -> str:
    """
    Return what counts as one client: an IPv4 address, or an IPv6 network of 64 bits.

    Whoever has one IPv6 address has the other 2**64 of its network as well. ``host``
    is the connection's, or what a trusted proxy says (``FORWARDED_ALLOW_IPS``, which
    uvicorn heeds); text that is no address stands for itself.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host[:_LONGEST]
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False))
