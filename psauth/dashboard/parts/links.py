"""Links that Streamlit has no widget for: to another address in the same tab, looking like a button."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import streamlit as st

_STYLE = """<style>
a.psauth-button, a.psauth-button:visited { display: inline-block; padding: .55rem 1.4rem; margin-bottom: .6rem; border-radius: .5rem;
  background: #2f5fd0; color: #fff !important; font-weight: 600; text-decoration: none !important; }
a.psauth-button:hover { background: #274fae; }
a.psauth-button:focus-visible { outline: 3px solid #7ea3f7; outline-offset: 2px; }
</style>"""


def same_tab_button(label: str, address: str) -> None:
    """A primary button that goes to `address` in this tab (st.link_button opens a new one)."""
    st.markdown(
        f'{_STYLE}<a class="psauth-button" href="{escape(address)}" target="_self">{escape(label)}</a>',
        unsafe_allow_html=True,
    )


def connect_address(return_to: str) -> str:
    """Where the Connect button leads."""
    return "/connect?" + urlencode({"return_to": return_to}) if return_to != "/" else "/connect"
