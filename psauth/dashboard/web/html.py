"""Pages that stand outside of Streamlit: plain, self-contained HTML."""

from __future__ import annotations

import re
from html import escape


def page(title: str, text: str, step: str) -> str:
    """A calm page: what happened, and the one next step; `…` in backquotes is shown as code."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>"
        ":root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:16vh auto;"
        "padding:0 1.5rem}h1{font-size:1.5rem;font-weight:600}code{font-size:.9em}"
        f"</style></head><body><h1>{escape(title)}</h1><p>{_marked(text)}</p><p>{_marked(step)}</p></body></html>"
    )


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
