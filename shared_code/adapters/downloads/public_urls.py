"""Decides which URLs of a feed may be fetched: those of public https servers.

There are two checks, since a host name says nothing about where it leads: whether the URL has the
form of a public server's, and whether every address that its name resolves to is public.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from shared_code.domain.errors import Unprocessable

MAX_URL = 2_000

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\s]")
"""URL parsers disagree about these characters."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa")

_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata
        "168.63.129.16/32",  # Azure's own virtual address, though in a public range
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "2001::/23",  # reserved for Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
]
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
"""All that was ever assigned; so neither ::ffff:0:0/96 nor 64:ff9b::/96, which embed IPv4."""


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """The parts of a URL that a request needs, all in ASCII."""

    host: str
    port: int
    target: str
    """Path and query, quoted as they go on the wire."""


def parse_public_url(url: str, *, ports: Collection[int] = (443,)) -> PublicUrl:
    """Reads an https URL. Raises Unprocessable for one that cannot be a public server's."""
    url = url.strip().replace(" ", "%20")
    if len(url) > MAX_URL or _FORBIDDEN.search(url):
        raise Unprocessable("the URL is too long, or contains a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as exc:
        raise Unprocessable("the URL cannot be read") from exc
    if parts.scheme != "https":
        raise Unprocessable("only https URLs are fetched")
    if "@" in parts.netloc:
        raise Unprocessable("a URL with a user name or password is not fetched")
    if port not in ports:
        raise Unprocessable(f"port {port} is not allowed")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return PublicUrl(_check_host(parts.hostname or ""), port, f"{path}?{query}" if query else path)


def _check_host(host: str) -> str:
    """Returns the name in ASCII. An IP address is refused however it is written: to some resolvers
    2130706433 and 0x7f.1 are 127.0.0.1."""
    try:
        name = host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError as exc:
        raise Unprocessable(f"{host[:80]!r} is not a host name") from exc
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise Unprocessable(f"{host[:80]!r} is not the name of a public server")
    if _NUMBER.fullmatch(labels[-1]):
        raise Unprocessable("the URL must name its server, not give its address")
    if labels[-1] in _PRIVATE_NAMES:
        raise Unprocessable(f"{host[:80]!r} is not the name of a public server")
    return name


def is_public_address(address: str) -> bool:
    """Returns whether this is an IP address that anyone on the internet can reach."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and (ip not in _PUBLIC_V6 or "%" in address):
        return False
    if any(ip.version == network.version and ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast
