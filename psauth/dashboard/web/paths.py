"""Paths: what stands at which address of the app."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from psauth.auth.browser import APP_MARK
from psauth.dashboard.web.target import SANDBOX_PATH

CONNECT: Final = "/connect"
"""Where an authorization begins."""
HEALTH: Final = "/_stcore/health"
HOST_CONFIG: Final = "/_stcore/host-config"
"""What a tab asks for before it opens its WebSocket again."""
AGENTS: Final = "/_stcore/agent"
"""Streamlit's interface for programs that drive an app."""
STREAMLIT: Final = ("/_stcore/", "/static/", "/media/", "/component/", "/app/static/")
"""What Streamlit serves its pages with, data among it."""
SERVED: Final = (SANDBOX_PATH + "/", *STREAMLIT)
"""Where something stands below a second `/`."""
CALLBACK_MARKS: Final = frozenset({"state", "code", "error"})
NO_CALLBACK_BELOW: Final = (SANDBOX_PATH + "/", "/_stcore/")


def is_page(headers: Headers, scope: Scope) -> bool:
    """Whether a person navigates here; scripts and pictures that load in parallel must not name the browser anew."""
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else scope["path"] == CONNECT or "text/html" in headers.get("accept", "")


def is_callback(scope: Scope) -> bool:
    """Whether this is the service's answer to an authorization, which comes to any path."""
    # Exactly /connect: a redirect URI may well be /connect/callback.
    if scope["method"] != "GET" or scope["path"] == CONNECT or scope["path"].startswith(NO_CALLBACK_BELOW):
        return False
    return not CALLBACK_MARKS.isdisjoint(parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def is_open(path: str) -> bool:
    """Whether programs that cannot know the start token are answered here.

    `/psauth-app` says to a `psauth login` of this machine that the app would take the callback, and nothing of a
    connection. The sandbox is asked by notebooks and by this app itself, as a service: it holds invented data, and asks
    for credentials of its own.
    """
    return path in (HEALTH, APP_MARK, SANDBOX_PATH) or path.startswith(SANDBOX_PATH + "/")
