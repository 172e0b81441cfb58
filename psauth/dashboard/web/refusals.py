"""Refusals: what a person reads who does not come in, and the one next step."""

from __future__ import annotations

from typing import Final, NamedTuple

ADDRESS_AGAIN: Final = (
    "No terminal in sight? `psauth app --url` shows the address again; where `psauth` is not found, type "
    "`python -m psauth app --url` with the Python that psauth is installed in, like `.venv/bin/python`."
)


class Refusal(NamedTuple):
    """A page in the app's place; `{port}` in its step is the port of the app. `leads_home` adds a link to the first page."""

    title: str
    text: str
    step: str
    leads_home: bool = False


NOT_LOCAL: Final = Refusal(
    "Only on this machine",
    "This app shows the connection of the person who started it, so it answers on localhost only. It was asked, or "
    "started, on another address.",
    "Start it with `psauth app` and open the http://localhost address that it says. A team mode, with a sign-in for each "
    "person, does not exist yet.",
)
FORWARDED: Final = Refusal(
    "Only on this machine",
    "This app shows the connection of the person who started it, so it answers on localhost only. This request came by "
    "another address that is forwarded to it (Codespaces, Gitpod, JupyterHub, a proxy), where others may come in too.",
    "Bring its port to your own machine instead, and open http://localhost:{port} there: with the ports view of VS Code on "
    "your desktop, `gh codespace ports forward {port}:{port}`, or `ssh -L {port}:localhost:{port} HOST`. Or connect "
    "without the app: `psauth login --paste` in a terminal there, `psauth.login(paste=True)` in a notebook.",
)
UNGUARDED: Final = Refusal(
    "Started without its guard",
    "The script of the views was started by itself, so nothing keeps other pages, and other users of this machine, from "
    "your connection. Nothing is shown.",
    "Stop it, and start the app with `psauth app` or with `streamlit run app.py`.",
)
ELSEWHERE: Final = Refusal(
    "Asked by another page",
    "This request came from a page that is not of this app, so nothing was done.",
    "What you want to do is done in the app itself.",
    leads_home=True,
)
NOT_BEGUN: Final = Refusal(
    "Connect begins in the app",
    "Another page has led here. Only you decide when psauth connects, so nothing was begun.",
    "To connect, open the app and press Connect there.",
    leads_home=True,
)
NOT_STARTED: Final = Refusal(
    "Open psauth by its own address",
    "This app shows what its owner may see, so it lets in only the browser that was opened with the address from the "
    "terminal. This browser was not, or the app has been started anew since.",
    "Open the address that stands in the terminal where the app was started; it ends in `?token=…`. If you came from there "
    f"just now, let your browser keep cookies for this address. {ADDRESS_AGAIN}",
)
OLD_TOKEN: Final = Refusal(
    "This address is from an earlier start",
    "The app has been started anew since, and each start has an address of its own.",
    f"Open the address that stands in the terminal now; it ends in `?token=…`. {ADDRESS_AGAIN}",
)
IN_A_TAB: Final = "psauth was started anew. Open the address that stands in its terminal."
"""What Streamlit is answered in a tab that was open before; `looks` says it there in the app's own words."""
