"""Revocation: tokens revoked at the service, and the connection forgotten here (RFC 7009)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from psauth.auth.engine import token_revocation
from psauth.auth.token_endpoint import TRY_AGAIN, Answer, NoAnswer, describe, masks_of, post
from psauth.auth.wrong_address import WEB_PAGE, described, foreign_success, is_web_page
from psauth.vault.connection import Stored
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)

CONFIRMED: Final = (200, 204)
"""RFC 7009 §2.2 has 200; servers that have nothing to say say 204."""
BY_HAND: Final = "Remove the app in the service's own settings."
"""What is left to do about an access that could not be revoked."""


@dataclass(frozen=True, kw_only=True)
class Disconnected:
    """What disconnecting did: whether there was a connection, and whether the service confirmed its revocation."""

    account: str
    existed: bool
    revoked: bool
    message: str
    gone: bool = False
    """The sandbox that gave the access does not run any more, so nothing is left to revoke."""

    def __str__(self) -> str:
        return self.message


def disconnect(vault: Vault, account: str = "default") -> Disconnected:
    """Revoke the connection's tokens at the service (RFC 7009), then forget it here, whatever the service said."""
    with vault.lock(account):
        stored = vault.find(account)
        if stored is None:
            message = f"There was no connection for account {account!r}."
            return Disconnected(account=account, existed=False, revoked=False, message=message)
        gone = False
        try:
            problem = _revoke(stored)
        except _Gone:
            problem, gone = "the sandbox is gone", True
        vault.forget(account)
    if gone:
        log.info("forgotten, the sandbox is gone: account=%s", account)
        message = f"Disconnected: the sandbox at {stored.service.host} is gone, and the access with it."
    elif problem is None:
        log.info("revoked and forgotten: account=%s", account)
        message = "Disconnected: the service has revoked the access, and it was removed from this machine."
    else:
        log.info("forgotten, not revoked: account=%s (%s)", account, problem)
        message = f"Removed from this machine, but not revoked at the service: {problem}"
    return Disconnected(account=account, existed=True, revoked=problem is None, message=message, gone=gone)


class _Gone(Exception):
    """Nothing answers where the sandbox was."""


def _revoke(stored: Stored) -> str | None:
    """Revoke at the service; why that did not work, or None when it did. Raises _Gone for a sandbox that does not run."""
    service, token = stored.service, stored.token
    if token is None:
        return "an API key stays valid until it is deleted in Process Street's settings."
    if not service.revoke_url:
        return f"the service publishes no revocation address. {BY_HAND}"
    problems = []
    for hint in ("refresh_token", "access_token"):
        if getattr(token, hint) is None:
            continue
        body = token_revocation(service, getattr(token, hint), hint=hint)
        try:
            answer = post(service, service.revoke_url, body)
        except NoAnswer as failure:
            if service.is_sandbox and not failure.sent:
                raise _Gone from None
            remedy = "" if failure.remedy == TRY_AGAIN else f" {failure.remedy}"
            return f"{failure}.{remedy} {BY_HAND}"
        if is_web_page(answer.content) and answer.status < 500:
            return f"{described(service.revoke_url, answer.status, WEB_PAGE)}. {BY_HAND}"
        if doubt := _doubt(answer):
            refusal = describe(service.revoke_url, answer, masks_of(service, body, answer))
            problems.append(f"{refusal}{doubt}. {BY_HAND}")
    return problems[0] if problems else None


def _doubt(answer: Answer) -> str | None:
    """What keeps an answer from being a confirmation (RFC 7009 §2.2), to be put behind it; None when it is one.

    The standard has 200 and says that the body means nothing. But a body that no revocation has shows that something
    else has answered.
    """
    if 400 <= answer.status < 600 or answer.fields.get("error"):
        return " and did not revoke it"
    if answer.status not in CONFIRMED:
        return ", which confirms nothing: expected 200"
    if answer.content.strip() and answer.problem:
        what = foreign_success(answer.content) or "JSON that is damaged"
        return f" with {what}, which confirms nothing"
    return None
