"""OAuth 2.0: begin, finish, renew and revoke (RFC 6749, 7636, 7009, 9207). The only module that knows the engine."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session

from psauth.callback import Callback, printable
from psauth.connection import Connection, Pending, Stored, check_account, ended, login_line
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    ExchangeFailed,
    IssuerMismatch,
    LoginRequired,
    ServiceUnavailable,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
)
from psauth.service import Service
from psauth.settings import Settings, check_address
from psauth.token_endpoint import NoAnswer, Refused, answer_fields, ask_for_token, described, post, secrets_in
from psauth.tokens import Secret, Token
from psauth.vault import Vault

log = logging.getLogger("psauth.oauth")

STATE_BYTES = 32
"""256 bits of state, as RFC 6749 §10.10 asks for "probability of an attacker guessing … less than 2^(-128)"."""
BY_HAND = "Remove the app in the service's own settings."
"""What is left to do about an access that could not be revoked."""
VERIFIER_BYTES = 64
"""512 bits, 86 characters of RFC 7636's alphabet (§4.1 allows 43 to 128)."""

_PATH_HERE = re.compile(r"/(?![/\\])[^\x00-\x20\x7f]*")
"""A path that stays on this host: browsers read `//` and `/\\` as another one, and drop tabs and line breaks first."""


def is_path_here(path: str) -> bool:
    """Whether a browser that is sent to `path` stays on this host."""
    return _PATH_HERE.fullmatch(path) is not None


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """Where to send the person (`url`), and the `state` the callback will carry."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    account: str
    redirect_uri: str


class AuthorizationFlow:
    """One authorization, from the request to the stored connection; any number may be under way at once."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._settings = settings
        self._vault = vault

    def begin(
        self,
        account: str = "default",
        browser: str | None = None,
        return_to: str | None = None,
        *,
        redirect_uri: str | None = None,
        service: Service | None = None,
    ) -> AuthorizationRequest:
        """Make an authorization request and remember what its callback must match, for ten minutes.

        `browser` is a secret of the browser that will carry the callback (a cookie), `return_to` a path of the app to
        go on to, `service` one to authorize at in the place of that of the settings. Raises SettingsError when settings
        are incomplete, ServiceUnavailable when an issuer must be asked and does not answer.
        """
        if return_to is not None and not is_path_here(return_to):
            raise ValueError(f"return_to is {return_to!r}. Expected a path of this app, like /connection.")
        check_account(account)
        service = service or Service.for_oauth(self._settings)
        redirect_uri = redirect_uri or service.redirect_uri or self._settings.redirect_uri
        state = Secret(secrets.token_urlsafe(STATE_BYTES))
        verifier = Secret(secrets.token_urlsafe(VERIFIER_BYTES))
        self._vault.await_callback(
            state,
            account=account,
            verifier=verifier,
            service=service,
            redirect_uri=redirect_uri,
            browser=browser,
            return_to=return_to,
        )
        url = _authorization_url(service, redirect_uri, state, challenge=_challenge(verifier))
        log.info("authorization begun: account=%s client=%s", account, service.client_id)
        return AuthorizationRequest(url=url, state=state, account=account, redirect_uri=redirect_uri)

    def finish(self, params: Mapping[str, Any] | str, browser: str | None = None) -> Connection:
        """Take the callback, exchange its code and store the connection.

        `params` are the callback's query parameters, or its whole address. Raises a child of AuthorizationError for
        every reason not to; a callback that does not belong here consumes nothing.
        """
        browser = None if browser is None else Secret(browser)
        try:
            try:
                callback = Callback.read(params)
            finally:
                del params  # it holds the code, which no traceback should show
            return self._finish(callback, browser)
        except AuthorizationError as refusal:
            log.info("authorization refused: %s", type(refusal).__name__)
            raise

    def _finish(self, callback: Callback, browser: str | None) -> Connection:
        pending = self._match(callback, browser)
        if callback.error is None and callback.code is None:
            raise CodeMissing(
                "The callback holds neither a code nor an error. Begin again; if it happens again, the "
                "service's answer is incomplete."
            )
        if self._vault.consume(callback.state or "") is None:
            raise _spent()
        if callback.error is not None:
            raise _refusal(callback)
        token = _exchange(pending, callback)
        with self._vault.lock(pending.account):  # a refresh of the connection that is replaced ends first
            connection = self._vault.connect(pending.account, pending.service, token=token)
        log.info("connected: account=%s scope=%s", connection.account, connection.scope)
        return replace(connection, return_to=pending.return_to)

    def _match(self, callback: Callback, browser: str | None) -> Pending:
        """The pending authorization that this callback answers; nothing is consumed."""
        if callback.state is None:
            hint = f" It reports the error {printable(callback.error)!r}." if callback.error else ""
            raise StateMissing(
                f"The callback has no state, so nothing shows that it answers a request of yours.{hint} Begin again."
            )
        pending = self._vault.pending(callback.state)
        if pending is None:
            if self._vault.was_spent(callback.state):
                raise _spent()
            raise StateUnknown(
                "This callback answers no request made here: it is from elsewhere, or more than a day old. Begin again."
            )
        if not pending.belongs_to(browser):
            raise BrowserMismatch(
                "This callback answers a request that was begun in another browser. Finish it there, or begin again "
                "with Connect in this one."
            )
        if pending.is_expired():
            raise StateExpired("This request was begun more than ten minutes ago. Begin again.")
        _check_issuer(callback, pending.service)
        return pending


def renew(vault: Vault, seen: Stored, *, because: str = "expiry") -> Stored:
    """A connection with a token that is better than the one in `seen`: somebody else's new one, or a refreshed one.

    `because` is "expiry" (before or after the token's end), "rejected" (the service answered 401) or "asked". One
    refresh at a time for a connection, over all threads and processes; who waited takes what the other one got.
    Raises LoginRequired when the connection has ended, ServiceUnavailable when the token endpoint does not answer and
    the old token is of no use any more.
    """
    account = seen.connection.account
    with vault.lock(account):
        stored = vault.read(account)
        token, before = stored.token, seen.token
        if stored.connection.ended:
            raise ended(stored.connection)
        if token is None:
            return stored
        if (before is None or token.access_token != before.access_token) and not token.is_expired():
            return stored
        if because == "expiry" and not token.is_expired():
            return stored
        if token.refresh_token is None:
            if because == "expiry" and is_alive(stored):
                return stored  # nothing to renew it with, but some seconds are left
            raise LoginRequired(
                f"The access of account {account!r} has ended, and the service gave no refresh token. "
                f"Log in with: {login_line(account)}"
            )
        vault.attempt(stored)
        try:
            answer = _refresh(stored.service, token)
        except Refused as refusal:
            return _after_refusal(vault, stored, refusal, because)
        except NoAnswer as failure:
            return _after_silence(stored, failure, because)
        renewed = vault.renew(stored, token.succeeded_by(answer))
        log.info("refreshed: account=%s because=%s", account, because)
        return renewed


def is_alive(stored: Stored) -> bool:
    """Whether the access token has not met its end yet, as far as that is known."""
    return stored.token is not None and stored.token.is_expired(timedelta(0)) is not True


@dataclass(frozen=True, kw_only=True)
class Disconnected:
    """What disconnecting did: whether there was a connection, and whether the service confirmed its revocation."""

    account: str
    existed: bool
    revoked: bool
    message: str

    def __str__(self) -> str:
        return self.message


def disconnect(vault: Vault, account: str = "default") -> Disconnected:
    """Revoke the connection's tokens at the service (RFC 7009), then forget it here, whatever the service said."""
    with vault.lock(account):
        stored = vault.find(account)
        if stored is None:
            message = f"There was no connection for account {account!r}."
            return Disconnected(account=account, existed=False, revoked=False, message=message)
        problem = _revoke(stored)
        vault.forget(account)
    if problem is None:
        log.info("revoked and forgotten: account=%s", account)
        message = "Disconnected: the service has revoked the access, and it was removed from this machine."
    else:
        log.info("forgotten, not revoked: account=%s (%s)", account, problem)
        message = f"Removed from this machine, but not revoked at the service: {problem}"
    return Disconnected(account=account, existed=True, revoked=problem is None, message=message)


# The request for authorization ------------------------------------------------------------------------------------


def _authorization_url(service: Service, redirect_uri: str, state: str, *, challenge: str) -> str:
    address = check_address(service.authorize_url, "The authorization address")
    # The engine refuses every http address unless a process-wide switch is set. check_address has decided about this
    # one (loopback only), so the engine is shown its https twin and the scheme is put back.
    plain = address.startswith("http://")
    engine = OAuth2Session(client=WebApplicationClient(service.client_id), redirect_uri=redirect_uri)
    engine.scope = service.scope or None
    url, _ = engine.authorization_url(
        "https" + address[4:] if plain else address,
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    return "http" + url[5:] if plain else str(url)


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


# The callback -----------------------------------------------------------------------------------------------------


def _check_issuer(callback: Callback, service: Service) -> None:
    """RFC 9207 §2.4: the answer must name the server that was asked, where it names one or has promised to."""
    if callback.iss is None:
        if service.iss_required:
            raise IssuerMismatch(
                f"The callback does not name its authorization server, although {service.issuer} always does. "
                "Nothing was done with it; begin again."
            )
        return
    if service.issuer:
        same = callback.iss == service.issuer
    else:
        try:
            asked, named = urlsplit(service.authorize_url), urlsplit(callback.iss)
            same = (asked.scheme, asked.netloc) == (named.scheme, named.netloc)
        except ValueError:
            same = False
    if not same:
        raise IssuerMismatch(
            f"The callback comes from {printable(callback.iss)!r}, but {service.issuer or service.authorize_url} was "
            "asked. Nothing was done with it. If both are the same service, set PSAUTH_ISSUER to the first."
        )


def _spent() -> StateSpent:
    return StateSpent(
        "This address was used before (a reload, or the back button). If you are connected, all is well; else begin "
        "again."
    )


def _refusal(callback: Callback) -> AuthorizationError:
    if callback.error == "access_denied":
        return AccessDenied("Access was declined, so nothing was connected. Begin again if that was a slip.")
    error = printable(callback.error or "")
    said = f" ({printable(callback.error_description)})" if callback.error_description else ""
    return AuthorizationRefused(
        f"The service refused the request: {error}{said}. {_HINTS.get(error, 'Begin again.')}", error=error
    )


_HINTS: Mapping[str, str] = {
    "invalid_scope": "Check PSAUTH_SCOPE.",
    "unauthorized_client": "Check PSAUTH_CLIENT_ID, and that the app is allowed to use the authorization code grant.",
    "server_error": "The service has a problem; try again in a few minutes.",
    "temporarily_unavailable": "The service is busy; try again in a few minutes.",
}


# Tokens -----------------------------------------------------------------------------------------------------------


def _exchange(pending: Pending, callback: Callback) -> Token:
    client = WebApplicationClient(pending.service.client_id)
    body = Secret(
        client.prepare_request_body(
            code=callback.code,
            redirect_uri=pending.redirect_uri,
            include_client_id=True,
            code_verifier=pending.verifier,
        )
    )
    try:
        return ask_for_token(pending.service, body)
    except Refused as refusal:
        check = (
            "Check PSAUTH_CLIENT_ID and PSAUTH_CLIENT_SECRET, then begin"
            if refusal.error == "invalid_client"
            else "Begin"
        )
        raise ExchangeFailed(
            f"The service did not accept the code: {refusal}. {check} again.",
            status=refusal.status,
            error=refusal.error,
        ) from None  # the cause's frames hold requests' own copies of the code
    except NoAnswer as failure:
        raise ExchangeFailed(
            f"The service gave no token: {failure}. Try again in a moment.", status=failure.status
        ) from None


def _refresh(service: Service, token: Token) -> Token:
    """A new token; a lost answer is asked for once more, because the same request may still be honoured."""
    client = WebApplicationClient(service.client_id)
    body = Secret(client.prepare_refresh_body(refresh_token=token.refresh_token, client_id=service.client_id))
    try:
        return ask_for_token(service, body)
    except NoAnswer as failure:
        if not failure.sent:
            raise
        log.warning("the answer to a refresh was lost (%s); asking once more", failure)
        return ask_for_token(service, body)


# After a refresh that brought nothing -----------------------------------------------------------------------------


def _after_refusal(vault: Vault, stored: Stored, refusal: Refused, because: str) -> Stored:
    account = stored.connection.account
    if refusal.error == "invalid_grant":
        vault.end(stored, "the service has ended the access (invalid_grant)")
        log.warning("refresh refused: account=%s invalid_grant; a new login is needed", account)
        raise ended(vault.read(account).connection) from None
    if because == "expiry" and is_alive(stored):
        log.warning("refresh refused: %s; going on with the access token while it lives", refusal)
        return stored
    raise LoginRequired(
        f"The access of account {account!r} could not be renewed: {refusal}. Check that the client is still registered, "
        f"then log in with: {login_line(account)}"
    ) from None


def _after_silence(stored: Stored, failure: NoAnswer, because: str) -> Stored:
    account = stored.connection.account
    if because == "expiry" and is_alive(stored):
        log.warning("refresh postponed: %s; going on with the access token while it lives", failure)
        return stored
    if failure.sent:
        # Not remembered as the end: the old refresh token may still be good, and the next call will try it.
        raise LoginRequired(
            f"The answer to the renewal of account {account!r} was lost twice ({failure}), so its access may be spent. "
            f"Try again when the network is well, or log in with: {login_line(account)}"
        ) from None
    raise ServiceUnavailable(
        f"The access of account {account!r} has to be renewed, but {failure}. Try again in a few minutes; the "
        "connection is kept.",
        status=failure.status,
    ) from None


# The end ----------------------------------------------------------------------------------------------------------


def _revoke(stored: Stored) -> str | None:
    """Revoke at the service; why that did not work, or None when it did."""
    service, token = stored.service, stored.token
    if token is None:
        return "an API key stays valid until it is deleted in Process Street's settings."
    if not service.revoke_url:
        return f"the service publishes no revocation address. {BY_HAND}"
    client = WebApplicationClient(service.client_id)
    problems = []
    for hint in ("refresh_token", "access_token"):
        if getattr(token, hint) is None:
            continue
        # The engine checks the address' scheme here too; only its body is wanted.
        _, _, body = client.prepare_token_revocation_request(
            "https://loopback.invalid/", getattr(token, hint), token_type_hint=hint, client_id=service.client_id
        )
        body = Secret(body)
        try:
            status, text = post(service, service.revoke_url, body)
        except NoAnswer as failure:
            return f"{failure}. {BY_HAND}"
        if status >= 300:
            said = described(service.revoke_url, status, answer_fields(text), secrets_in(service, body))
            problems.append(f"{said}. {BY_HAND}")
    return problems[0] if problems else None
