"""Voucher: by which the script knows that the guard has let in the WebSocket behind it, and when.

`streamlit run psauth/dashboard/main.py` starts the same script with nothing in front of it.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from contextlib import suppress
from typing import Final

import streamlit as st
from starlette.datastructures import Headers

HEADER: Final = "x-psauth-voucher"
OPENED: Final = "x-psauth-opened"
"""The header in which the guard says when it let the WebSocket in, by the clock `time.monotonic`."""
HEADERS: Final = (HEADER.encode(), OPENED.encode())
"""Both, as they stand in a request; nobody but the guard says them."""
_OF_THE_GUARD: Final = b"psauth: let in by the guard"


def voucher() -> str:
    """What the guard writes into the header; made of a secret that Streamlit draws at each start of the process."""
    secret = str(st.config.get_option("server.cookieSecret"))
    return hmac.new(secret.encode(), _OF_THE_GUARD, hashlib.sha256).hexdigest()


def is_vouched_for(headers: Headers) -> bool:
    """Whether the guard has let in the WebSocket with these headers."""
    return any(hmac.compare_digest(value.encode(), voucher().encode()) for value in headers.getlist(HEADER))


def vouching_headers() -> list[tuple[bytes, bytes]]:
    """What the guard adds to the headers of a WebSocket that it lets in now."""
    return [*zip(HEADERS, (voucher().encode(), repr(time.monotonic()).encode()), strict=True)]


def opened_at(headers: Headers) -> float | None:
    """When the WebSocket with these headers was let in; None for one that the guard has not seen."""
    with suppress(KeyError):
        return float(headers[OPENED])
    return None
