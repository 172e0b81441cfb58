"""Pages that stand outside of Streamlit: plain, self-contained HTML."""

from __future__ import annotations

import re
from html import escape

_STYLE = (
    ":root{color-scheme:light dark;--page:#fff;--line:#e3e6eb;--text:#10151d;--pale:#5a6472;--code:#f5f6f8;--blue:#2f5fd0}"
    "@media(prefers-color-scheme:dark){:root{--page:#14171c;--line:#2b313b;--text:#e7eaef;--pale:#a3adba;--code:#1d2128;"
    "--blue:#426fdd}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:16px/1.6 system-ui,sans-serif}"
    "main{max-width:38rem;margin:14vh auto;padding:0 1.5rem}h1{font-size:1.75rem;line-height:1.25;font-weight:600;margin:0 0 1rem}"
    "p{margin:0 0 1rem}.step{border-top:1px solid var(--line);padding-top:1rem;color:var(--text)}.text{color:var(--pale)}"
    "code{font:.9em ui-monospace,monospace;background:var(--code);padding:.1em .35em;border-radius:.3em;overflow-wrap:anywhere}"
    "a{display:inline-block;padding:.55rem 1.4rem;border-radius:.5rem;background:var(--blue);color:#fff;font-weight:600;"
    "text-decoration:none}a:focus-visible{outline:3px solid #7ea3f7;outline-offset:2px}"
)


def page(title: str, text: str, step: str, *, leads_home: bool = False) -> str:
    """A calm page: what happened, and the one next step; `…` in backquotes is shown as code.

    `leads_home` adds a button that leads to the first page of the app.
    """
    button = '<p><a href="/">Open the app</a></p>' if leads_home else ""
    body = f'<h1>{escape(title)}</h1><p class="text">{_marked(text)}</p><p class="step">{_marked(step)}</p>{button}'
    return _document(title, body)


def passage(path: str) -> str:
    """A page that leads on to a path of this app at once, and takes no place of its own in the history."""
    link = f'<a href="{escape(path)}" hidden></a><script>location.replace(document.links[0].href)</script>'
    return _document("psauth", f'{link}<noscript><meta http-equiv="refresh" content="0;url={escape(path)}"></noscript>')


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
