"""Transport: the one door to the API. Requests with the credential, renewed in time, sent again by `retrying`'s rule."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests

from psauth.api.access import Access
from psauth.api.answers import Content
from psauth.api.budget import Budget
from psauth.api.errors import masks_of, own_words, silence_remedy
from psauth.api.governor import Governor, Keeper, VaultKeeper
from psauth.api.origin import Origin, joined
from psauth.api.pace import INTERACTIVE, Pace
from psauth.api.retrying import Again, Params, Raise, Refusals, Request, Return, Step, decide
from psauth.api.usage import Usage
from psauth.auth.large import LARGE_ANSWERS
from psauth.auth.limits import Limits
from psauth.auth.network import Unanswered
from psauth.auth.session import Session
from psauth.auth.wrong_address import api_remedy, is_web_page
from psauth.exceptions import LoginRequired, NotFound, PermissionDenied, UntrustedAddress, WrongAddress
from psauth.masks import Masks
from psauth.vault.connection import Connection, Stored, login_line
from psauth.vault.vault import Vault
from psauth.words import printable

log = logging.getLogger(__name__)

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and to wait for the next byte; PSAUTH_TOTAL_TIME ends a request that goes on byte by byte."""
CONNECTIONS: Final = 48
"""Network connections kept open: one for each thread of a long read, and some for the app beside it."""
REDIRECTS: Final = 5
UNTOUCHED: Final = (307, 308)
"""Redirects after which nothing was done where they came from (RFC 9110 §15.4). Behind the others the work may be done."""
ASKED_ANEW: Final = (301, 302, 303, *UNTOUCHED)
"""Redirects by which a GET is repeated elsewhere."""


class Transport:
    """Authenticated requests to one connection's API; threads may share it, and so may the children of a fork.

    The credential goes to the origin of the connection's API address only, over https or loopback. A token near its
    end is renewed before the request, and once after a 401. `access` is the credential, `usage` counts what was sent.
    """

    def __init__(self, stored: Stored, vault: Vault | None, keeper: Keeper | None = None) -> None:
        if keeper is None and vault is not None:
            keeper = VaultKeeper(vault, stored.connection.id)
        self.access = Access(stored, vault)
        service = stored.connection.service
        self.origin = Origin(service.api_url)
        self.usage = Usage()
        self._governor = Governor(keeper)
        limits = Limits(
            seconds=service.total_seconds,
            size=service.answer_bytes,
            time_setting="PSAUTH_TOTAL_TIME",
            size_setting="PSAUTH_ANSWER_SIZE",
        )
        certificates = service.system_certificates
        self._session = Session(system_certificates=certificates, connections=CONNECTIONS, limits=limits)
        # Looked up once: Session.request does it for every request, which takes as long as everything else that it does.
        self._surroundings = self._session.merge_environment_settings(self.origin.base, {}, None, None, None)
        self._headers = {**self._session.headers, "Accept": "application/json"}
        self._known = False
        account = stored.connection.account if vault is not None else None
        self.if_wrong = api_remedy(self.origin.base, stored.connection.kind, account)
        """What to type where the API's address is wrong, as a clause."""
        self._if_silent = silence_remedy(self.origin.base, kept=vault is not None)

    @property
    def connection(self) -> Connection:
        """The connection as last seen by this transport."""
        return self.access.connection

    @property
    def masks(self) -> Masks:
        """What hides the credential where a service repeats it."""
        return self.access.masks

    @property
    def held_until(self) -> float:
        """When the next request of a long read may leave, in seconds since 1970; 0.0, or a past one: at once."""
        return self._governor.held_until

    def get(self, path: str, params: Params | None = None, *, pace: Pace = INTERACTIVE) -> Any:
        """The JSON of a GET. `path` is relative to the API address, or an address on its origin.

        Raises UntrustedAddress before anything is sent elsewhere, LoginRequired when the connection has ended, and a
        child of ApiError for what the service answers.
        """
        return self._ask("GET", path, pace, params=params, repeatable=True)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: Content = "object",
        repeatable: bool = False,
        pace: Pace = INTERACTIVE,
    ) -> Any:
        """The JSON that a write is answered with, None where there is none; `content` is what belongs into the answer.

        It is sent again after a 429, a 401 and where no connection came about, because then nothing was written. What
        leaves that open (no answer, a 5xx, another content) raises OutcomeUnknown. A write that is `repeatable`, where twice
        does the same as once, is tried like a GET before.
        """
        return self._ask(method, path, pace, body=body, content=content, repeatable=repeatable)

    def refresh(self) -> Connection:
        """Renew the access token now, whatever its age."""
        return self.access.refresh()

    def ask_label(self) -> str | None:
        """What the service calls this connection (`GET /testAuth`) in one line, None where it does not say.

        It is documented for API keys alone, so with OAuth a service may lack or refuse it. An answer as from a wrong
        address may then concern this path only: another one tells.
        """
        try:
            answer = self._ask("GET", "/testAuth", INTERACTIVE, repeatable=True, content="any")
        except NotFound:
            return None
        except (PermissionDenied, WrongAddress):
            if self.connection.kind == "api_key":
                raise
            return None
        label = answer.get("apiKeyLabel") if isinstance(answer, Mapping) else None
        return (printable(self.masks.text(label)) or None) if isinstance(label, str) else None

    def release(self) -> None:
        """A long read is over: give back the permits it did not use."""
        self._governor.release()

    def close(self) -> None:
        """Let go of the network connections."""
        self._session.close()

    def _ask(
        self,
        method: str,
        path: str,
        pace: Pace,
        *,
        params: Params | None = None,
        body: Any = None,
        repeatable: bool,
        content: Content = "object",
    ) -> Any:
        """One request, sent as often as `decide` says."""
        request = Request(
            method=method,
            address=self.origin.address(path),
            params=params,
            body=body,
            repeatable=repeatable,
            background=pace.background,
            known=self._known,
            content=content,
            if_silent=self._if_silent,
            if_wrong=self.if_wrong,
        )
        attempt = 1
        while True:
            step = self._attempt(attempt, request, pace)
            if isinstance(step, Return):
                self._known = True
                return step.value
            if isinstance(step, Raise):
                raise step.error
            attempt += step.counts
            self._wait(step, request, pace)

    def _attempt(self, attempt: int, request: Request, pace: Pace) -> Step:
        """One attempt, and what follows it."""
        outcome: requests.Response | Unanswered
        try:
            try:
                outcome = self._send_authenticated(request, pace)
            except Unanswered as fault:
                outcome = fault
            return decide(attempt, outcome, request, self._refusals_before(outcome))
        finally:
            LARGE_ANSWERS.leave()

    def _refusals_before(self, outcome: requests.Response | Unanswered) -> Refusals:
        if isinstance(outcome, Unanswered) or outcome.status_code != requests.codes.too_many_requests:
            return Refusals()
        count, seconds = self._governor.refusals
        return Refusals(count=count, seconds=seconds)

    def _wait(self, step: Again, request: Request, pace: Pace) -> None:
        if step.everybody:
            self._governor.hold_back(step.at_least)
            return
        pause = step.pause * random.uniform(0.5, 1.5)  # noqa: S311 - spread, so that processes do not march in step
        pause = max(pause, step.at_least)
        log.info("trying again in %.1f s: %s %s", pause, urlsplit(request.address).path, type(step.why).__name__)
        self._pause(pause, pace)

    def _pause(self, seconds: float, pace: Pace) -> None:
        if pace.stop is None:
            time.sleep(seconds)
        elif pace.stop.wait(seconds):
            raise InterruptedError("stopped")

    def _send_authenticated(self, request: Request, pace: Pace) -> requests.Response:
        stored = self.access.current()
        answer = self._send(stored, request, pace)
        if answer.status_code != requests.codes.unauthorized or is_web_page(answer.content):
            return answer
        if stored.token is not None:
            stored = self.access.renewed(stored, because="rejected")
            answer = self._send(stored, request, pace)
        if answer.status_code == requests.codes.unauthorized:
            account = stored.connection.account
            what = "API key" if stored.token is None else "access token, even a fresh one"
            hint = "Check PSAUTH_API_KEY, then press Connect in the app, or log" if stored.token is None else "Log"
            raise LoginRequired(
                f"The service does not accept the {what} ({own_words(answer)[0]}). {hint} in with: {login_line(account)}"
            )
        return answer

    def _send(self, stored: Stored, request: Request, pace: Pace) -> requests.Response:
        """The request itself, redirects followed by hand: only within the origin, and never with a write."""
        address, params = request.address, request.params
        for _ in range(REDIRECTS):
            answer = self._send_once(stored, request, address, params, pace)
            location = answer.headers.get("Location")
            if location is None or answer.status_code not in (ASKED_ANEW if request.method == "GET" else UNTOUCHED):
                return answer
            if request.method != "GET":
                raise WrongAddress(
                    f"{request.address} redirects a {request.method} elsewhere, which was not followed, so nothing "
                    f"was written. No Process Street API answers so: {self.if_wrong}.",
                    status=answer.status_code,
                )
            address, params = joined(address, location), None
            masks = masks_of(answer.request)
            if not self.origin.holds(address):
                shown = printable(masks.text(urlsplit(address).netloc))
                raise UntrustedAddress(
                    f"{request.address} redirects to {shown!r}. The credential goes to "
                    f"{self.origin} only, so the redirect was not followed. No Process Street API answers so: "
                    f"{self.if_wrong}."
                )
            if masks.text(address) != address:  # it would stand in logs on the way
                raise UntrustedAddress(
                    f"{request.address} redirects to an address that holds the credential, so the redirect was not followed. "
                    f"No Process Street API answers so: {self.if_wrong}."
                )
        raise WrongAddress(
            f"{request.address} redirects more than {REDIRECTS} times. No Process Street API answers so: {self.if_wrong}.",
            status=answer.status_code,
        )

    def _send_once(
        self, stored: Stored, request: Request, address: str, params: Params | None, pace: Pace
    ) -> requests.Response:
        self._governor.wait(background=pace.background, share=pace.share, stop=pace.stop)
        asked = requests.Request(
            request.method,
            address,
            params=urlencode(params or (), doseq=True),  # as requests would, which thinks longer about it
            json=request.body,
            auth=self.origin.credential(stored),
            headers=self._headers,
            cookies=self._session.cookies,
        )
        try:
            prepared = self._session.prepared(asked)
            answer = self._session.send(prepared, timeout=TIMEOUT, allow_redirects=False, **self._surroundings)
        except Unanswered as fault:
            self._governor.note_silence()
            if fault.sent:
                self.usage.count_silence()
            raise
        budget = Budget.from_headers(answer.headers)
        self.usage.count_answer(answer.elapsed.total_seconds(), budget)
        self._governor.note_answer(budget, refused=answer.status_code == requests.codes.too_many_requests)
        return answer

    def __repr__(self) -> str:
        return f"Transport({self.origin.base!r}, account={self.connection.account!r})"
