"""Which addresses may be connected to: those of the public internet. The name is resolved once for each connection, and
the connection goes to an address that was checked, so that a name cannot change its address in between.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host name, or of an address in any notation. Raises OSError."""

_EMBEDS_IPV4 = tuple(ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
"""Networks whose addresses lead to an IPv4 address, which might be a private one (NAT64 and 6to4)."""


class AddressRefused(Exception):
    """A host does not resolve, or not to public addresses only."""


async def resolve(host: str, port: int) -> list[str]:
    """Asks the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_loopback(address: str) -> bool:
    return _parsed(address).is_loopback


def is_public(address: str) -> bool:
    """Whether the address is one of the public internet."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address) and any(parsed in network for network in _EMBEDS_IPV4):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


async def checked_addresses(resolver: Resolver, host: str, port: int, *, allow_loopback: bool) -> list[str]:
    """Returns the host's addresses. Raises AddressRefused unless all are public, or all loopback if that is allowed."""
    try:
        addresses = await resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"{host} cannot be resolved: {error}") from error
    if not addresses:
        raise AddressRefused(f"{host} cannot be resolved: it has no address")
    if allow_loopback and all(map(is_loopback, addresses)):
        return addresses
    for address in addresses:
        if not is_public(address):
            raise AddressRefused(f"{host} resolves to {address}, which is not an address of the public internet")
    return addresses


class CheckedBackend(httpcore.AnyIOBackend):
    """Opens connections for httpcore to checked addresses only. The certificate is that of the host's name still."""

    def __init__(self, resolver: Resolver, *, allow_loopback: bool) -> None:
        self._resolver = resolver
        self._allow_loopback = allow_loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await checked_addresses(self._resolver, host, port, allow_loopback=self._allow_loopback)
        for address in addresses[:-1]:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parses an address; of one that is mapped to IPv6, the IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
