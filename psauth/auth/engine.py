"""Engine: the requests of OAuth 2.0 as requests-oauthlib writes them. The only module that imports it."""

from __future__ import annotations

import base64
import hashlib

from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session

from psauth.addresses import check_address
from psauth.secret import Secret, door
from psauth.vault.service import Service


@door
def authorization_url(service: Service, redirect_uri: str, state: str, *, verifier: str) -> str:
    """The address of an authorization request with PKCE (RFC 6749 §4.1.1, RFC 7636 §4.3)."""
    address = check_address(service.authorize_url, "The authorization address")
    # The engine refuses every http address unless a process-wide switch is set. check_address has decided about this
    # one (loopback only), so the engine is shown its https twin and the scheme is put back.
    plain = address.startswith("http://")
    engine = OAuth2Session(client=WebApplicationClient(service.client_id), redirect_uri=redirect_uri)
    engine.scope = service.scope or None
    url, _ = engine.authorization_url(
        "https" + address[4:] if plain else address,
        state=state,
        code_challenge=_challenge(verifier),
        code_challenge_method="S256",
    )
    return "http" + url[5:] if plain else str(url)


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


@door
def code_exchange(service: Service, *, code: str, redirect_uri: str, verifier: str) -> Secret:
    """The form that exchanges a code for a token (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
    client = WebApplicationClient(service.client_id)
    return Secret(
        client.prepare_request_body(
            code=code, redirect_uri=redirect_uri, include_client_id=True, code_verifier=verifier
        )
    )


@door
def token_refresh(service: Service, refresh_token: str) -> Secret:
    """The form that exchanges a refresh token for a new access token (RFC 6749 §6), and nothing else."""
    client = WebApplicationClient(service.client_id)
    return Secret(client.prepare_refresh_body(refresh_token=refresh_token, client_id=service.client_id))


@door
def token_revocation(service: Service, token: str, *, hint: str) -> Secret:
    """The form that revokes a token (RFC 7009 §2.1); `hint` is "access_token" or "refresh_token"."""
    client = WebApplicationClient(service.client_id)
    # The engine checks the address' scheme here too; only its body is wanted.
    _, _, body = client.prepare_token_revocation_request(
        "https://loopback.invalid/", token, token_type_hint=hint, client_id=service.client_id
    )
    return Secret(body)
