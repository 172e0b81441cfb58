"""Addresses: which ones a secret may be sent to."""

from __future__ import annotations

import ipaddress
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
