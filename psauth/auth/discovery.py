"""Discovery: the service to authorize at, with the addresses that its issuer publishes (RFC 8414)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from psauth.addresses import check_address
from psauth.auth.network import Unanswered
from psauth.auth.session import TIMEOUT, Session
from psauth.auth.wrong_address import API_KEY_INSTEAD, foreign_success
from psauth.exceptions import ServiceUnavailable, SettingsError
from psauth.secret import Secret
from psauth.settings import AUTHORIZE_URL, OAUTH_API_URL, TOKEN_URL, Settings
from psauth.vault.service import Service, of_this_machine


def service_for_oauth(settings: Settings) -> Service:
    """The service to authorize at; asks the issuer for addresses that the settings leave out.

    Raises SettingsError when settings are incomplete or the issuer's metadata cannot be trusted, and
    ServiceUnavailable when it cannot be reached.
    """
    if missing := settings.missing() or ([] if settings.client_id else ["PSAUTH_CLIENT_ID"]):
        raise SettingsError(
            f"Not enough settings to connect: {', '.join(missing)} is missing. Set it in the environment, in .env, "
            "or as a keyword of psauth.Settings. Without an account, try psauth.Sandbox()."
        )
    settings.refuse_foreign("client_id", "client_secret")
    service = Service(
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
        **of_this_machine(settings),
    )
    if settings.issuer and not (settings.authorize_url and settings.token_url and settings.revoke_url):
        service = _discovered(service)
    return replace(
        service,
        authorize_url=service.authorize_url or AUTHORIZE_URL,
        token_url=service.token_url or TOKEN_URL,
    )


def _discovered(service: Service) -> Service:
    """`service` with what its issuer publishes (RFC 8414 §3) in the places that are still empty."""
    metadata = _metadata(service)
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


def _metadata(service: Service) -> dict[str, Any]:
    issuer = service.issuer
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    # RFC 8414 §3.1 puts the well-known part before the issuer's path; OpenID Connect Discovery §4 behind it.
    places = ["/.well-known/oauth-authorization-server" + path, path + "/.well-known/openid-configuration"]
    problems, troubled = [], False
    for place in places:
        address = urlunsplit((parts.scheme, parts.netloc, place, "", ""))
        answer = _ask(service, address)
        if answer.status_code != requests.codes.ok:
            problems.append(f"{address}: status {answer.status_code}")
            troubled |= answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests
            continue
        try:
            metadata = answer.json()
        except (ValueError, RecursionError):
            problems.append(f"{address}: {foreign_success(answer.content) or 'not JSON'}")
            continue
        if not isinstance(metadata, dict):
            problems.append(f"{address}: {foreign_success(answer.content)}")
            continue
        if not metadata.keys() & {"issuer", "authorization_endpoint", "token_endpoint"}:
            problems.append(f"{address}: JSON that is no metadata")
            continue
        if metadata.get("issuer") != issuer:
            # RFC 8414 §3.3: the issuer must be identical, or the metadata must not be used.
            raise SettingsError(
                f"The metadata at {address} belongs to issuer {metadata.get('issuer')!r}, not to {issuer!r}. "
                "Set PSAUTH_ISSUER to exactly what the server calls itself."
            )
        return metadata
    if troubled:
        raise ServiceUnavailable(f"{issuer} has a problem ({'; '.join(problems)}). Try again in a few minutes.")
    raise SettingsError(
        f"No authorization server metadata found for {issuer} ({'; '.join(problems)}). No Process Street API answers so: "
        f"check PSAUTH_ISSUER, or set PSAUTH_AUTHORIZE_URL and PSAUTH_TOKEN_URL, or {API_KEY_INSTEAD}."
    )


def _ask(service: Service, address: str) -> requests.Response:
    """The answer to a GET of public metadata; ServiceUnavailable where none comes."""
    try:
        with Session(system_certificates=service.system_certificates) as session:
            return session.get(address, timeout=TIMEOUT, allow_redirects=False, headers={"Accept": "application/json"})
    except Unanswered as error:
        fault = error
    remedy = fault.remedy or "Check PSAUTH_ISSUER and the network, then try again."
    raise ServiceUnavailable(f"{fault.about(service.issuer)}. {remedy}")
