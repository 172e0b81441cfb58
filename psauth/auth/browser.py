"""Browser: logging in from a notebook or a terminal. The browser brings the answer, here or elsewhere, or it is pasted."""

from __future__ import annotations

import errno
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from psauth.addresses import is_loopback
from psauth.auth.flow import AuthorizationFlow, AuthorizationRequest
from psauth.auth.limits import SHORT, Limits
from psauth.auth.opening import open_browser
from psauth.auth.place import remote_place
from psauth.auth.prompt import ask, somebody_can_be_asked
from psauth.auth.receiver import Outcome, Receiver
from psauth.auth.session import Session
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    CodeMissing,
    DuplicateParameter,
    ExchangeFailed,
    LoginRequired,
    MalformedCallback,
    StateMissing,
    StateUnknown,
)
from psauth.settings import Settings
from psauth.vault.connection import Connection, fingerprint, login_line
from psauth.vault.service import Service
from psauth.vault.vault import Vault
from psauth.words import fitting

log = logging.getLogger(__name__)

TIMEOUT: Final = 300.0
"""Seconds a person has for consenting, before a forgotten login gives the terminal or notebook back."""
API_KEY_MENTIONED_AFTER: Final = 30.0
"""Seconds without an answer, after which the other way in is mentioned: a consent page may never come back."""
PASTES: Final = 3
PROMPT: Final = "Callback address: "
NOT_THE_ADDRESS: Final = (MalformedCallback, DuplicateParameter, StateMissing, StateUnknown, CodeMissing)
"""What comes of a paste that is something else than the address of the page that the browser went on to."""
APP_MARK: Final = "/psauth-app"
"""Where the app on this machine says that it is one, so that a login can leave the callback to it."""
AT_THE_APP: Final = Limits(seconds=4.0, size=10_000)
"""What that answer may take: another program may have the port."""
AT_A_PORT: Final = Limits(seconds=2.0, size=10_000)
"""The same where somebody waits for the app to start."""

Source = Callable[[float], Outcome | None]
"""Waits up to so many seconds for an answer that comes by itself; what came, or None."""


def login_oauth(
    account: str,
    settings: Settings,
    service: Service | None,
    vault: Vault,
    timeout: float,
    *,
    paste: bool = False,
) -> Connection:
    """By OAuth at the service of the settings, or at `service`; with `paste` without a browser or a port of this machine."""
    flow = AuthorizationFlow(settings, vault)
    if settings.consent is not None:
        return flow.finish(settings.consent(flow.begin(account, service=service).url))
    redirect_uri = (service and service.redirect_uri) or settings.redirect_uri
    redirect = urlsplit(redirect_uri)
    place = remote_place()
    why = f"This is {place}, so no browser can be opened here." if place else ""
    if paste or redirect.scheme != "http" or not is_loopback(redirect.hostname):
        why = "" if paste else why or f"{redirect_uri} is not on this machine."
        return _Waiting(flow, flow.begin(account, service=service), timeout).for_paste(why)
    if place:
        _check_somebody_is_here()
    try:
        receiver = Receiver(redirect_uri)
    except OSError as error:
        request = flow.begin(account, service=service)
        waiting, watch = _Waiting(flow, request, timeout), _AppWatch(vault, request)
        if not place and _app_answers(redirect_uri, vault):
            return waiting.for_app(watch.wait)
        return waiting.for_paste(why or _why_not_served(redirect.port, error), watch.wait)
    with receiver:
        request = flow.begin(account, redirect_uri=receiver.redirect_uri, service=service)
        receiver.await_callback(request.state, flow.finish)
        return _Waiting(flow, request, timeout).for_browser(receiver.wait, why)


class _Waiting:
    """The time between the authorization request and its answer, whichever way that comes."""

    def __init__(self, flow: AuthorizationFlow, request: AuthorizationRequest, timeout: float) -> None:
        self.request = request
        self._flow = flow
        self._timeout = timeout
        self._source: Source | None = None
        self._outcome: Outcome | None = None

    def for_paste(self, why: str, source: Source | None = None) -> Connection:
        """The person brings the answer; that it comes to `source` is not expected, but may be."""
        self._source = source
        _check_somebody_is_here()
        self._explain_pasting(why, may_arrive=False)
        return self._converse(asking=True, can_wait=False)

    def for_browser(self, source: Source, why: str) -> Connection:
        """A browser on this machine brings the answer to `source`, or the person pastes it; `why` no browser is opened."""
        self._source = source
        if not why and open_browser(self.request.url):
            self._say_opened("Your browser shows the consent page now. If it does not, open this address:")
            return self._converse(asking=somebody_can_be_asked(), can_wait=True)
        _check_somebody_is_here()
        self._explain_pasting(why or "No browser was found on this machine.", may_arrive=True)
        return self._converse(asking=True, can_wait=False)

    def for_app(self, source: Source) -> Connection:
        """The psauth app has the port of the redirect URI and the same vault: it takes the answer, or the person pastes it."""
        self._source = source
        open_browser(self.request.url)
        self._say_opened("The psauth app will take the answer. If no browser opened, open this address:")
        return self._converse(asking=somebody_can_be_asked(), can_wait=True)

    def _say_opened(self, sentence: str) -> None:
        _say(f"{sentence}\n{self.request.url}")
        if somebody_can_be_asked():
            _say(
                f"\nThe browser then goes on to an address that begins with {self.request.redirect_uri}\n"
                "If that page does not load, as when the browser is on another machine, copy its whole address and paste "
                "it here."
            )

    def _explain_pasting(self, why: str, *, may_arrive: bool) -> None:
        done = " If the page says Connected, you are done." if may_arrive else ""
        _say(
            f"{why}\n\n".lstrip()
            + f"1. Open this address in a browser, on any machine, and allow the access:\n\n{self.request.url}\n\n"
            f"2. The browser then goes on to an address that begins with {self.request.redirect_uri}\n"
            "   That page may fail to load, which does not matter: what counts is its address. Copy the whole of it from\n"
            f"   the browser's address bar, and paste it below.{done}\n"
        )

    def _converse(self, *, asking: bool, can_wait: bool) -> Connection:
        """Ask for a paste, if `asking`, until the answer is here; `can_wait`: it may well come with nobody to ask."""
        deadline = time.monotonic() + self._timeout
        wrong = 0
        with _mentioning_the_api_key():
            while asking and self._outcome is None and time.monotonic() < deadline:
                try:
                    pasted = ask(PROMPT, lambda: self._look(0), deadline)
                except LoginRequired:
                    if not can_wait:
                        raise
                    break
                if self._look(0) or pasted is None:
                    continue
                if self._source is not None and not pasted.strip():
                    continue  # Enter alone: a look at whether the browser has brought the answer
                try:
                    return self._flow.finish(pasted)
                except (AccessDenied, AuthorizationRefused, ExchangeFailed):
                    raise
                except AuthorizationError as refusal:
                    wrong += 1
                    sentence = str(refusal).removesuffix(" Begin again.")
                    if isinstance(refusal, NOT_THE_ADDRESS):
                        sentence += f" {expected_address(self.request.redirect_uri)}"
                    if wrong == PASTES:
                        raise type(refusal)(f"{sentence} Begin again: {login_line(self.request.account)}") from None
                    _say(f"{sentence}\nTry once more.")
            self._look(max(0.0, deadline - time.monotonic()))
        if self._outcome is None:
            raise _nobody(self.request.account, self._timeout)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    def _look(self, seconds: float) -> bool:
        """Whether the answer has come by itself, after waiting for it up to so many seconds."""
        if self._outcome is None and self._source is not None:
            self._outcome = self._source(seconds)
        return self._outcome is not None


class _AppWatch:
    """Watches the vault for what the app makes of the callback."""

    def __init__(self, vault: Vault, request: AuthorizationRequest) -> None:
        self._vault = vault
        self._request = request
        self._before = vault.stamp(request.account)
        self._taken_at: float | None = None

    def wait(self, seconds: float) -> Outcome | None:
        """The connection that the app stored, LoginRequired when it stored none, or None after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            outcome = self._look()
            # Once the callback was taken, the exchange of its code ends within the time of its request.
            if outcome is not None or (self._taken_at is None and time.monotonic() > deadline):
                return outcome
            time.sleep(0.3)

    def _look(self) -> Outcome | None:
        account = self._request.account
        if self._taken_at is None:
            if self._vault.pending(self._request.state) is not None:
                return None
            self._taken_at = time.monotonic()
        if self._vault.stamp(account) not in (self._before, None):
            return self._vault.read(account).connection
        if time.monotonic() > self._taken_at + SHORT.seconds:
            return LoginRequired(f"The app did not connect; its page says why. Then try {login_line(account)} again.")
        return None


def _check_somebody_is_here() -> None:
    """LoginRequired where there is neither a notebook nor a terminal to ask."""
    if not somebody_can_be_asked():
        raise LoginRequired(
            "A login needs a person, and there is no terminal to ask. Log in once with `psauth login` on a terminal, or "
            "set PSAUTH_API_KEY; afterwards psauth.connect(interactive=False) works here."
        )


@contextmanager
def _mentioning_the_api_key() -> Iterator[None]:
    """While waiting, and if that lasts: the other way in."""
    words = (
        "\nNo answer yet. Where the consent page does not open, or never comes back, use an API key instead: create one in "
        "Process Street under Settings, Integrations; stop this (Ctrl-C, in a notebook the stop button); and put "
        "PSAUTH_API_KEY=your-key into .env or the environment. psauth.connect() then needs no login."
    )
    timer = threading.Timer(API_KEY_MENTIONED_AFTER, _say, [words])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _why_not_served(port: int | None, error: OSError) -> str:
    """Why psauth cannot wait for the callback on the redirect URI's port."""
    reason = error.strerror or error
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program ({reason})."
    if isinstance(error, PermissionError):
        return (
            f"psauth may not listen on port {port} ({reason}): the system keeps it for itself or for administrators. To "
            "have the browser bring the answer, set PSAUTH_REDIRECT_URI to a port above 1023, and register that address "
            "with your OAuth app."
        )
    return f"psauth cannot listen on port {port} ({reason})."


def expected_address(redirect_uri: str) -> str:
    """What to copy, and what it looks like, for who has pasted something else."""
    mark = "&" if "?" in redirect_uri else "?"
    return (
        "Expected the whole address of the page that the browser went on to after the consent, from http on, which looks "
        f"like {redirect_uri}{mark}code=…&state=… Copy all of it from the browser's address bar."
    )


def app_mark(vault: Vault) -> dict[str, str]:
    """What the app says at APP_MARK: that it is psauth's, and by a fingerprint which vault it has open."""
    return {"app": "psauth", "vault": fingerprint(vault.place)[:16]}


def _app_answers(redirect_uri: str, vault: Vault) -> bool:
    """Whether the psauth app with this very vault has the port of the redirect URI."""
    return bool(_mark_at(urlsplit(redirect_uri).netloc, AT_THE_APP) == app_mark(vault))


def is_app_at(port: int) -> bool:
    """Whether a psauth app, with whatever vault, has this port of localhost."""
    mark = _mark_at(f"localhost:{port}", AT_A_PORT)
    return isinstance(mark, dict) and mark.get("app") == "psauth"


def _mark_at(netloc: str, limits: Limits) -> Any:
    """What somebody says at APP_MARK; None where nobody says anything that can be read."""
    try:
        with Session(limits=limits) as session:
            return session.get(f"http://{netloc}{APP_MARK}", timeout=(1, 3), allow_redirects=False).json()
    except (requests.RequestException, ValueError):
        return None


def _nobody(account: str, timeout: float) -> LoginRequired:
    words = f"{timeout / 60:.0f} minutes" if timeout >= 120 else f"{timeout:.0f} seconds"
    paste = "paste=True" if account == "default" else f"account={account!r}, paste=True"
    return LoginRequired(
        f"Nobody answered the consent page within {words}. Try {login_line(account)} again, or "
        f"psauth.login({paste}) where the browser is on another machine."
    )


def _say(text: str) -> None:
    """To the person at the notebook or terminal, whatever their terminal's encoding."""
    print(fitting(text, getattr(sys.stdout, "encoding", None)), flush=True)  # noqa: T201 - a conversation
