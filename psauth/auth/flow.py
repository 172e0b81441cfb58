"""Flow: an authorization begun and finished (RFC 6749 §4.1, RFC 7636, RFC 9207)."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from psauth.auth.callback import Callback, read_sealed
from psauth.auth.discovery import service_for_oauth
from psauth.auth.engine import authorization_url, code_exchange
from psauth.auth.token_endpoint import NoAnswer, Refused, ask_for_token
from psauth.exceptions import (
    AccessDenied,
    ArgumentError,
    AuthorizationError,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    ExchangeFailed,
    IssuerMismatch,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
)
from psauth.masks import Masks
from psauth.secret import Secret, door
from psauth.settings import Settings
from psauth.vault.connection import Connection, Pending, check_account
from psauth.vault.service import Service
from psauth.vault.token import Token
from psauth.vault.vault import Vault
from psauth.words import printable

log = logging.getLogger(__name__)

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
        browser: str | None = None,
        return_to: str | None = None,
        *,
        redirect_uri: str | None = None,
        service: Service | None = None,
    ) -> AuthorizationRequest:
        """Make an authorization request and remember what its callback must match, for ten minutes.

        `browser` is a secret of the browser that will carry the callback (a cookie), `return_to` a path of the app to
        go on to, `redirect_uri` another address for the callback than that of the settings, `service` another service to
        authorize at.

        Raises ArgumentError for an account or a path that cannot be one, SettingsError when settings are incomplete,
        ServiceUnavailable when an issuer must be asked and does not answer.
        """
        browser = browser if browser is None else Secret(browser)
        if return_to is not None and not is_path_here(return_to):
            raise ArgumentError(f"return_to is {return_to!r}. Expected a path of this app, like /connection.")
        check_account(account)
        service = service or service_for_oauth(self._settings)
        redirect_uri = redirect_uri or service.redirect_uri or self._settings.redirect_uri
        state = _random_text(STATE_BYTES)
        verifier = _random_text(VERIFIER_BYTES)
        self._vault.await_callback(
            state,
            account=account,
            verifier=verifier,
            service=service,
            redirect_uri=redirect_uri,
            browser=browser,
            return_to=return_to,
        )
        url = authorization_url(service, redirect_uri, state, verifier=verifier)
        log.info("authorization begun: account=%s client=%s", account, service.client_id)
        return AuthorizationRequest(url=url, state=state, account=account, redirect_uri=redirect_uri)

    def finish(self, params: Mapping[str, Any] | str, browser: str | None = None) -> Connection:
        """Take the callback, exchange its code and store the connection.

        `params` are the callback's query parameters, or its whole address. Raises a child of AuthorizationError for
        every reason not to; a callback that does not belong here consumes nothing.
        """
        # Out of the local variables at once: an iterator in C shows nothing of what it will give.
        sealed, params, browser = iter((params,)), "", browser if browser is None else Secret(browser)
        try:
            return self._finish(read_sealed(sealed), browser)
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
            raise _refusal(callback, pending)
        token = _exchange(pending, callback)
        with self._vault.lock(pending.account):  # a refresh of the connection that is replaced ends first
            connection = self._vault.connect(pending.account, pending.service, token=token)
        log.info("connected: account=%s scope=%s", connection.account, connection.scope)
        return replace(connection, return_to=pending.return_to)

    def _match(self, callback: Callback, browser: str | None) -> Pending:
        """The pending authorization that this callback answers; nothing is consumed."""
        if callback.state is None:
            error = printable(Masks(callback.code).text(callback.error or ""))
            hint = f" It reports the error {error!r}." if error else ""
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
        _check_issuer(callback, pending)
        return pending


@door
def _random_text(size: int) -> Secret:
    """Text that nobody can guess, of so many random bytes."""
    return Secret(secrets.token_urlsafe(size))


# The callback -----------------------------------------------------------------------------------------------------


def _masks(callback: Callback, pending: Pending) -> Masks:
    """What a callback may repeat, and no message shows."""
    return Masks(callback.state, callback.code, pending.verifier, pending.service.client_secret)


def _check_issuer(callback: Callback, pending: Pending) -> None:
    """RFC 9207 §2.4: the answer must name the server that was asked, where it names one or has promised to."""
    service = pending.service
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
        named_by = printable(_masks(callback, pending).text(callback.iss))
        raise IssuerMismatch(
            f"The callback comes from {named_by!r}, but {service.issuer or service.authorize_url} was "
            "asked. Nothing was done with it. If both are the same service, set PSAUTH_ISSUER to the first."
        )


def _spent() -> StateSpent:
    return StateSpent(
        "This address was used before (a reload, or the back button). If you are connected, all is well; else begin "
        "again."
    )


def _refusal(callback: Callback, pending: Pending) -> AuthorizationError:
    if callback.error == "access_denied":
        return AccessDenied("Access was declined, so nothing was connected. Begin again if that was a slip.")
    masks = _masks(callback, pending)
    error = printable(masks.text(callback.error or ""))
    description = printable(masks.text(callback.error_description or ""))
    description = description and f" ({description})"
    return AuthorizationRefused(
        f"The service refused the request: {error}{description}. {_HINTS.get(error, 'Begin again.')}", error=error
    )


_HINTS: Mapping[str, str] = {
    "invalid_scope": "Check PSAUTH_SCOPE.",
    "unauthorized_client": "Check PSAUTH_CLIENT_ID, and that the app is allowed to use the authorization code grant.",
    "server_error": "The service has a problem; try again in a few minutes.",
    "temporarily_unavailable": "The service is busy; try again in a few minutes.",
}


def _exchange(pending: Pending, callback: Callback) -> Token:
    body = code_exchange(
        pending.service, code=callback.code or "", redirect_uri=pending.redirect_uri, verifier=pending.verifier
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
        raise ExchangeFailed(f"The service gave no token: {failure}. {failure.remedy}", status=failure.status) from None


# The end ----------------------------------------------------------------------------------------------------------
