"""Cookies: read as browsers send them, beside whatever other programs on localhost have set.

Cookies know no port: a browser sends to this app what every other program on this machine has set, in whatever form.
So a line is cut at `;` and nothing else is understood of it (RFC 6265 §5.4: a browser puts nothing else between two
cookies, and quotes mean nothing); what is not ours is left alone.
"""

from __future__ import annotations

import re
import secrets
from typing import Final, Literal
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from uvicorn.protocols.http import h11_impl
from websockets import http11

VALUE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""What `new_value` makes; anything else was set by somebody else, and counts as absent."""

LONGEST_LINE: Final = 2**20
"""Bytes. Browsers keep some 180 cookies of 4 KB each for one host."""


def cookie_name(kind: Literal["browser", "start"], port: int) -> str:
    """The name of a cookie of the app at this port: "browser" names the browser, "start" keeps the start token.

    The port is in it because several apps on one machine share their cookies.
    """
    return f"psauth-{kind}-{port}"


def new_value() -> str:
    """A value for a cookie of ours: 256 random bits, as 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def port_of(headers: Headers) -> int:
    """The port that the browser asked, by the Host header: behind a tunnel it is another one than the server's."""
    try:
        return urlsplit("//" + headers.get("host", "")).port or 80
    except ValueError:
        return 80


def read_cookies(headers: Headers, name: str) -> list[str]:
    """Every value of ours under this name, the likeliest first; empty and odd ones count as absent.

    That is the last one sent: ours stand at the path `/`, and browsers send those of longer paths first (RFC 6265 §5.4
    step 2), so every address of the app is sent the same last one.
    """
    pairs = (part.partition("=") for line in headers.getlist("cookie") for part in line.split(";"))
    values = [value.strip(" \t") for cookie, _, value in pairs if cookie.strip(" \t") == name]
    return [*dict.fromkeys(value for value in reversed(values) if VALUE.fullmatch(value))]


def read_cookie(headers: Headers, name: str) -> str | None:
    """The value of ours under this name; None where the browser sent none that can be ours."""
    return next(iter(read_cookies(headers, name)), None)


def browsers_of(headers: Headers) -> list[str]:
    """The names of the browser that sends these headers: one, unless another program has set one beside ours.

    None before it was given one, or where it keeps no cookies.
    """
    return read_cookies(headers, cookie_name("browser", port_of(headers)))


def browser_here() -> str | None:
    """The name of the browser behind this run of the script, by the headers of its WebSocket.

    Streamlit's own `st.context.cookies` takes quotes and backslashes apart, and knows one cookie of a name only.
    """
    names = browsers_of(script_headers())
    return names[0] if names else None


def script_headers() -> Headers:
    """The headers of the WebSocket behind this run of the script, every line of them; none in a test of a script."""
    lines = [(name, line) for name in st.context.headers for line in st.context.headers.get_all(name)]
    return Headers(raw=[(name.lower().encode("latin-1"), line.encode("latin-1")) for name, line in lines])


def accept_long_lines() -> None:
    """Have the server take all cookies that a browser may keep for localhost, in the one line it sends them in.

    Streamlit has no setting for it. A WebSocket with more than 8 KB of cookies would be turned away, and every view would
    stay blank without a word.
    """
    http11.MAX_LINE_LENGTH = LONGEST_LINE
    h11_impl.DEFAULT_MAX_INCOMPLETE_EVENT_SIZE = LONGEST_LINE  # type: ignore[attr-defined] # it imports it, and reads it anew
