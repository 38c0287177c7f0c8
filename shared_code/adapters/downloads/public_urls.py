"""Which URLs may be fetched on behalf of someone else's feed: those of public https servers.

Two questions, since a name says nothing about where it leads: is the URL one of a public server
by its form, and is every address that its name resolves to a public one.
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
"""Readers of URLs disagree about them."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa")

_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata
        "168.63.129.16/32",  # Azure's own, public by its looks
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "2001::/23",  # Teredo and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
]
_PUBLIC_V6 = ipaddress.ip_network("2000::/3")
"""All that was ever given out; so neither ::ffff:0:0/96 nor 64:ff9b::/96, which hold IPv4."""


@dataclass(frozen=True, slots=True)
class Address:
    """Of a server and of what is wanted from it; ASCII throughout."""

    host: str
    port: int
    target: str
    """Path and query, as they go on the wire."""


def public_url(url: str, *, ports: Collection[int] = (443,)) -> Address:
    """Reads an https URL. Raises Unprocessable for any that is none of a public server by form."""
    url = url.strip().replace(" ", "%20")
    if len(url) > MAX_URL or _FORBIDDEN.search(url):
        raise Unprocessable("the URL is too long, or holds a backslash or control character")
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
    return Address(_host(parts.hostname or ""), port, f"{path}?{query}" if query else path)


def _host(host: str) -> str:
    """A name in ASCII. An address is refused however it is written: 2130706433 and 0x7f.1 are
    127.0.0.1 to some resolvers."""
    try:
        name = host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError as exc:
        raise Unprocessable(f"{host[:80]!r} is no name of a server") from exc
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise Unprocessable(f"{host[:80]!r} is no name of a public server")
    if _NUMBER.fullmatch(labels[-1]):
        raise Unprocessable("a server must be given by its name, not by an address")
    if labels[-1] in _PRIVATE_NAMES:
        raise Unprocessable(f"{host[:80]!r} is no name of a public server")
    return name


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet could be at."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and (ip not in _PUBLIC_V6 or "%" in address):
        return False
    if any(ip.version == network.version and ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast
