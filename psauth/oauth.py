"""OAuth 2.0: begin, finish, renew and revoke (RFC 6749, 7636, 7009, 9207). The only module that knows the engine."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import requests
from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session
from urllib3.exceptions import NewConnectionError

from psauth.callback import Callback, printable
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
from psauth.service import TIMEOUT, Service, Session
from psauth.settings import Settings, check_address
from psauth.tokens import Secret, Token, masked
from psauth.vault import Connection, Pending, Stored, Vault, login_line

log = logging.getLogger("psauth.oauth")

STATE_BYTES = 32
"""256 bits of state, as RFC 6749 §10.10 asks for "probability of an attacker guessing … less than 2^(-128)"."""
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
        *,
        browser: str | None = None,
        return_to: str | None = None,
        redirect_uri: str | None = None,
    ) -> AuthorizationRequest:
        """Make an authorization request and remember what its callback must match, for ten minutes.

        `browser` is a secret of the browser that will carry the callback (a cookie), `return_to` a path of the app to
        go on to. Raises SettingsError when settings are incomplete, ServiceUnavailable when an issuer must be asked
        and does not answer.
        """
        if return_to is not None and not is_path_here(return_to):
            raise ValueError(f"return_to is {return_to!r}. Expected a path of this app, like /connection.")
        service = Service.for_oauth(self._settings)
        redirect_uri = redirect_uri or self._settings.redirect_uri
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

    def finish(self, params: Mapping[str, Any] | str, *, browser: str | None = None) -> Connection:
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
                "The callback holds neither a code nor an error. Begin again with Connect; if it happens again, the "
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
                f"The callback has no state, so nothing shows that it answers a request of yours.{hint} "
                "Begin again with Connect."
            )
        pending = self._vault.pending(callback.state)
        if pending is None:
            if self._vault.was_spent(callback.state):
                raise _spent()
            raise StateUnknown(
                "This callback answers no request made here: it is from elsewhere, or more than a day old. "
                "Begin again with Connect."
            )
        if not pending.belongs_to(browser):
            raise BrowserMismatch(
                "This callback answers a request that was begun in another browser. Finish it there, or begin again "
                "with Connect in this one."
            )
        if pending.is_expired():
            raise StateExpired("This request was begun more than ten minutes ago. Begin again with Connect.")
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
            raise _ended(stored.connection)
        if token is None:
            return stored
        if (before is None or token.access_token != before.access_token) and not token.is_expired():
            return stored
        if because == "expiry" and not token.is_expired():
            return stored
        if token.refresh_token is None:
            if because == "expiry" and _alive(stored):
                return stored  # nothing to renew it with, but some seconds are left
            raise LoginRequired(
                f"The access of account {account!r} has ended, and the service gave no refresh token. "
                f"Log in with: {login_line(account)}"
            )
        vault.attempt(stored)
        try:
            answer = _refresh(stored.connection.service, token)
        except _Refused as refusal:
            return _after_refusal(vault, stored, refusal, because)
        except _NoAnswer as failure:
            return _after_silence(stored, failure, because)
        renewed = vault.renew(stored, token.succeeded_by(answer))
        log.info("refreshed: account=%s because=%s", account, because)
        return renewed


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
        log.warning("forgotten, not revoked: account=%s (%s)", account, problem)
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
                "Nothing was done with it; begin again with Connect."
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
        "This callback was used before (a reload, or the back button). If you are connected, all is well; else begin "
        "again with Connect."
    )


def _refusal(callback: Callback) -> AuthorizationError:
    if callback.error == "access_denied":
        return AccessDenied(
            "Access was declined, so nothing was connected. Begin again with Connect if that was a slip."
        )
    error = printable(callback.error or "")
    said = f" ({printable(callback.error_description)})" if callback.error_description else ""
    return AuthorizationRefused(
        f"The service refused the request: {error}{said}. {_HINTS.get(error, 'Begin again with Connect.')}", error=error
    )


_HINTS: Mapping[str, str] = {
    "invalid_scope": "Check PSAUTH_SCOPE.",
    "unauthorized_client": "Check PSAUTH_CLIENT_ID, and that the app is allowed to use the authorization code grant.",
    "server_error": "The service has a problem; try again in a few minutes.",
    "temporarily_unavailable": "The service is busy; try again in a few minutes.",
}


# The token endpoint -----------------------------------------------------------------------------------------------


class _NoAnswer(Exception):
    """The token endpoint gave no usable answer; `sent` when it may have acted on the request all the same."""

    def __init__(self, message: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.status = status


class _Refused(Exception):
    """The token endpoint said no; `error` is its code (RFC 6749 §5.2), where it gave one."""

    def __init__(self, message: str, *, status: int, error: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


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
        return _ask_for_token(pending.service, body)
    except _Refused as refusal:
        check = (
            "Check PSAUTH_CLIENT_ID and PSAUTH_CLIENT_SECRET, then begin"
            if refusal.error == "invalid_client"
            else "Begin"
        )
        raise ExchangeFailed(
            f"The service did not accept the code: {refusal}. {check} again with Connect.",
            status=refusal.status,
            error=refusal.error,
        ) from None  # the cause's frames hold requests' own copies of the code
    except _NoAnswer as failure:
        raise ExchangeFailed(
            f"The service gave no token: {failure}. Try Connect again in a moment.", status=failure.status
        ) from None


def _refresh(service: Service, token: Token) -> Token:
    """A new token; a lost answer is asked for once more, because the same request may still be honoured."""
    client = WebApplicationClient(service.client_id)
    body = Secret(client.prepare_refresh_body(refresh_token=token.refresh_token, client_id=service.client_id))
    try:
        return _ask_for_token(service, body)
    except _NoAnswer as failure:
        if not failure.sent:
            raise
        log.warning("the answer to a refresh was lost (%s); asking once more", failure)
        return _ask_for_token(service, body)


def _ask_for_token(service: Service, body: Secret) -> Token:
    status, text = _post(service, service.token_url, body)
    fields = _answer_fields(text)
    described = _described(service.token_url, status, fields, _secrets_in(service, body))
    error = fields.get("error")
    if status >= 500 or status == requests.codes.too_many_requests or 300 <= status < 400:
        raise _NoAnswer(described, sent=False, status=status)
    if status >= 400 or isinstance(error, str):
        code = printable(masked(error, *_secrets_in(service, body))) if isinstance(error, str) else None
        raise _Refused(described, status=status, error=code)
    try:
        return Token.from_answer(fields)
    except ValueError as problem:
        # It answered, so it may have acted: the answer is as good as lost.
        raise _NoAnswer(f"{service.token_url} answered {status}, but {problem}", sent=True, status=status) from None


def _post(service: Service, address: str, body: Secret) -> tuple[int, str]:
    """Send a form to a token or revocation endpoint, with the client's authentication; status and text of the answer.

    Redirects are not followed: the body is secret.
    """
    check_address(address, "The token or revocation address")
    auth = _ClientAuth(service)
    try:
        with Session() as session:
            answer = session.post(
                address,
                data=auth.complete(body),
                auth=auth,
                timeout=TIMEOUT,
                allow_redirects=False,
                headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
            )
    except requests.RequestException as error:
        sent = not _never_sent(error)
        raise _NoAnswer(f"{address} does not answer ({type(error).__name__})", sent=sent) from None
    return answer.status_code, answer.text


class _ClientAuth(requests.auth.AuthBase):
    """How the client shows who it is (RFC 6749 §2.3.1): in the body, by HTTP Basic, or not at all.

    Being there at all, it also keeps requests from adding credentials out of ~/.netrc.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def complete(self, body: Secret) -> bytes:
        service = self._service
        if service.token_auth == "post" and service.client_secret:
            return f"{body}&client_secret={quote_plus(service.client_secret)}".encode("ascii")
        return body.encode("ascii")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        service = self._service
        if service.token_auth == "basic":
            pair = f"{quote_plus(service.client_id)}:{quote_plus(service.client_secret)}"
            request.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode("ascii")).decode()
        return request


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request surely did not reach the server, so that nothing can have been spent by it."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError) or not isinstance(
        error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError
    )


def _answer_fields(text: str) -> dict[str, Any]:
    """JSON (RFC 6749 §5.1), or a form, which older servers send."""
    try:
        fields = json.loads(text)
    except ValueError:
        try:
            return dict(parse_qsl(text.strip(), max_num_fields=100)) if len(text) < 65_536 else {}
        except ValueError:
            return {}
    return fields if isinstance(fields, dict) else {}


def _described(address: str, status: int, fields: Mapping[str, Any], sent: Iterable[str]) -> str:
    error, description = fields.get("error"), fields.get("error_description")
    said = [printable(masked(str(part), *sent)) for part in (error, description) if part]
    return f"{address} answered {status}" + (f" ({': '.join(said)})" if said else "")


def _secrets_in(service: Service, body: Secret) -> list[str]:
    """What was sent and must not come back in an error's words."""
    secret = {"code", "code_verifier", "refresh_token", "token"}
    return [service.client_secret, *(value for name, value in parse_qsl(body) if name in secret)]


# After a refresh that brought nothing -----------------------------------------------------------------------------


def _after_refusal(vault: Vault, stored: Stored, refusal: _Refused, because: str) -> Stored:
    account = stored.connection.account
    if refusal.error == "invalid_grant":
        vault.end(stored, "the service has ended the access (invalid_grant)")
        log.warning("refresh refused: account=%s invalid_grant; a new login is needed", account)
        raise _ended(vault.read(account).connection) from None
    if because == "expiry" and _alive(stored):
        log.warning("refresh refused: %s; going on with the access token while it lives", refusal)
        return stored
    raise LoginRequired(
        f"The access of account {account!r} could not be renewed: {refusal}. Check that the client is still registered, "
        f"then log in with: {login_line(account)}"
    ) from None


def _after_silence(stored: Stored, failure: _NoAnswer, because: str) -> Stored:
    account = stored.connection.account
    if because == "expiry" and _alive(stored):
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


def _alive(stored: Stored) -> bool:
    return stored.token is not None and stored.token.is_expired(timedelta(0)) is not True


def _ended(connection: Connection) -> LoginRequired:
    return LoginRequired(
        f"The connection of account {connection.account!r} has ended: {connection.ended}. "
        f"Log in with: {login_line(connection.account)}"
    )


# The end ----------------------------------------------------------------------------------------------------------


def _revoke(stored: Stored) -> str | None:
    """Revoke at the service; why that did not work, or None when it did."""
    service, token = stored.connection.service, stored.token
    if token is None:
        return "an API key stays valid until it is deleted in Process Street's settings."
    if not service.revoke_url:
        return "the service publishes no revocation address. Remove the app in the service's own settings."
    client = WebApplicationClient(service.client_id)
    for hint in ("refresh_token", "access_token"):
        if getattr(token, hint) is None:
            continue
        # The engine checks the address' scheme here too; only its body is wanted.
        _, _, body = client.prepare_token_revocation_request(
            "https://loopback.invalid/", getattr(token, hint), token_type_hint=hint, client_id=service.client_id
        )
        body = Secret(body)
        try:
            status, text = _post(service, service.revoke_url, body)
        except _NoAnswer as failure:
            return f"{failure}. Remove the app in the service's own settings."
        if status >= 300:
            fields = _answer_fields(text)
            return f"{_described(service.revoke_url, status, fields, _secrets_in(service, body))}."
    return None
