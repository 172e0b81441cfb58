"""Interactive login: connecting from a notebook or a terminal, by the browser on this machine, or by pasting the callback address."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
import webbrowser
from typing import Final
from urllib.parse import urlsplit

import requests

from psauth.addresses import is_loopback
from psauth.auth.flow import AuthorizationFlow, AuthorizationRequest
from psauth.auth.receiver import Receiver
from psauth.auth.session import TIMEOUT as TOKEN_TIMEOUT
from psauth.auth.session import Session
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    ExchangeFailed,
    LoginRequired,
    PsauthError,
)
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.connection import Connection, fingerprint
from psauth.vault.service import Service
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)

TIMEOUT: Final = 300.0
"""Seconds a person has for consenting, before a forgotten login gives the terminal or notebook back."""
PASTES: Final = 3
APP_MARK: Final = "/psauth-app"
"""Where the app on this machine says that it is one, so that a login can leave the callback to it."""


def login_oauth(account: str, settings: Settings, service: Service | None, vault: Vault, timeout: float) -> Connection:
    """By OAuth at the service of the settings, or at `service`."""
    flow = AuthorizationFlow(settings, vault)
    if settings.consent is not None:
        return flow.finish(settings.consent(flow.begin(account, service=service).url))
    redirect_uri = (service and service.redirect_uri) or settings.redirect_uri
    redirect = urlsplit(redirect_uri)
    if remote := _remote():
        request = flow.begin(account, service=service)
        return _login_by_paste(flow, request, f"This is {remote}, so no browser can be opened here.", timeout)
    if redirect.scheme != "http" or not is_loopback(redirect.hostname):
        request = flow.begin(account, service=service)
        return _login_by_paste(flow, request, f"{redirect_uri} is not on this machine.", timeout)
    try:
        receiver = Receiver(redirect_uri)
    except OSError as error:
        request = flow.begin(account, service=service)
        if _app_answers(redirect_uri, vault):
            return _login_by_app(request, vault, timeout)
        why = f"Port {redirect.port} is taken by another program ({error.strerror or error})."
        return _login_by_paste(flow, request, why, timeout)
    with receiver:
        request = flow.begin(account, redirect_uri=receiver.redirect_uri, service=service)
        receiver.await_callback(request.state, flow.finish)
        if not _open_browser(request.url):
            return _login_by_paste(flow, request, "No browser was found on this machine.", timeout, receiver)
        _say(f"Your browser shows the consent page now. If it does not, open this address:\n{request.url}")
        outcome = receiver.wait(timeout)
    if outcome is None:
        raise _nobody(timeout)
    if isinstance(outcome, PsauthError):
        raise outcome
    return outcome


def _login_by_app(request: AuthorizationRequest, vault: Vault, timeout: float) -> Connection:
    """The psauth app has the port of the redirect URI and the same vault: it takes the callback, we watch the vault."""
    _open_browser(request.url)
    _say(f"The psauth app will take the answer. If no browser opened, open this address:\n{request.url}")
    before = vault.stamp(request.account)
    deadline = time.monotonic() + timeout
    while vault.pending(request.state) is not None:
        if time.monotonic() > deadline:
            raise _nobody(timeout)
        time.sleep(0.3)
    # The callback has been taken; the exchange of the code follows within the token endpoint's timeouts.
    deadline = time.monotonic() + sum(TOKEN_TIMEOUT)
    while vault.stamp(request.account) in (before, None):
        if time.monotonic() > deadline:
            raise LoginRequired("The app did not connect; its page says why. Then try psauth.login() again.")
        time.sleep(0.3)
    return vault.read(request.account).connection


def _login_by_paste(
    flow: AuthorizationFlow, request: AuthorizationRequest, why: str, timeout: float, receiver: Receiver | None = None
) -> Connection:
    """The person opens the address wherever they have a browser; its callback is pasted, or arrives at the receiver."""
    _check_somebody_is_here()
    by_itself = " If the page says Connected, press Enter instead." if receiver is not None else ""
    _say(
        f"{why}\n\n1. Open this address in a browser, on any machine, and allow the access:\n\n{request.url}\n\n"
        f"2. The browser then goes on to an address that begins with {request.redirect_uri}\n"
        "   That page may fail to load, which does not matter: what counts is its address. Copy the whole of it from\n"
        f"   the browser's address bar, and paste it below.{by_itself}\n"
    )
    deadline = time.monotonic() + timeout
    for attempt in range(1, PASTES + 1):
        pasted = Secret(_ask("Callback address: ", deadline, timeout, receiver) or "")
        if receiver is not None and (outcome := receiver.wait(0)) is not None:
            if isinstance(outcome, PsauthError):
                raise outcome
            _say("\nConnected, you are done: the browser brought the answer.")
            return outcome
        try:
            return flow.finish(pasted)
        except (AccessDenied, AuthorizationRefused, ExchangeFailed):
            raise
        except AuthorizationError as refusal:
            if attempt == PASTES:
                raise
            _say(
                f"{str(refusal).removesuffix(' Begin again.')}\nTry once more: the whole address, from http on, of step 2."
            )
    raise AssertionError("the last attempt returns or raises")  # pragma: no cover


def _check_somebody_is_here() -> None:
    """LoginRequired where there is neither a notebook nor a terminal to ask."""
    if "ipykernel" not in sys.modules and not (sys.stdin and sys.stdin.isatty()):
        raise LoginRequired(
            "A login needs a person, and there is no terminal to ask. Log in once with `psauth login` on a terminal, or "
            "set PSAUTH_API_KEY; afterwards psauth.connect(interactive=False) works here."
        )


def _ask(prompt: str, deadline: float, timeout: float, receiver: Receiver | None) -> Secret | None:
    """One line from the person, or None when the receiver was faster; LoginRequired when neither comes in time."""
    terminal = _watchable_terminal()
    if terminal is None:
        # A kernel reads in its main thread only, and Windows cannot wait for two things: there Enter is enough, once
        # the receiver has the answer.
        return _read_line(prompt)
    print(prompt, end="", flush=True)  # noqa: T201 - the prompt of a conversation
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            return _read_line("")
        if receiver is not None and receiver.wait(0) is not None:
            return None
    raise _nobody(timeout)


def _watchable_terminal() -> int | None:
    """The descriptor of a terminal that can be waited for together with the receiver."""
    if os.name != "posix" or "ipykernel" in sys.modules:
        return None
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _read_line(prompt: str) -> Secret:
    try:
        return Secret(input(prompt))
    except KeyboardInterrupt:
        raise
    except Exception as error:
        raise LoginRequired(
            f"A login needs a person, and none can be asked here ({type(error).__name__}). Log in once with `psauth login`."
        ) from error


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a conversation with the person at the notebook or terminal


def _open_browser(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _remote() -> str | None:
    """Where the code runs, when that is a machine whose browser is not the person's; else None."""
    if os.environ.get("JUPYTERHUB_USER") or os.environ.get("JUPYTERHUB_API_TOKEN"):
        return "JupyterHub"
    if "google.colab" in sys.modules or os.environ.get("COLAB_RELEASE_TAG"):
        return "Colab"
    if os.environ.get("SSH_CONNECTION") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "an SSH session"
    return None


def app_mark(vault: Vault) -> dict[str, str]:
    """What the app says at APP_MARK: that it is psauth's, and by a fingerprint which vault it has open."""
    return {"app": "psauth", "vault": fingerprint(vault.place)[:16]}


def _app_answers(redirect_uri: str, vault: Vault) -> bool:
    """Whether the psauth app with this very vault has the port of the redirect URI."""
    parts = urlsplit(redirect_uri)
    try:
        with Session() as session:
            answer = session.get(f"http://{parts.netloc}{APP_MARK}", timeout=(1, 3), allow_redirects=False)
        return answer.ok and answer.json() == app_mark(vault)
    except (requests.RequestException, ValueError):
        return False


def _nobody(timeout: float) -> LoginRequired:
    words = f"{timeout / 60:.0f} minutes" if timeout >= 120 else f"{timeout:.0f} seconds"
    return LoginRequired(f"Nobody answered the consent page within {words}. Try psauth.login() again.")
