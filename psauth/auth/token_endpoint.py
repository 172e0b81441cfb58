"""Token endpoint: a form sent with the client's authentication, and the answer read (RFC 6749 §2.3.1, §5)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import requests

from psauth.addresses import check_address
from psauth.auth.network import Unanswered
from psauth.auth.session import TIMEOUT, Session
from psauth.auth.wrong_address import (
    ANSWERS_SO,
    NO_SUCH_PATH,
    described,
    foreign_refusal,
    foreign_success,
    is_web_page,
    oauth_remedy,
)
from psauth.secret import Secret, SecretBytes, door, masked
from psauth.vault.service import Service
from psauth.vault.token import Token
from psauth.words import printable

OAUTH_ERROR = re.compile(r"[a-z][a-z0-9_.-]*")
"""How the codes of OAuth errors are written; "Not Found" is what a web server says."""
TRY_AGAIN = "Try again in a moment."


class NoAnswer(Exception):
    """The token endpoint gave no usable answer.

    The text is a clause without a full stop, `remedy` a sentence. `sent` says whether the endpoint may have acted on the
    request all the same; `elsewhere` whether what answered is no token endpoint at all.
    """

    def __init__(
        self, message: str, *, sent: bool, status: int | None = None, remedy: str = TRY_AGAIN, elsewhere: bool = False
    ) -> None:
        super().__init__(message)
        self.sent = sent
        self.status = status
        self.remedy = remedy
        self.elsewhere = elsewhere


class Refused(Exception):
    """The token endpoint said no; `error` is its code (RFC 6749 §5.2), where it gave one."""

    def __init__(self, message: str, *, status: int, error: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


@dataclass(frozen=True, repr=False)
class Answer:
    """What a token or revocation endpoint answered; the body may hold tokens, so it does not show itself."""

    status: int
    content: bytes
    text: str


@door
def ask_for_token(service: Service, body: Secret) -> Token:
    """Send a token request (RFC 6749 §4.1.3, §6) and read the answer; Refused or NoAnswer where there is no token in it."""
    answer = post(service, service.token_url, body)
    status = answer.status
    fields = answer_fields(answer)
    description = describe(service.token_url, status, fields, secrets_in(service, body))
    error = fields.get("error")
    if status >= 500 or status == requests.codes.too_many_requests:
        raise NoAnswer(description, sent=False, status=status)
    if what := _foreign(answer, fields):
        lacking = (
            f"{service.token_url} answered {status}, but there is no access_token in it: it is {what}, and {ANSWERS_SO}"
        )
        raise NoAnswer(
            lacking if status < 300 else described(service.token_url, status, what),
            sent=False,
            status=status,
            remedy=oauth_remedy("PSAUTH_TOKEN_URL"),
            elsewhere=True,
        )
    if status >= 400 or isinstance(error, str):
        code = printable(masked(error, *secrets_in(service, body))) if isinstance(error, str) else None
        raise Refused(description, status=status, error=code)
    try:
        return Token.from_answer(fields)
    except ValueError as problem:
        # It answered, so it may have acted: the answer is as good as lost.
        raise NoAnswer(
            f"{service.token_url} answered {status}, but {problem}",
            sent=True,
            status=status,
            remedy=f"Try again; if it answers so again, no Process Street does. {oauth_remedy('PSAUTH_TOKEN_URL')}",
        ) from None


def _foreign(answer: Answer, fields: Mapping[str, Any]) -> str | None:
    """What came from something that is no token endpoint, as a noun; None for a token, an error or a damaged answer."""
    if 300 <= answer.status < 400:
        return "a redirect"
    if answer.status >= 400:
        if foreign := foreign_refusal(answer.status, answer.content):
            return foreign
        error = fields.get("error")
        is_oauth = isinstance(error, str) and OAUTH_ERROR.fullmatch(error)
        return "no OAuth error in it" if answer.status in NO_SUCH_PATH and not is_oauth else None
    # Older servers answer with a form, which is no JSON.
    return None if "access_token" in fields or "error" in fields else foreign_success(answer.content)


@door
def post(service: Service, address: str, body: Secret) -> Answer:
    """Send a form to a token or revocation endpoint, with the client's authentication; NoAnswer where nothing comes back.

    Redirects are not followed: the body is secret.
    """
    check_address(address, "The token or revocation address")
    auth = _ClientAuth(service)
    try:
        with Session(system_certificates=service.system_certificates) as session:
            answer = session.post(
                address,
                data=auth.complete(body),
                auth=auth,
                timeout=TIMEOUT,
                allow_redirects=False,
                headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
            )
        return Answer(answer.status_code, SecretBytes(answer.content), Secret(answer.text))
    except Unanswered as error:
        fault = error
    raise NoAnswer(fault.about(address), sent=fault.sent, remedy=fault.remedy or TRY_AGAIN)


class _ClientAuth(requests.auth.AuthBase):
    """How the client shows who it is (RFC 6749 §2.3.1): in the body, by HTTP Basic, or not at all."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def complete(self, body: Secret) -> bytes:
        service = self._service
        if service.token_auth == "post" and service.client_secret:
            return Secret(f"{body}&client_secret={quote_plus(service.client_secret)}").encode("ascii")
        return body.encode("ascii")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        service = self._service
        if service.token_auth == "basic":
            pair = f"{quote_plus(service.client_id)}:{quote_plus(service.client_secret)}"
            request.headers["Authorization"] = Secret("Basic " + base64.b64encode(pair.encode("ascii")).decode())
        return request


def answer_fields(answer: Answer) -> dict[str, Any]:
    """The fields of JSON (RFC 6749 §5.1), or of a form, which older servers send; none of what is neither."""
    text = answer.text
    try:
        fields = json.loads(text)
    except RecursionError:  # brackets in brackets without end
        return {}
    except ValueError:
        if is_web_page(answer.content):  # there are "=" and "&" in it too
            return {}
        try:
            return dict(parse_qsl(text.strip(), max_num_fields=100)) if len(text) < 65_536 else {}
        except ValueError:
            return {}
    return fields if isinstance(fields, dict) else {}


def describe(address: str, status: int, fields: Mapping[str, Any], secrets: Iterable[str]) -> str:
    """One line about an answer: its status, and the error in the server's words, without the secrets it repeats."""
    error, description = fields.get("error"), fields.get("error_description")
    words = [printable(masked(str(part), *secrets)) for part in (error, description) if part]
    return f"{address} answered {status}" + (f" ({': '.join(words)})" if words else "")


def secrets_in(service: Service, body: Secret) -> list[str]:
    """What was sent and must not come back in an error's words."""
    secret = {"code", "code_verifier", "refresh_token", "token"}
    return [service.client_secret, *(value for name, value in parse_qsl(body) if name in secret)]
