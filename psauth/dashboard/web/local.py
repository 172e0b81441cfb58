"""Local: whether a request comes from this machine, to this machine, and through no proxy for people elsewhere."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Scope

from psauth.addresses import is_loopback

FORWARDING_HEADERS: Final = (
    "x-forwarded-host",
    "x-original-host",
    "x-forwarded-server",
    "x-forwarded-for",
    "x-real-ip",
)
"""Where a proxy says which host was asked, or who asked; beside them the Forwarded of RFC 7239."""


def listens_locally() -> bool:
    """Whether the server was told to listen on loopback; Streamlit's own default is every address."""
    return is_loopback(str(st.config.get_option("server.address") or ""))


def is_local(scope: Scope) -> bool:
    """Whether both ends of the connection are this machine.

    The server takes the other end from X-Forwarded-For where a program of this machine sends it; its own end it knows.
    """
    return _is_loopback_end(scope.get("client")) and _is_loopback_end(scope.get("server"))


def scheme_of(scope: Scope) -> str:
    """How the app was asked: as the server knows it, whatever X-Forwarded-Proto has made it believe."""
    scheme = str(scope["scheme"])
    if "x-forwarded-proto" not in Headers(scope=scope):
        return scheme
    plain = "ws" if scope["type"] == "websocket" else "http"
    return plain + "s" if st.config.get_option("server.sslCertFile") else plain


def is_forwarded(scope: Scope) -> bool:
    """Whether a proxy says that this was asked by another name, or for somebody on another machine."""
    headers = Headers(scope=scope)
    names = [name for header in FORWARDING_HEADERS for line in headers.getlist(header) for name in line.split(",")]
    for line in headers.getlist("forwarded"):
        for pair in line.replace(";", ",").split(","):
            key, _, value = pair.partition("=")
            if key.strip().lower() in ("host", "for"):
                names.append(value.strip().strip('"'))
    return any(name.strip() and not _is_local_name(name) for name in names)


def without_forwarding(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of a request without what a proxy says, so that nothing behind the guard believes it."""
    names = {header.encode() for header in FORWARDING_HEADERS}
    return [
        (name, value)
        for name, value in scope["headers"]
        if name not in names and name != b"forwarded" and not name.startswith(b"x-forwarded-")
    ]


def _is_loopback_end(end: Any) -> bool:
    if end is None:
        return True
    try:
        return ipaddress.ip_address(end[0]).is_loopback
    except ValueError:
        return True  # a test client or a socket file has a name instead of an address


def _is_local_name(host: str) -> bool:
    """Whether a host, with or without a port, is a name of this machine."""
    host = host.strip()
    if host.count(":") > 1 and not host.startswith("["):  # a bare IPv6 address, as X-Forwarded-For has it
        return is_loopback(host)
    try:
        return is_loopback(urlsplit("//" + host).hostname)
    except ValueError:
        return False
