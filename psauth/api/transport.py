"""Transport: the one door to the API. Credential, origin, timeout, retry."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError

from psauth.addresses import check_address
from psauth.api.budget import Budget, retry_after
from psauth.api.errors import BrokenAnswer, error_of, json_of, said
from psauth.api.governor import PATIENCE, Governor, Keeper, VaultKeeper
from psauth.api.origin import _Credential, _joined, _origin
from psauth.api.pace import INTERACTIVE, Pace
from psauth.auth.renewal import is_alive, renew
from psauth.auth.session import Session
from psauth.exceptions import (
    ApiError,
    LoginRequired,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    ServiceUnavailable,
    UntrustedAddress,
)
from psauth.vault.connection import Connection, Stored, ended, login_line
from psauth.vault.vault import Vault
from psauth.words import printable, times

log = logging.getLogger(__name__)

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and to wait for the next byte; a page of 20 records takes the service well under a second."""
LONG_READ_ATTEMPTS = 8
"""In a long read one unlucky page must not cost the rest: a fault in every fifth answer is survived by thousands."""
ATTEMPTS = 6
"""A GET is tried this often over network errors and 5xx; what fails six times over some eight seconds is down."""
BACKOFF = 0.25
"""Seconds before the second attempt; doubled each time, and jittered so that processes do not march in step."""
REDIRECTS = 5
RENEWED_AGAIN = 10.0
"""Seconds in which a token that still lives is used as it is, after the service did not renew it."""
NEWS = 0.1
"""How much the time of one answer counts in `answer_time`, the usual one so far in seconds."""

Params = Mapping[str, Any] | Sequence[tuple[str, str]]


class Transport:
    """Authenticated requests to one connection's API; threads may share it.

    The credential goes to the origin of the connection's API address only, over https or loopback. A token near its
    end is renewed before the request, and once after a 401.
    """

    def __init__(self, stored: Stored, vault: Vault | None, keeper: Keeper | None = None) -> None:
        if keeper is None and vault is not None:
            keeper = VaultKeeper(vault, stored.connection.id)
        self._stored = stored
        self._vault = vault
        self._base = check_address(stored.connection.service.api_url.rstrip("/"), "The API address")
        self._origin = _origin(self._base)
        self._session = Session()
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=32)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # Proxies and certificates of the environment, looked up once: Session.request does it again for every request,
        # which takes as long as everything else that it does.
        self._surroundings = self._session.merge_environment_settings(self._base, {}, None, None, None)
        self._headers = {**self._session.headers, "Accept": "application/json"}
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._governor = Governor(keeper)
        self.budget = Budget()
        self.requests_sent = 0
        self.answer_time = 0.0
        self.longest_wait = 0.0

    @property
    def connection(self) -> Connection:
        """The connection as last seen by this transport."""
        return self._stored.connection

    @property
    def held_until(self) -> float:
        """When the next request of a long read may leave, in seconds since 1970; 0.0, or a past one: at once."""
        return self._governor.held_until

    def get(self, path: str, params: Params | None = None, *, pace: Pace = INTERACTIVE) -> Any:
        """The JSON of a GET. `path` is relative to the API address, or an address on its origin.

        Raises UntrustedAddress before anything is sent elsewhere, LoginRequired when the connection has ended, and a
        child of ApiError for what the service answers.
        """
        return self._ask_patiently(_Request("GET", self.address(path), params, repeatable=True), pace)

    def send(
        self, method: str, path: str, body: Any = None, *, repeatable: bool = False, pace: Pace = INTERACTIVE
    ) -> Any:
        """The JSON that a write is answered with, None where there is none.

        It is sent again after a 429, a 401 and where no connection came about, because then nothing was written. What
        leaves that open (no answer, a 5xx) raises OutcomeUnknown, unless the write is `repeatable`: then twice does the
        same as once, and it is tried like a GET.
        """
        return self._ask_patiently(_Request(method, self.address(path), None, body, repeatable=repeatable), pace)

    def refresh(self) -> Connection:
        """Renew the access token now, whatever its age."""
        self._renew(self._stored, because="asked")
        return self.connection

    def address(self, path: str) -> str:
        """The full address of `path`; UntrustedAddress when that is not on the API's origin."""
        if not isinstance(path, str) or any(ord(c) < 33 for c in path) or "\\" in path:
            raise UntrustedAddress(f"{printable(str(path))!r} is not a path. Expected something like /workflows.")
        try:
            parts = urlsplit(path)
            _ = parts.port
        except ValueError:
            raise UntrustedAddress(f"{printable(path)!r} is not a path. Expected something like /workflows.") from None
        if parts.scheme or path.startswith("//"):
            if _origin(path) != self._origin:
                raise UntrustedAddress(
                    f"{printable(parts.netloc or path)!r} is not the API of this connection. The credential goes to "
                    f"{self._origin} only; give a path like /workflows. Nothing was sent."
                )
            address = path
        else:
            address = f"{self._base}/{path.lstrip('/')}"
        if any(segment in (".", "..") for segment in unquote(urlsplit(address).path).split("/")):
            raise UntrustedAddress(
                f"{printable(path)!r} climbs out of its folder. Give the whole path, like /workflows."
            )
        return address

    def next_page(self, asked: str, href: str) -> tuple[str, list[tuple[str, str]]]:
        """Where a `next` link leads: the address and query to ask.

        A link on the API's origin is followed as it is; one that names another host is asked at the address just used,
        with the link's query, so that the credential stays where it belongs.
        """
        target = _joined(asked, href)
        if not target:
            raise ApiError(f"{urlsplit(asked).path} names a next page that is no address: {printable(href)!r}.")
        place = target if _origin(target) == self._origin else asked
        query = parse_qsl(urlsplit(target).query, keep_blank_values=True)
        return urlsplit(place)._replace(query="", fragment="").geturl(), query

    # Inside -----------------------------------------------------------------------------------------------------

    def _ask_patiently(self, request: _Request, pace: Pace) -> Any:
        """One request, by policy.

        Network errors, 5xx and answers that are no whole JSON are asked for again with growing pauses, where that
        cannot write twice; after a 429 everybody waits as told, and that does not count as an attempt.
        """
        attempts = LONG_READ_ATTEMPTS if pace.background else ATTEMPTS
        attempt = 0
        while True:
            attempt += 1
            again = request.repeatable
            try:
                answer = self._send_authenticated(request, pace)
                if answer.ok:
                    return json_of(answer) if answer.content or request.method == "GET" else None
                told = retry_after(answer.headers)
                problem = error_of(answer, told, attempt)
                if answer.status_code == requests.codes.too_many_requests:
                    told = told if told is not None else BACKOFF * 2**attempt
                    if not pace.background and (told > PATIENCE or attempt >= attempts):
                        raise problem
                    self._governor.refused(told)
                    attempt -= 1 if pace.background else 0
                    continue
                if answer.status_code < 500 or (again and (told or 0) > PATIENCE):
                    raise problem
            except requests.RequestException as error:
                told = None
                problem = self._silent(request.address, type(error).__name__, attempt)
                if not _passing(error):
                    raise problem from None  # its frames hold the credential
                again = again or _never_sent(error)
            except BrokenAnswer as error:
                told, problem = None, error
            if not again:
                raise _unknown(request, problem) from None
            if attempt >= attempts:
                raise problem from None
            pause = BACKOFF * 2 ** min(attempt - 1, 5) * random.uniform(0.5, 1.5)  # noqa: S311 - a pause, not a secret
            log.info("trying again in %.1f s: %s %s", pause, urlsplit(request.address).path, type(problem).__name__)
            self._pause(max(pause, told or 0), pace)

    def _pause(self, seconds: float, pace: Pace) -> None:
        if pace.stop is None:
            time.sleep(seconds)
        elif pace.stop.wait(seconds):
            raise InterruptedError("stopped")

    def _send_authenticated(self, request: _Request, pace: Pace) -> requests.Response:
        stored = self._stored
        if stored.connection.ended:
            raise ended(stored.connection)
        if stored.token is not None and stored.token.is_expired():
            stored = self._renew(stored, because="expiry")
        answer = self._send(stored, request, pace)
        if answer.status_code != requests.codes.unauthorized:
            return answer
        if stored.token is not None:
            stored = self._renew(stored, because="rejected")
            answer = self._send(stored, request, pace)
        if answer.status_code == requests.codes.unauthorized:
            account = stored.connection.account
            what = "API key" if stored.token is None else "access token, even a fresh one"
            hint = "Check PSAUTH_API_KEY, then press Connect in the app, or log" if stored.token is None else "Log"
            raise LoginRequired(
                f"The service does not accept the {what} ({said(answer)[0]}). {hint} in with: {login_line(account)}"
            )
        return answer

    def _send(self, stored: Stored, request: _Request, pace: Pace) -> requests.Response:
        """The request itself, redirects followed by hand: only within the origin, and never with a write."""
        auth = _Credential(stored, self._origin)
        address, params = request.address, request.params
        for _ in range(REDIRECTS):
            self._governor.wait(background=pace.background, stop=pace.stop)
            try:
                asked = requests.Request(
                    request.method,
                    address,
                    params=urlencode(params or (), doseq=True),  # as requests would, which thinks longer about it
                    json=request.body,
                    auth=auth,
                    headers=self._headers,
                    cookies=self._session.cookies,
                )
                answer = self._session.send(
                    asked.prepare(), timeout=TIMEOUT, allow_redirects=False, **self._surroundings
                )
            except requests.RequestException:
                self._governor.unanswered()
                raise
            self.requests_sent += 1
            took = answer.elapsed.total_seconds()
            self.answer_time += (took - self.answer_time) * (NEWS if self.answer_time else 1.0)
            budget = Budget.from_headers(answer.headers)
            self._governor.told(budget, refusal=answer.status_code == requests.codes.too_many_requests)
            if budget is not None:
                self.budget = budget
                if budget.resets_at is not None:
                    to_go = (budget.resets_at - datetime.now(UTC)).total_seconds()
                    self.longest_wait = max(self.longest_wait, to_go)
            if not answer.is_redirect:
                return answer
            if request.method != "GET":
                raise ApiError(
                    f"{urlsplit(address).path} redirects a {request.method} elsewhere, which was not followed, so nothing "
                    "was written. Check the API address.",
                    status=answer.status_code,
                )
            target = _joined(address, answer.headers["Location"])
            if _origin(target) != self._origin:
                raise UntrustedAddress(
                    f"{urlsplit(address).path} redirects to {printable(urlsplit(target).netloc)!r}. The credential goes to "
                    f"{self._origin} only, so the redirect was not followed."
                )
            address, params = target, None
        raise ApiError(f"{urlsplit(address).path} redirects more than {REDIRECTS} times.", status=answer.status_code)

    def _renew(self, seen: Stored, *, because: str) -> Stored:
        """One thread of this transport at a time; the vault sees to the other processes."""
        if self._vault is None or seen.token is None:
            return seen
        with self._lock:
            before = seen.token.access_token
            now = self._stored
            if because != "asked" and now.token and now.token.access_token != before and not now.token.is_expired():
                return now
            if because == "expiry" and is_alive(now) and time.monotonic() < self._not_before:
                return now
            self._stored = renew(self._vault, seen, because=because)
            if because == "expiry" and self._stored.token == seen.token:
                self._not_before = time.monotonic() + RENEWED_AGAIN
            return self._stored

    def _silent(self, address: str, problem: str, attempt: int) -> ServiceUnavailable:
        host, path = urlsplit(address).netloc, urlsplit(address).path
        hint = "Check the network and try again" + ("; the connection is kept." if self._vault else ".")
        if path.startswith("/sandbox/"):
            port = urlsplit(address).port
            hint = f"It is the sandbox of the psauth app at that address: start the app (make app) on port {port}, or connect again."
        return ServiceUnavailable(f"{host} does not answer {path} ({problem}, tried {times(attempt)}). {hint}")

    def release(self) -> None:
        """A long read is over: give back the permits it did not use."""
        self._governor.release()

    def close(self) -> None:
        """Let go of the network connections."""
        self._session.close()

    def ask_label(self) -> str | None:
        """What the service calls this connection (`GET /testAuth`), None where it does not say.

        It is documented for API keys; whether a service has or allows it for OAuth is not, so neither counts as an error.
        """
        try:
            answer = self.get("/testAuth")
        except NotFound:
            return None
        except PermissionDenied:
            if self._stored.token is None:
                raise
            return None
        label = answer.get("apiKeyLabel") if isinstance(answer, Mapping) else None
        return label if isinstance(label, str) and label else None

    def rename(self, label: str) -> Connection:
        """Remember what the service calls this connection."""
        if self._vault is None:
            self._stored = replace(self._stored, connection=replace(self._stored.connection, label=label))
        elif label != self._stored.connection.label:
            self._vault.name(self._stored.connection, label)
            self._stored = self._vault.read(self._stored.connection.account)
        return self._stored.connection

    def __repr__(self) -> str:
        return f"Transport({self._base!r}, account={self.connection.account!r})"


@dataclass(frozen=True)
class _Request:
    """What to ask; `repeatable` when twice does the same as once."""

    method: str
    address: str
    params: Params | None
    body: Any = None
    repeatable: bool = False


def _passing(error: requests.RequestException) -> bool:
    """Whether a network error may be gone at the next attempt; a wrong certificate or address will not be."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.InvalidURL):
        return False
    broken = requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError
    return isinstance(error, requests.ConnectionError | requests.Timeout | broken)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether not even a connection came about."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _unknown(request: _Request, problem: ApiError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{request.method} {urlsplit(request.address).path}: nobody knows whether it was written, because no clear answer "
        f"came ({problem}) It was not sent again. Look before you write once more.",
        status=problem.status,
        code=problem.code,
        request_id=problem.request_id,
    )
