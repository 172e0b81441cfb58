"""Discovery: the service to authorize at, with the addresses that its issuer publishes (RFC 8414)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests

from psauth.addresses import check_address, is_here, is_public
from psauth.auth.network import Unanswered
from psauth.auth.session import TIMEOUT, Session
from psauth.auth.wrong_address import API_KEY_INSTEAD, foreign_success
from psauth.exceptions import ServiceUnavailable, SettingsError
from psauth.json_text import NotJson, parse_json
from psauth.secret import Secret
from psauth.settings import AUTHORIZE_URL, OAUTH_API_URL, TOKEN_URL, Settings
from psauth.vault.service import Service, of_this_machine
from psauth.words import printable

_ADDRESS: Final = re.compile(r"[a-z]+://[a-z0-9._:\[\]-]+(?:[/?][!$-;=?-\[\]^_`{-~]*)?", re.IGNORECASE)
"""ASCII without blanks, backslashes, user names or a fragment, which RFC 6749 §3.1 forbids."""
LONGEST: Final = 2000
"""Characters of an address; nothing longer is one."""


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
        "authorize_url": "authorization_endpoint",
        "token_url": "token_endpoint",
        "revoke_url": "revocation_endpoint",
    }
    filled: dict[str, Any] = {
        setting: _address(metadata, name, service.issuer, f"PSAUTH_{setting.upper()}")
        for setting, name in addresses.items()
        if not getattr(service, setting)
    }
    iss_required = metadata.get("authorization_response_iss_parameter_supported") is True
    return replace(service, **filled, iss_required=iss_required)


def _address(metadata: Mapping[str, Any], name: str, issuer: str, setting: str) -> str:
    """The address that metadata give under `name`; SettingsError unless a person and secrets may be sent there.

    Metadata may name other hosts than the issuer's (RFC 8414 §2). But what anybody may publish sends no form with
    secrets to this machine, or into a private network, unless the issuer is there itself.
    """
    address = metadata.get(name)
    what = f"The {name} in the metadata of {issuer}"
    by_hand = f"Tell those who run the issuer, or set {setting} yourself."
    if not address and (address is None or address == ""):
        if name == "revocation_endpoint":
            return ""
        raise SettingsError(f"The metadata of {issuer} names no {name}. Set {setting} yourself.")
    if not isinstance(address, str) or len(address) > LONGEST:
        size = f"a text of {len(address):,} characters" if isinstance(address, str) else type(address).__name__
        raise SettingsError(f"{what} is {size}. Expected an address like https://host/path. {by_hand}")
    if not _ADDRESS.fullmatch(address):
        raise SettingsError(f"{what} is {printable(address)!r}. Expected an address like https://host/path. {by_hand}")
    try:
        host = urlsplit(check_address(address, what)).hostname or ""
    except SettingsError as error:
        problem = str(error)
    else:
        own = urlsplit(issuer).hostname or ""
        if host == own or is_public(host) or is_here(own) or not (is_here(host) or is_public(own)):
            return address
        problem = (
            f"{what} is {address!r}, which is on this machine or in a private network, and the issuer is not. No secret "
            "is sent there."
        )
    raise SettingsError(f"{problem} {by_hand}")


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
            metadata = parse_json(answer.content, unique_names=True)
        except NotJson as error:
            problems.append(f"{address}: {foreign_success(answer.content) or f'not JSON that can be used: {error}'}")
            continue
        if not isinstance(metadata, dict):
            problems.append(f"{address}: {foreign_success(answer.content)}")
            continue
        if not metadata.keys() & {"issuer", "authorization_endpoint", "token_endpoint"}:
            problems.append(f"{address}: JSON that is no metadata")
            continue
        if metadata.get("issuer") != issuer:
            # RFC 8414 §3.3: the issuer must be identical, or the metadata must not be used.
            named = printable(repr(metadata.get("issuer")))
            raise SettingsError(
                f"The metadata at {address} belongs to issuer {named}, not to {issuer!r}. "
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
