"""Token endpoint: a form sent with the client's authentication, and the answer read (RFC 6749 §2.3.1, §5)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
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
    oauth_remedy,
)
from psauth.json_text import NotJson, parse_json
from psauth.masks import Masks
from psauth.secret import Secret, SecretBytes, door
from psauth.vault.service import Service
from psauth.vault.token import Token
from psauth.words import printable

OAUTH_ERROR: Final = re.compile(r"[a-z][a-z0-9_.-]*")
"""How the codes of OAuth errors are written; "Not Found" is what a web server says."""
FORM: Final = "application/x-www-form-urlencoded"
FORM_TYPES: Final = (FORM, "text/plain", "")
"""What older servers call an answer that is a form."""
WHOLE_FORM: Final = re.compile(r"[\w.-]+=[^\s&;<>\"']*(?:&[\w.-]+=[^\s&;<>\"']*)*", re.ASCII)
"""Names and values and nothing else; sentences and web pages have "=" and "&" in them too. A form with ";" in place of "&" is none."""
LONGEST_FORM: Final = 65_536
SECRET_FIELDS: Final = ("access_token", "refresh_token", "id_token")
WORDS: Final = ("error", "error_description")
"""Where some servers repeat what they were sent."""
SECRET_PARAMETERS: Final = ("code", "code_verifier", "refresh_token", "token")
TRY_AGAIN: Final = "Try again in a moment."


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
    """What a token or revocation endpoint answered; the body may hold tokens, so it does not show itself.

    `kind` is the content type in small letters, without its parameters. `fields` are those of the JSON object or the form
    that the body is, none where it is neither; `problem` says then what it is, as a clause about "it".
    """

    status: int
    content: bytes
    kind: str = ""
    fields: Mapping[str, Any] = field(init=False)
    problem: str | None = field(init=False)

    def __post_init__(self) -> None:
        fields, problem = _fields_of(self.content, self.kind)
        for name in fields.keys() & {*SECRET_FIELDS, *WORDS}:
            if isinstance(fields[name], str):
                fields[name] = Secret(fields[name])
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "problem", problem)


@door
def ask_for_token(service: Service, body: Secret) -> Token:
    """Send a token request (RFC 6749 §4.1.3, §6) and read the answer; Refused or NoAnswer where there is no token in it."""
    answer = post(service, service.token_url, body)
    status, masks = answer.status, masks_of(service, body, answer)
    if status >= 500 or status == requests.codes.too_many_requests:
        raise NoAnswer(describe(service.token_url, answer, masks), sent=False, status=status)
    if what := _foreign(answer):
        what = masks.text(what)
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
    if status >= 400 or answer.fields.get("error"):
        raise Refused(describe(service.token_url, answer, masks), status=status, error=_code_of(answer, masks))
    try:
        return Token.from_answer(answer.fields)
    except ValueError as unusable:
        # It answered, so it may have acted: the answer is as good as lost.
        problem = masks.text(f"{unusable}{(answer.problem and f': {answer.problem}') or ''}")
    raise NoAnswer(
        f"{service.token_url} answered {status}, but {problem}",
        sent=True,
        status=status,
        remedy=f"Try again; if it answers so again, no Process Street does. {oauth_remedy('PSAUTH_TOKEN_URL')}",
    )


def _foreign(answer: Answer) -> str | None:
    """What came from something that is no token endpoint, as a noun; None for a token, an error or a damaged answer."""
    if 300 <= answer.status < 400:
        return "a redirect"
    if answer.status >= 400:
        if foreign := foreign_refusal(answer.status, answer.content):
            return foreign
        error = answer.fields.get("error")
        is_oauth = isinstance(error, str) and OAUTH_ERROR.fullmatch(error)
        return "no OAuth error in it" if answer.status in NO_SUCH_PATH and not is_oauth else None
    # Older servers answer with a form, which is no JSON.
    return None if answer.fields.keys() & {"access_token", "error"} else foreign_success(answer.content)


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
                headers={"Accept": "application/json", "Content-Type": FORM},
            )
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(answer.status_code, SecretBytes(answer.content), kind)
    except Unanswered as error:
        fault = error
    raise NoAnswer(fault.about(address), sent=fault.sent, remedy=fault.remedy or TRY_AGAIN)


class _ClientAuth(requests.auth.AuthBase):
    """How the client shows who it is (RFC 6749 §2.3.1): in the body, by HTTP Basic, or not at all."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @door
    def complete(self, body: Secret) -> bytes:
        service = self._service
        if service.token_auth == "post" and service.client_secret:
            return Secret(f"{body}&client_secret={quote_plus(service.client_secret)}").encode("ascii")
        return body.encode("ascii")

    @door
    def basic(self) -> Secret:
        """Client id and secret, each encoded as in a form, in base64 (RFC 6749 §2.3.1)."""
        pair = f"{quote_plus(self._service.client_id)}:{quote_plus(self._service.client_secret)}"
        return Secret(base64.b64encode(pair.encode("ascii")).decode())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._service.token_auth == "basic":
            request.headers["Authorization"] = "Basic " + self.basic()
        return request


def _fields_of(content: bytes, kind: str) -> tuple[dict[str, Any], str | None]:
    """The fields of JSON (RFC 6749 §5.1), or of a form, which older servers send; why there are none, if so.

    JSON may go by any type. A form must be called one, or plain text, or nothing. A name that stands twice is refused:
    RFC 6749 §3.2 forbids it, and nobody knows which of the two is meant.
    """
    try:
        fields = parse_json(content, unique_names=True, odd_numbers=True)
        return (fields, None) if isinstance(fields, dict) else ({}, "it is JSON that is no object")
    except NotJson as error:
        problem = str(error)
    if kind in FORM_TYPES and len(content) <= LONGEST_FORM:
        text = content.decode("utf-8", "replace").strip()
        if WHOLE_FORM.fullmatch(text):
            pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
            form = dict(pairs)
            return (form, None) if len(form) == len(pairs) else ({}, "it holds the same name twice")
    return {}, problem


@door
def describe(address: str, answer: Answer, masks: Masks) -> str:
    """One line about an answer: its status, and the error in the server's words, without the secrets it repeats."""
    said = (answer.fields.get("error"), answer.fields.get("error_description"))
    words = [printable(masks.text(str(part))) for part in said if part]
    return f"{address} answered {answer.status}" + (f" ({': '.join(words)})" if words else "")


@door
def masks_of(service: Service, body: Secret, answer: Answer) -> Masks:
    """What was sent or came with the answer, and must not stand in an error's words."""
    sent = [Secret(value) for name, value in parse_qsl(body) if name in SECRET_PARAMETERS]
    came = [Secret(answer.fields[name]) for name in SECRET_FIELDS if answer.fields.get(name)]
    return Masks(service.client_secret, _ClientAuth(service).basic(), *sent, *came)


def _code_of(answer: Answer, masks: Masks) -> str | None:
    """The code of a refusal (RFC 6749 §5.2), where there is one."""
    error = answer.fields.get("error")
    return printable(masks.text(error)) if isinstance(error, str) and error else None
