"""Which addresses we may ask on somebody's behalf: public ones, and those that are allowed."""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import Final, NamedTuple

import httpx

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SCHEMES: Final = frozenset({"http", "https"})


class Forbidden(Exception):
    """An address that nobody may make us ask; why, in a sentence."""


class Target(NamedTuple):
    """Where to connect, and whom to expect there."""

    url: httpx.URL
    """With an address for its host, so that nobody changes it after it was looked at."""
    host: str
    """For the header `Host`."""
    name: str
    """That the certificate must be for."""


async def target(url: str, allowed: Collection[Network] = ()) -> Target:
    """Where `url` leads; `Forbidden` where it is private, and not in `allowed`."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise Forbidden("its URL cannot be read") from None
    if parsed.scheme not in SCHEMES or not parsed.host or parsed.userinfo:
        raise Forbidden("its URL is not one of http or https, with a host and without a password")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            parsed.host, port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise Forbidden(f"the host {parsed.host} is not known") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not _public(address) and not any(address in network for network in allowed):
            raise Forbidden(f"{parsed.host} is a private address, which is not allowed to be asked")
    return Target(
        parsed.copy_with(host=str(addresses[0])), parsed.netloc.decode("ascii"), parsed.host
    )


def _public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return _public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return _public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast
