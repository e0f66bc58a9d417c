"""Determines the client's address. `X-Forwarded-For` is used only from trusted proxies, because anyone can send it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from app.settings_web import Network

MAX_HOPS = 32


def client_address(peer: str, forwarded: Sequence[bytes], trusted: Sequence[Network]) -> str:
    """Returns the last address in the list that is not a trusted proxy's. Each proxy appends the address it was called
    from, so the list is read from its end; an invalid address ends the search, and the proxy that sent it is returned.
    """
    nearest = _address(peer)
    if nearest is None or not _is_trusted(nearest, trusted):
        return peer
    hops = b",".join(forwarded).decode("latin-1").split(",")
    for hop in hops[: -MAX_HOPS - 1 : -1]:
        address = _address(hop.strip())
        if address is None:
            break
        nearest = address
        if not _is_trusted(nearest, trusted):
            break
    return str(nearest)


def _is_trusted(address: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Parses `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; None for anything else."""
    if len(text) > 64:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
