"""Origin: where the credential may go, and nowhere else."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase

from psauth.addresses import check_address
from psauth.exceptions import ApiError, UntrustedAddress
from psauth.secret import Secret
from psauth.vault.connection import Stored
from psauth.words import printable


class Origin:
    """The API's base address, and what may be asked there: scheme, host and port are the same (RFC 6454).

    Raises SettingsError for an address to which no credential may travel: only https, or http to this machine.
    """

    def __init__(self, api_url: str) -> None:
        self.base = check_address(api_url.rstrip("/"), "The API address")
        self._origin = _origin_of(self.base)

    def holds(self, address: str) -> bool:
        """Whether an address is on this origin."""
        return _origin_of(address) == self._origin

    def address(self, path: str) -> str:
        """The full address of `path`, relative to the base or whole; UntrustedAddress when that is not on this origin."""
        if not isinstance(path, str) or any(ord(c) < 33 for c in path) or "\\" in path:
            raise UntrustedAddress(f"{printable(str(path))!r} is not a path. Expected something like /workflows.")
        try:
            parts = urlsplit(path)
            _ = parts.port
        except ValueError:
            raise UntrustedAddress(f"{printable(path)!r} is not a path. Expected something like /workflows.") from None
        if parts.scheme or path.startswith("//"):
            if not self.holds(path):
                raise UntrustedAddress(
                    f"{printable(parts.netloc or path)!r} is not the API of this connection. The credential goes to "
                    f"{self} only; give a path like /workflows. Nothing was sent."
                )
            address = path
        else:
            address = f"{self.base}/{path.lstrip('/')}"
        if any(segment in (".", "..") for segment in unquote(urlsplit(address).path).split("/")):
            raise UntrustedAddress(
                f"{printable(path)!r} climbs out of its folder. Give the whole path, like /workflows."
            )
        return address

    def next_page(self, asked: str, href: str) -> tuple[str, list[tuple[str, str]]]:
        """Where the `next` link of the page at `asked` leads: the address and query to ask.

        A link on this origin is followed as it is; one that names another host is asked at the address just used, with
        the link's query, so that the credential stays where it belongs.
        """
        target = joined(asked, href)
        if not target:
            raise ApiError(
                f"{urlsplit(asked).path} names a next page that is no address: {printable(href)!r}. Try again later."
            )
        place = target if self.holds(target) else asked
        query = parse_qsl(urlsplit(target).query, keep_blank_values=True)
        return urlsplit(place)._replace(query="", fragment="").geturl(), query

    def credential(self, stored: Stored) -> AuthBase:
        """The connection's credential, for requests to this origin."""
        return _Credential(stored, self)

    def __str__(self) -> str:
        return self._origin


class _Credential(AuthBase):
    """Puts the credential on a request, after a last look at where that goes."""

    def __init__(self, stored: Stored, origin: Origin) -> None:
        self._stored = stored
        self._origin = origin

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self._origin.holds(request.url or ""):
            raise UntrustedAddress(f"The credential goes to {self._origin} only. Nothing was sent.")
        if self._stored.token is not None:
            request.headers["Authorization"] = "Bearer " + Secret(self._stored.token.access_token)
        else:
            request.headers["X-API-Key"] = Secret(self._stored.api_key or "")
        return request


def joined(asked: str, reference: str) -> str:
    """The address that a reference in the answer to `asked` means; empty when it means none."""
    try:
        return urljoin(asked, reference)
    except ValueError:
        return ""


def _origin_of(address: str) -> str:
    """Scheme, host and port, the port always there; empty when there is none to read, or a user in it."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
    except ValueError:
        return ""
    if parts.username or parts.password:
        return ""
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}"
