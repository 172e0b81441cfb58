"""Ports: which one the app can have on this machine."""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

USUAL: Final = 8501
"""Streamlit's own, and that of the default redirect address."""
TRIED: Final = 100
LOOPBACK: Final = (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6))
"""Both addresses of `localhost`: whoever has one of them would be asked by some browsers."""


def problem_of(port: int) -> str | None:
    """Why nothing new can listen on this port of localhost; None when it is free."""
    for address, family in LOOPBACK:
        try:
            with socket.socket(family) as client:
                client.settimeout(1)
                if client.connect_ex((address, port)) == 0:
                    return "is taken"
            with socket.socket(family) as server:
                if os.name == "posix":  # elsewhere this option would share the port
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is taken"
            if family == socket.AF_INET:
                return f"may not be used ({error.strerror or error})"
    return None


def free_port_from(port: int) -> int | None:
    """The first free port from this one on; None when there is none near it."""
    return next((p for p in range(port, min(port + TRIED, 65536)) if problem_of(p) is None), None)
