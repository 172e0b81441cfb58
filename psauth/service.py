"""Service: the addresses and the client that a connection was made with, and is used with ever after."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from psauth.exceptions import ServiceUnavailable, SettingsError
from psauth.settings import (
    API_KEY_API_URL,
    AUTHORIZE_URL,
    OAUTH_API_URL,
    TOKEN_URL,
    Settings,
    check_address,
    is_loopback,
)
from psauth.tokens import Secret

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


@dataclass(frozen=True, kw_only=True, repr=False)
class Service:
    """Where a connection lives. Stored with it, so that changed settings never carry a credential elsewhere."""

    api_url: str
    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    issuer: str = ""
    iss_required: bool = False
    client_id: str = ""
    client_secret: str = ""
    token_auth: str = "post"
    scope: str = ""
    redirect_uri: str = ""

    @property
    def host(self) -> str:
        """The API's host, to show to people."""
        return urlsplit(self.api_url).netloc

    @classmethod
    def for_api_key(cls, settings: Settings) -> Service:
        """The service an API key of these settings belongs to."""
        return cls(api_url=settings.api_url or API_KEY_API_URL)

    @classmethod
    def for_oauth(cls, settings: Settings) -> Service:
        """The service to authorize at; asks the issuer for addresses that the settings leave out.

        Raises SettingsError when settings are incomplete or the issuer's metadata cannot be trusted, and
        ServiceUnavailable when it cannot be reached.
        """
        if missing := settings.missing() or ([] if settings.client_id else ["PSAUTH_CLIENT_ID"]):
            raise SettingsError(
                f"Not enough settings to connect: {', '.join(missing)} is missing. Set it in the environment, in .env, "
                "or as a keyword of psauth.Settings. Without an account, try psauth.Sandbox()."
            )
        service = cls(
            api_url=settings.api_url or OAUTH_API_URL,
            authorize_url=settings.authorize_url,
            token_url=settings.token_url,
            revoke_url=settings.revoke_url,
            issuer=settings.issuer,
            client_id=settings.client_id,
            client_secret=Secret(settings.client_secret),
            token_auth=settings.token_auth,
            scope=settings.scope,
            redirect_uri=settings.redirect_uri,
        )
        if settings.issuer and not (settings.authorize_url and settings.token_url and settings.revoke_url):
            service = _discovered(service)
        return replace(
            service,
            authorize_url=service.authorize_url or AUTHORIZE_URL,
            token_url=service.token_url or TOKEN_URL,
        )

    def to_json(self) -> Secret:
        """For the vault only: everything, the client secret included."""
        return Secret(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, text: str) -> Service:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        return cls(**{**fields, "client_secret": Secret(fields["client_secret"])})

    def without_secret(self) -> Service:
        """The same, fit to be shown: the client secret stays in the vault."""
        return replace(self, client_secret="")

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: a connection may be cached or sent to a worker, the client secret stays in the vault."""
        return {**vars(self), "client_secret": ""}

    def __repr__(self) -> str:
        return f"Service(api_url={self.api_url!r}, client_id={self.client_id!r}, token_url={self.token_url!r})"


def _discovered(service: Service) -> Service:
    """`service` with what its issuer publishes (RFC 8414 §3) in the places that are still empty."""
    metadata = _metadata(service.issuer)
    addresses = {
        "authorize_url": metadata.get("authorization_endpoint"),
        "token_url": metadata.get("token_endpoint"),
        "revoke_url": metadata.get("revocation_endpoint") or "",
    }
    filled: dict[str, Any] = {}
    for name, address in addresses.items():
        if getattr(service, name):
            continue
        if not isinstance(address, str) or (not address and name != "revoke_url"):
            raise SettingsError(
                f"The metadata of {service.issuer} names no {name.replace('_url', ' endpoint')}. "
                f"Set PSAUTH_{name.upper()} yourself."
            )
        filled[name] = address and check_address(address, f"The {name} in the metadata of {service.issuer}")
    return replace(
        service, **filled, iss_required=metadata.get("authorization_response_iss_parameter_supported") is True
    )


def _metadata(issuer: str) -> dict[str, Any]:
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    # RFC 8414 §3.1 puts the well-known part before the issuer's path; OpenID Connect Discovery §4 behind it.
    places = ["/.well-known/oauth-authorization-server" + path, path + "/.well-known/openid-configuration"]
    problems, troubled = [], False
    for place in places:
        address = urlunsplit((parts.scheme, parts.netloc, place, "", ""))
        try:
            with Session() as session:
                headers = {"Accept": "application/json"}
                answer = session.get(address, timeout=TIMEOUT, allow_redirects=False, headers=headers, auth=_no_auth)
        except requests.RequestException as error:
            problem = f"{issuer} does not answer ({type(error).__name__})"
            raise ServiceUnavailable(f"{problem}. Check PSAUTH_ISSUER and the network, then try again.") from None
        if answer.status_code != requests.codes.ok:
            problems.append(f"{place}: status {answer.status_code}")
            troubled |= answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests
            continue
        try:
            metadata = answer.json()
        except (ValueError, RecursionError):
            problems.append(f"{place}: not JSON")
            continue
        if not isinstance(metadata, dict) or metadata.get("issuer") != issuer:
            # RFC 8414 §3.3: the issuer must be identical, or the metadata must not be used.
            named = metadata.get("issuer") if isinstance(metadata, dict) else None
            raise SettingsError(
                f"The metadata at {address} belongs to issuer {named!r}, not to {issuer!r}. "
                "Set PSAUTH_ISSUER to exactly what the server calls itself."
            )
        return metadata
    if troubled:
        raise ServiceUnavailable(f"{issuer} has a problem ({'; '.join(problems)}). Try again in a few minutes.")
    raise SettingsError(
        f"No authorization server metadata found for {issuer} ({'; '.join(problems)}). "
        "Check PSAUTH_ISSUER, or set PSAUTH_AUTHORIZE_URL and PSAUTH_TOKEN_URL."
    )


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from adding credentials of its own out of ~/.netrc."""
    return request
