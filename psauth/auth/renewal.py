"""Renewal: one refresh at a time for a connection, over all threads and processes (RFC 6749 §6)."""

from __future__ import annotations

import logging
from datetime import timedelta

from psauth.auth.engine import token_refresh
from psauth.auth.token_endpoint import TRY_AGAIN, NoAnswer, Refused, ask_for_token
from psauth.auth.unstored import UNSTORED_TOKENS
from psauth.auth.wrong_address import oauth_remedy
from psauth.exceptions import (
    LoginRequired,
    ServiceUnavailable,
    VaultError,
    WrongAddress,
)
from psauth.vault.connection import Stored, ended, login_line
from psauth.vault.service import Service
from psauth.vault.token import Token
from psauth.vault.vault import UNSTORED, Vault

log = logging.getLogger(__name__)


def renew(vault: Vault, seen: Stored, *, because: str = "expiry") -> Stored:
    """A connection with a token that is better than the one in `seen`: somebody else's new one, or a refreshed one.

    `because` is "expiry" (before or after the token's end), "rejected" (the service answered 401) or "asked". One
    refresh at a time for a connection, over all threads and processes; who waited takes what the other one got.
    Raises LoginRequired when the connection has ended, ServiceUnavailable when the token endpoint does not answer and
    the old token is of no use any more, VaultError when its new token could not be stored. One that was spent for
    already and cannot be stored is used all the same, and stored later.
    """
    account = seen.connection.account
    with vault.lock(account):
        stored = vault.read(account)
        if (newer := UNSTORED_TOKENS.find(vault, stored)) is not None:
            stored = UNSTORED_TOKENS.store(vault, newer) or newer
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
        try:
            _refuse_spent(vault, account)
            vault.attempt(stored)
        except VaultError as failure:
            if because == "expiry" and is_alive(stored):
                log.warning("refresh postponed: %s Going on with the access token while it lives.", failure)
                return stored
            raise
        try:
            answer = _refresh(stored.service, token)
        except Refused as refusal:
            return _after_refusal(vault, stored, refusal, because)
        except NoAnswer as failure:
            return _after_silence(stored, failure, because)
        renewed = _keep(vault, stored, token.succeeded_by(answer))
        log.info("refreshed: account=%s because=%s", account, because)
        return renewed


def is_alive(stored: Stored) -> bool:
    """Whether the access token has not met its end yet, as far as that is known."""
    return stored.token is not None and stored.token.is_expired(timedelta(0)) is not True


def _keep(vault: Vault, stored: Stored, token: Token) -> Stored:
    """Store a new token; one that cannot be stored is kept in memory, because the old refresh token is spent."""
    try:
        return vault.renew(stored, token)
    except VaultError as failure:
        log.warning(
            "The new token of account %s could not be stored: %s It is used from memory, and stored with one of the next "
            "requests; do not end this program before.",
            stored.connection.account,
            failure,
        )
        return UNSTORED_TOKENS.hold(vault, stored, token)
    except LoginRequired:  # replaced or removed meanwhile
        raise
    except BaseException:  # Ctrl-C, say, in the middle of it
        UNSTORED_TOKENS.store(vault, UNSTORED_TOKENS.hold(vault, stored, token))
        raise


def _refuse_spent(vault: Vault, account: str) -> None:
    """VaultError when the refresh token in the vault was spent by another process, which holds what it got for it."""
    who = vault.holder(account, what=UNSTORED)
    if who is not None and UNSTORED_TOKENS.find(vault, vault.read(account)) is None:
        raise VaultError(
            f"{who} holds a new token of account {account!r} in memory, which it could not store in {vault.place} yet. "
            "Make room on the disk, use the connection once more there, and try again here."
        )


def _refresh(service: Service, token: Token) -> Token:
    """A new token; a lost answer is asked for once more, because the same request may still be honoured."""
    body = token_refresh(service, token.refresh_token or "")
    try:
        return ask_for_token(service, body)
    except NoAnswer as failure:
        if not failure.sent:
            raise
        log.warning("the answer to a refresh was lost (%s); asking once more", failure)
        return ask_for_token(service, body)


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
    if failure.elsewhere:
        raise WrongAddress(
            f"The access of account {account!r} has to be renewed, but {failure}. The connection is kept; "
            f"if this stays so: {oauth_remedy('PSAUTH_TOKEN_URL', account)}",
            status=failure.status,
        ) from None
    if failure.sent:
        # Not remembered as the end: the old refresh token may still be good, and the next call will try it.
        raise LoginRequired(
            f"The answer to the renewal of account {account!r} was lost twice ({failure}), so its access may be spent. "
            f"Try again when the network is well, or log in with: {login_line(account)}"
        ) from None
    remedy = "Try again in a few minutes" if failure.remedy == TRY_AGAIN else f"{failure.remedy} Then try again"
    raise ServiceUnavailable(
        f"The access of account {account!r} has to be renewed, but {failure}. {remedy}; the connection is kept.",
        status=failure.status,
    ) from None
