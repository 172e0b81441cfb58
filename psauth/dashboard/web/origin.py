"""Origin: who asks. The person and the app's own pages are heard; a page of another site is not.

A page at another port of this machine is another site too: for cookies (and so for `Sec-Fetch-Site: same-site`) it
belongs to this one, and Streamlit lets its WebSockets in. What a browser says of who asks cannot be set by a page
(`Origin`, `Sec-Fetch-*`). A program that is no browser can say anything; it is held off by the start token.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from psauth.dashboard.web.paths import STREAMLIT, is_page

HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?", re.ASCII | re.IGNORECASE)
"""The names of this machine, as a browser writes them; nothing around them."""
ORIGIN: Final = re.compile(r"(https?)://([^/?#]*)", re.ASCII)
"""An Origin as a whole, or how a Referer begins."""
USUAL_PORTS: Final = {"http": 80, "https": 443}
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; browsers send no Origin with them to the page's own site."""
HERE: Final = frozenset({"same-origin", "none"})
"""Sites that a request of this app's own pages, or of the person, comes from."""

Place = tuple[str, str, int]
"""Scheme, name and port."""


def host_of(headers: Headers) -> str | None:
    """The Host that was asked, when it is one name of this machine, with or without a port; else None."""
    hosts = headers.getlist("host")
    return hosts[0] if len(hosts) == 1 and _place("http", hosts[0]) is not None else None


def origin_of(scope: Scope, host: str) -> str:
    """The origin of this app at the Host that was asked."""
    return f"{_scheme(scope)}://{host}"


def is_from_elsewhere(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether another site asks, or nobody can tell that it is not one.

    A browser names the origin with a WebSocket and with everything that changes something. Otherwise another site may
    lead a person to a page, by a link or as the service does with its callback, and may load nothing.
    """
    origin, site = _value(headers, "origin"), _value(headers, "sec-fetch-site")
    here = _is_here(scope, ORIGIN.fullmatch(origin or ""), host)
    if scope["type"] == "websocket":
        return not here  # no browser leaves the Origin out, and nothing else has business there
    if scope["method"] not in READING:
        if origin is None:
            return any(name.startswith("sec-fetch-") for name in headers)  # a browser that hides who asks
        return not here or site not in (None, *HERE)
    if scope["method"] == "GET" and _is_led(headers) and site in ("cross-site", "same-site", *HERE):
        return site not in HERE and scope["path"].startswith(STREAMLIT)
    return site not in (None, *HERE) or not (origin is None or here)


def is_ahead_of_time(headers: Headers) -> bool:
    """Whether a browser only fetches or renders this ahead, in case that the person goes there."""
    said = " ".join(headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def may_begin(scope: Scope, headers: Headers, host: str, *, is_known: bool) -> bool:
    """Whether `/connect` was asked by a person who pressed Connect in this app, or typed its address.

    A browser too old for Sec-Fetch-Site says by Origin or Referer which page asks. Where neither is there, it must be
    `is_known` by its cookies.
    """
    if scope["method"] != "GET" or not is_page(headers, scope):
        return False
    site = _value(headers, "sec-fetch-site")
    if site is not None:
        return site in HERE and _is_led(headers)
    origin, referer = _value(headers, "origin"), _value(headers, "referer")
    if origin is not None or referer is not None:
        is_own_origin = origin is None or _is_here(scope, ORIGIN.fullmatch(origin), host)
        return is_own_origin and (referer is None or _is_here(scope, ORIGIN.match(referer), host))
    return is_known


def _is_led(headers: Headers) -> bool:
    """Whether the whole tab is led here: a link, a redirect, a form; not a frame, a picture or a script."""
    return _value(headers, "sec-fetch-mode") == "navigate" and _value(headers, "sec-fetch-dest") == "document"


def _value(headers: Headers, name: str) -> str | None:
    """The value of a header; None without one, and what nothing equals where it stands there twice."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else " " if values else None


def _is_here(scope: Scope, parts: re.Match[str] | None, host: str) -> bool:
    """Whether the scheme and host of another address are those that this app was asked at."""
    return parts is not None and _place(parts[1], parts[2]) == _place(_scheme(scope), host)


def _place(scheme: str, host: str) -> Place | None:
    parts = HOST.fullmatch(host)
    if parts is None:
        return None
    port = int(parts[2] or USUAL_PORTS[scheme])
    return (scheme, parts[1].lower(), port) if port < 65536 else None


def _scheme(scope: Scope) -> str:
    return "https" if scope["scheme"] in ("https", "wss") else "http"
