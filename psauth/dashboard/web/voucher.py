"""Voucher: by which the script knows that the guard has let in the WebSocket behind it.

`streamlit run psauth/dashboard/main.py` starts the same script with nothing in front of it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import streamlit as st
from starlette.datastructures import Headers

HEADER: Final = "x-psauth-voucher"
_OF_THE_GUARD: Final = b"psauth: let in by the guard"


def voucher() -> str:
    """What the guard writes into the header; made of a secret that Streamlit draws at each start of the process."""
    secret = str(st.config.get_option("server.cookieSecret"))
    return hmac.new(secret.encode(), _OF_THE_GUARD, hashlib.sha256).hexdigest()


def is_vouched_for(headers: Headers) -> bool:
    """Whether the guard has let in the WebSocket with these headers."""
    return any(hmac.compare_digest(value.encode(), voucher().encode()) for value in headers.getlist(HEADER))
