"""Addresses: which ones a secret may be sent to."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from psauth.exceptions import SettingsError


def is_loopback(host: str | None) -> bool:
    """Whether a host name is this machine by definition: `localhost`, 127.0.0.0/8 or ::1 (RFC 8252 §7.3)."""
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_here(host: str) -> bool:
    """Whether a host name may lead to this machine, however it is written: wider than `is_loopback`, to refuse by."""
    name = host.rstrip(".").lower()
    number = _number(name)
    if number is None:
        return name in ("localhost", "localdomain") or name.endswith((".localhost", ".localdomain"))
    return number.is_loopback or number in _THIS_NETWORK or number.is_unspecified


def is_public(host: str) -> bool:
    """Whether a host may be on the internet: no name or number of this machine, of a private network or of one cable."""
    number = _number(host.rstrip("."))
    return not is_here(host) and (number is None or (number.is_global and not number.is_multicast))


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The number that a host name is, however it is written (127.1, 0x7f000001, 2130706433); None for a real name."""
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))  # as the system reads it when it connects
        except (OSError, ValueError):
            return None
    inner = (number.ipv4_mapped or number.sixtofour) if isinstance(number, ipaddress.IPv6Address) else None
    return inner or number


_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
"""Linux takes 0.0.0.0 for 127.0.0.1."""


def check_address(address: str, what: str) -> str:
    """`address` when a credential may travel to it: https, or http on loopback. Else SettingsError naming `what`."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(
            f"{what} is not an address ({error}). Expected something like https://host/path."
        ) from error
    if any(c.isspace() or ord(c) < 32 for c in address) or parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"{what} is not a web address: {address!r}. Expected something like https://host/path.")
    if parts.username or parts.password:
        raise SettingsError(f"{what} holds a user name or password. Expected an address without them.")
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            f"{what} is {address!r}, which sends secrets in the clear. Expected https (http is for localhost only)."
        )
    return address
