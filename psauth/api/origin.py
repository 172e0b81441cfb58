"""Origin: where the credential may go, and nowhere else."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from psauth.exceptions import (
    UntrustedAddress,
)
from psauth.vault.connection import Stored


class _Credential(AuthBase):
    """Puts the credential on a request, after a last look at where that goes."""

    def __init__(self, stored: Stored, origin: str) -> None:
        self._stored = stored
        self._origin = origin

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if _origin(request.url or "") != self._origin:
            raise UntrustedAddress(f"The credential goes to {self._origin} only. Nothing was sent.")
        if self._stored.token is not None:
            request.headers["Authorization"] = f"Bearer {self._stored.token.access_token}"
        else:
            request.headers["X-API-Key"] = self._stored.api_key or ""
        return request


def _origin(address: str) -> str:
    """Scheme, host and port (RFC 6454), the port always there; empty when there is none to read, or a user in it."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        return ""
    if parts.username or parts.password:
        return ""
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}"


def _joined(asked: str, reference: str) -> str:
    """The address that a reference in the answer to `asked` means; empty when it means none."""
    try:
        return urljoin(asked, reference)
    except ValueError:
        return ""
