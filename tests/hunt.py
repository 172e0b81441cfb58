"""The hunt for secrets: each is noted where it is made or sent, and then searched for where it must not be."""

import base64
import contextlib
import copy
import dataclasses
import logging
import pickle
import traceback
from collections import defaultdict
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
import requests

import psauth
from psauth import AuthorizationFlow, Settings, Vault
from psauth.auth.session import Session

_IN_BODIES = {
    "code": "code",
    "code_verifier": "verifier",
    "client_secret": "client secret",
    "refresh_token": "refresh token",
    "access_token": "access token",
}


class Secrets:
    """What was seen of each kind. Its own repr shows nothing, because it stands in the frames of failing tests."""

    def __init__(self):
        self._seen = defaultdict(set)

    def see(self, kind, value):
        if value and len(value) >= 16:
            self._seen[kind].add(str(value))

    def kinds(self):
        return {kind: len(values) for kind, values in self._seen.items()}

    def found_in(self, text, *, but=()):
        """The kinds of secrets that stand in `text`, as they are, as in an address, or as base64."""
        data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        return sorted({kind for kind, values in self._seen.items() if kind not in but for v in values if _in(v, data)})

    def __repr__(self):
        return f"Secrets({sorted(self._seen)})"


def _in(value, data):
    plain = value.encode()
    return any(form in data for form in (plain, quote_plus(value).encode(), base64.b64encode(plain)[:-4]))


@pytest.fixture
def secrets(monkeypatch):
    """Collects every secret where it is made or goes over the wire, whatever psauth does with it."""
    noted = Secrets()
    send, await_callback = Session.send, Vault.await_callback
    begin = AuthorizationFlow.begin

    def listening_send(self, request, **kwargs):
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        for name, value in parse_qsl(body):
            if name in _IN_BODIES:
                noted.see(_IN_BODIES[name], value)
        kind, _, credential = request.headers.get("Authorization", "").partition(" ")
        noted.see({"Bearer": "access token", "Basic": "client secret as HTTP Basic"}.get(kind), credential)
        noted.see("API key", request.headers.get("X-API-Key"))
        answer = send(self, request, **kwargs)
        with contextlib.suppress(ValueError, requests.RequestException, AttributeError):
            for name, value in answer.json().items():
                if name in ("access_token", "refresh_token"):
                    noted.see(_IN_BODIES[name], value)
        return answer

    def listening_begin(self, *args, **kwargs):
        request = begin(self, *args, **kwargs)
        noted.see("challenge", dict(parse_qsl(urlsplit(request.url).query))["code_challenge"])
        return request

    def listening_await(self, state, *, verifier, browser, **kwargs):
        noted.see("state", state)
        noted.see("verifier", verifier)
        noted.see("browser's cookie", browser)
        return await_callback(self, state, verifier=verifier, browser=browser, **kwargs)

    monkeypatch.setattr(Session, "send", listening_send)
    monkeypatch.setattr(AuthorizationFlow, "begin", listening_begin)
    monkeypatch.setattr(Vault, "await_callback", listening_await)
    return noted


def logged(logs):
    """Messages and arguments: of psauth at any level, of the others from DEBUG on."""
    # uvicorn's TRACE, below DEBUG, writes the authorization request down as it came, with its state.
    logs.records = [r for r in logs.records if r.levelno >= logging.DEBUG or r.name.startswith("psauth")]
    return logs.text()


def traceback_of(error):
    """As a debugger or an error tracker shows it: local variables, causes and all; from psauth's first frame on."""
    at = error.__traceback__
    package = str(Path(psauth.__file__).parent)  # and not any folder of that name, as a clone may be called
    while at is not None and not at.tb_frame.f_code.co_filename.startswith(package):
        at = at.tb_next
    assert at is not None
    shown = traceback.TracebackException(type(error), error, at, capture_locals=True)
    return "".join(shown.format())


def shapes_of(thing):
    """Every way a thing shows itself by."""
    yield from (repr(thing), str(thing), f"{thing}", repr([thing]), f"{thing!a}")
    for name in ("_repr_html_", "to_csv"):
        with contextlib.suppress(AttributeError):
            yield getattr(thing, name)()
    if dataclasses.is_dataclass(thing) and hasattr(thing, "__dict__") and not isinstance(thing, Settings):
        shown = {name: value for name, value in vars(thing).items() if name not in ("url", "return_to")}
        yield repr(shown)


def pickles_of(thing):
    if isinstance(thing, Settings):
        return  # worker processes need all of it; its docstring says so
    for protocol in (0, pickle.HIGHEST_PROTOCOL):
        with contextlib.suppress(Exception):  # most refuse, which is as good
            yield pickle.dumps(thing, protocol)
        with contextlib.suppress(Exception):
            yield pickle.dumps(copy.copy(thing), protocol)
