"""Token endpoint: a form sent with the client's authentication, and the answer read (RFC 6749 §2.3.1, §5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import requests
from urllib3.exceptions import NewConnectionError

from psauth.addresses import check_address
from psauth.auth.session import TIMEOUT, Session
from psauth.secret import Secret, masked
from psauth.vault.service import Service
from psauth.vault.token import Token
from psauth.words import printable


class NoAnswer(Exception):
    """The token endpoint gave no usable answer; `sent` when it may have acted on the request all the same."""

    def __init__(self, message: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.status = status


class Refused(Exception):
    """The token endpoint said no; `error` is its code (RFC 6749 §5.2), where it gave one."""

    def __init__(self, message: str, *, status: int, error: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error


def ask_for_token(service: Service, body: Secret) -> Token:
    """Send a token request (RFC 6749 §4.1.3, §6) and read the answer; Refused or NoAnswer where there is no token in it."""
    status, text = post(service, service.token_url, body)
    fields = answer_fields(text)
    said = described(service.token_url, status, fields, secrets_in(service, body))
    error = fields.get("error")
    if status >= 500 or status == requests.codes.too_many_requests or 300 <= status < 400:
        raise NoAnswer(said, sent=False, status=status)
    if status >= 400 or isinstance(error, str):
        code = printable(masked(error, *secrets_in(service, body))) if isinstance(error, str) else None
        raise Refused(said, status=status, error=code)
    try:
        return Token.from_answer(fields)
    except ValueError as problem:
        # It answered, so it may have acted: the answer is as good as lost.
        raise NoAnswer(f"{service.token_url} answered {status}, but {problem}", sent=True, status=status) from None


def post(service: Service, address: str, body: Secret) -> tuple[int, str]:
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
        raise NoAnswer(f"{address} does not answer ({type(error).__name__})", sent=sent) from None
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


def answer_fields(text: str) -> dict[str, Any]:
    """JSON (RFC 6749 §5.1), or a form, which older servers send."""
    try:
        fields = json.loads(text)
    except RecursionError:  # brackets in brackets without end
        return {}
    except ValueError:
        try:
            return dict(parse_qsl(text.strip(), max_num_fields=100)) if len(text) < 65_536 else {}
        except ValueError:
            return {}
    return fields if isinstance(fields, dict) else {}


def described(address: str, status: int, fields: Mapping[str, Any], sent: Iterable[str]) -> str:
    """One line about an answer: its status, and the error in the server's words, without the secrets it repeats."""
    error, description = fields.get("error"), fields.get("error_description")
    words = [printable(masked(str(part), *sent)) for part in (error, description) if part]
    return f"{address} answered {status}" + (f" ({': '.join(words)})" if words else "")


def secrets_in(service: Service, body: Secret) -> list[str]:
    """What was sent and must not come back in an error's words."""
    secret = {"code", "code_verifier", "refresh_token", "token"}
    return [service.client_secret, *(value for name, value in parse_qsl(body) if name in secret)]
