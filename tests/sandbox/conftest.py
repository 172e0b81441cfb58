"""A sandbox for the whole session, a clock that can be turned, and what an application would do with them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from psauth.sandbox import Knobs, SandboxServer
from tests.flow.parts import query_of

NOW = 1_790_000_000.0
REDIRECT = "http://localhost:8501/callback"


class Clock:
    """Real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


class App:
    """An application that connects to the sandbox, with and without a secret."""

    def __init__(self, box: SandboxServer) -> None:
        self.box = box
        self.state = ""  # of the last request
        self.verifier = secrets.token_urlsafe(40)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def url(self, **changes: str | None) -> str:
        self.state = secrets.token_urlsafe(8)
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.box.client_id,
            "redirect_uri": REDIRECT,
            "scope": "read,write",
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        asked |= changes
        return f"{self.box.url}/oauth/authorize?{urlencode({k: v for k, v in asked.items() if v is not None})}"

    def callback(self, **changes: str | None) -> dict[str, str]:
        return query_of(self.box.approve(self.url(**changes)))

    def code(self, **changes: str | None) -> str:
        return self.callback(**changes)["code"]

    def exchange(self, code: str, *, auth: tuple[str, str] | None = None, **changes: str | None) -> requests.Response:
        body: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "client_id": self.box.client_id,
            "client_secret": self.box.client_secret,
            "code_verifier": self.verifier,
        }
        return self.post("token", {**body, **changes}, auth=auth)

    def refresh(self, token: str, **changes: str | None) -> requests.Response:
        body: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.box.client_id,
            "client_secret": self.box.client_secret,
        }
        return self.post("token", {**body, **changes})

    def revoke(self, token: str, **changes: str | None) -> requests.Response:
        body: dict[str, str | None] = {
            "token": token,
            "client_id": self.box.client_id,
            "client_secret": self.box.client_secret,
        }
        return self.post("revoke", {**body, **changes})

    def post(self, where: str, body: dict[str, str | None], auth: tuple[str, str] | None = None) -> requests.Response:
        sent = {name: value for name, value in body.items() if value is not None}
        return requests.post(f"{self.box.url}/oauth/{where}", data=sent, auth=auth, timeout=10)

    def connect(self, **changes: str | None) -> dict[str, Any]:
        answer = self.exchange(self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def works(self, access_token: str) -> bool:
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(f"{self.box.api_url}/testAuth", headers=headers, timeout=10).status_code == 200


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _server(clock: Clock) -> Iterator[SandboxServer]:
    with SandboxServer(runs=300, now=NOW, clock=clock) as server:
        yield server


@pytest.fixture
def box(_server: SandboxServer) -> Iterator[SandboxServer]:
    """The session's sandbox, with every knob as it was."""
    _server.requests.clear()
    yield _server
    untouched = Knobs()
    for knob in fields(Knobs):
        if not knob.name.startswith("_"):
            setattr(_server.knobs, knob.name, getattr(untouched, knob.name))


@pytest.fixture
def app(box: SandboxServer) -> App:
    return App(box)


@pytest.fixture
def api(box: SandboxServer) -> Iterator[requests.Session]:
    """A session that holds the API key."""
    with requests.Session() as session:
        session.headers["X-API-Key"] = box.api_key
        yield session


@pytest.fixture
def send(box: SandboxServer, api: requests.Session) -> Any:
    """One write; `body` goes out as JSON."""
    return lambda method, path, body=None: api.request(method, f"{box.api_url}{path}", json=body, timeout=10)


@pytest.fixture
def get(box: SandboxServer, api: requests.Session) -> Any:
    return lambda path, **query: api.get(f"{box.api_url}{path}", params=query, timeout=10)


def next_of(body: dict[str, Any]) -> str | None:
    return next((link["href"] for link in body.get("links", []) if link["name"] == "next"), None)


@pytest.fixture
def walk(box: SandboxServer, api: requests.Session) -> Any:
    """Every page of a list, as a careful client walks it."""

    def pages(path: str, key: str, **query: str) -> list[list[dict[str, Any]]]:
        seen: list[list[dict[str, Any]]] = []
        followed: set[str] = set()
        address, params = f"{box.api_url}{path}", dict(query)
        while True:
            body = api.get(address, params=params, timeout=10).json()
            seen.append(body[key])
            link = next_of(body)
            if not body[key] or link is None or link in followed:
                return seen
            followed.add(link)
            params = query_of(link)

    return pages
