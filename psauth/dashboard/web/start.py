"""Start: the token that the app makes when it starts. Who opens the address that holds it gets a cookie, and so comes in.

Another user of this machine, and a program that knows no more than the port, has neither. The token is a new one at each
start: a cookie that somebody caught who took the port afterwards is worth nothing at the next start.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Scope

from psauth.auth.entrance import PARAMETER, entrance_of, forget_entrance, keep_entrance
from psauth.auth.flow import is_path_here
from psauth.dashboard.web.cookies import cookie_name, port_of, read_cookies
from psauth.dashboard.web.local import listens_locally
from psauth.dashboard.web.refusals import NOT_LOCAL
from psauth.dashboard.web.target import find_target
from psauth.exceptions import PsauthError
from psauth.secret import Secret

log = logging.getLogger(__name__)

TOKEN_BYTES: Final = 32
COOKIE_OF: Final = b"psauth: the cookie of this start"


@dataclass(frozen=True)
class Start:
    """One start of the app: its token, whether the token is `required`, and the `home` that the entrance is kept in."""

    token: Secret
    required: bool
    home: Path | None

    @property
    def cookie(self) -> Secret:
        """What the cookie holds: made of the token, which cannot be found from it."""
        digest = hmac.digest(self.token.encode(), COOKIE_OF, hashlib.sha256)
        return Secret(base64.urlsafe_b64encode(digest).decode().rstrip("="))

    def is_token(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def knows(self, headers: Headers) -> bool:
        """Whether a browser has the cookie of this start."""
        values = read_cookies(headers, cookie_name("start", port_of(headers)))
        return any(hmac.compare_digest(value.encode(), self.cookie.encode()) for value in values)


@cache
def this_start() -> Start:
    """The start of this process; settings that cannot be read leave the token required."""
    token = Secret(secrets.token_urlsafe(TOKEN_BYTES))
    try:
        settings = find_target().settings
        return Start(token, settings.asks_start_token, settings.home_path)
    except PsauthError:
        return Start(token, required=True, home=None)


def token_in(scope: Scope) -> str | None:
    """The token in an address; None without one."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)).get(PARAMETER)


def without_token(scope: Scope) -> str:
    """The address without its token: a path of this app, and the rest of the query as it stands there."""
    parts = scope["query_string"].decode("latin-1").split("&")
    rest = "&".join(part for part in parts if unquote_plus(part.partition("=")[0]) != PARAMETER)
    path = scope["path"] if is_path_here(scope["path"]) else "/"
    return f"{path}?{rest}" if rest else path


@asynccontextmanager
async def announced(_app: Any) -> AsyncIterator[None]:
    """While the app runs: its entrance stands in the terminal, and in a file that only the same user reads."""
    start = this_start()
    port = int(st.config.get_option("server.port"))
    name = str(st.config.get_option("server.address"))
    scheme = "https" if st.config.get_option("server.sslCertFile") else "http"
    base_url = f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"
    entrance = entrance_of(base_url, start.token) if start.required else Secret(base_url)
    _say(f"\n  Open psauth in your browser:  {entrance}\n" if listens_locally() else f"\n  {NOT_LOCAL.step}\n")
    try:
        if start.home is not None:
            keep_entrance(start.home, port, entrance)
    except OSError as error:
        log.info("the address is not kept for `psauth app --url`: %s", type(error).__name__)
    try:
        yield
    finally:
        if start.home is not None:
            forget_entrance(start.home, port, entrance)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - to the terminal in which the app was started
