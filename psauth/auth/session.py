"""Session: HTTP for secrets. No redirects, no proxy to this machine."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests

from psauth.addresses import is_loopback

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and to wait for the next byte. Authorization servers answer in milliseconds or not at all."""


class Session(requests.Session):
    """A session for secrets.

    It leaves redirects alone: even when told not to follow, requests would read the address, and break over a bad one.
    And what goes to loopback goes there directly: by the proxy of HTTP_PROXY or the system it would leave this machine in
    the clear, and the proxy could not reach this machine either.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: there is nothing to follow."""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What the environment says about proxies and certificates, the former for other machines only."""
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if is_loopback(urlsplit(url).hostname):
            merged["proxies"] = {}
        return merged
