"""Reach: whether the sandbox of a connection is still there."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from psauth.dashboard.web.target import is_sandbox

PATIENCE: Final = 0.5
"""Seconds in which a port of this machine answers, if anything listens there."""


def is_own_sandbox(api_url: str, app_url: str | None) -> bool:
    """Whether an API address is that of the sandbox in this very app, which a browser sees at this address."""
    return is_sandbox(api_url) and app_url is not None and urlsplit(app_url).port == urlsplit(api_url).port


def is_lost_sandbox(api_url: str, app_url: str | None) -> bool:
    """Whether an API address is that of a sandbox in an app on another port, where nothing answers any more."""
    if not is_sandbox(api_url):
        return False
    parts = urlsplit(api_url)
    port = parts.port or 80
    if app_url is not None and (urlsplit(app_url).port or 80) == port:
        return False
    try:
        socket.create_connection((parts.hostname or "localhost", port), timeout=PATIENCE).close()
    except OSError:
        return True
    return False
