"""Notices: what came of a callback, kept until the browser's next page shows it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    DuplicateParameter,
    ExchangeFailed,
    IssuerMismatch,
    MalformedCallback,
    PsauthError,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
)

KEPT: Final = 100
"""Notices that are kept at most; the oldest go first."""


@dataclass(frozen=True)
class Notice:
    """What the browser's next page says: a toast when `connected`, else a calm page with `title`, `text` and one next step."""

    connected: bool
    title: str
    text: str
    detail: str = ""


_TITLES: Final[dict[type[AuthorizationError], str]] = {
    AccessDenied: "Access was declined",
    StateSpent: "This page was used before",
    StateExpired: "That took too long",
    BrowserMismatch: "Begun in another browser",
    StateUnknown: "This answer is not ours",
    StateMissing: "This answer is not ours",
    IssuerMismatch: "The answer came from somebody else",
    DuplicateParameter: "This answer cannot be right",
    MalformedCallback: "This answer cannot be right",
    CodeMissing: "The answer is incomplete",
    ExchangeFailed: "The service gave no access",
    AuthorizationRefused: "The service refused",
}

CHANGED_COOKIE: Final = "If it was this browser, its cookie was changed meanwhile, and beginning again is all it takes."
NO_COOKIE: Final = (
    "This one sent no cookie, by which the app tells browsers apart. If you pressed Connect in it, its cookie was lost on "
    "the way, or it keeps none."
)
ALLOW_COOKIES: Final = (
    "Your browser sends no cookie to this app. Allow cookies for localhost (a private window or an add-on may block "
    "them), then open the app anew and press Connect."
)

CONNECTED: Final = Notice(connected=True, title="Connected", text="")
UNTRIED: Final = Notice(
    connected=True,
    title="The API key is stored, but not tried yet: the service has not answered. The app goes on asking it.",
    text="",
)


def refused(error: PsauthError, *, knows_browser: bool = True) -> Notice:
    """The notice for an authorization that led to nothing, or that could not even begin.

    `knows_browser`: the browser has sent the cookie that names it.
    """
    title = _TITLES.get(type(error), "Not connected") if isinstance(error, AuthorizationError) else "Not connected"
    text = str(error)
    if isinstance(error, BrowserMismatch):
        text += f" {CHANGED_COOKIE if knows_browser else NO_COOKIE}"
    return Notice(connected=False, title=title, text=text, detail=details_of(error))


def details_of(error: PsauthError) -> str:
    """What an error knows beside its message, a line each, for support; empty where that is nothing."""
    names = {"status": "status", "error": "error", "code": "code", "request_id": "request id"}
    known = {name: getattr(error, field, None) for field, name in names.items()}
    lines = [f"{name}: {value}" for name, value in known.items() if value is not None]
    return "\n".join([type(error).__name__, *lines]) if lines else ""


def place_of(error: BaseException) -> str:
    """File and line where an error was raised: for the log and the folded details, without any value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


class Notices:
    """Notices, each handed out once: first on their way under a name of their own, then waiting for a browser's next page.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._on_their_way: OrderedDict[str, tuple[Notice, str]] = OrderedDict()
        self._waiting: OrderedDict[str, tuple[Notice, float]] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, name: str, notice: Notice, return_to: str) -> None:
        """Keep a notice under a name that nobody can guess, until a browser comes with it. `return_to` is to show it."""
        with self._lock:
            self._on_their_way[name] = notice, return_to
            while len(self._on_their_way) > KEPT:
                self._on_their_way.popitem(last=False)

    def arrive(self, name: str | None) -> tuple[Notice | None, str]:
        """The notice that was sent under this name, and the page that is to show it; the first page, where there is none."""
        with self._lock:
            return self._on_their_way.pop(name or "", (None, "/"))

    def leave(self, browser: str, notice: Notice) -> None:
        """Keep a notice for this browser, in the place of an older one."""
        with self._lock:
            self._waiting.pop(browser, None)
            self._waiting[browser] = notice, time.monotonic()
            while len(self._waiting) > KEPT:
                self._waiting.popitem(last=False)

    def take(self, browser: str | None, opened_at: float | None = None) -> Notice | None:
        """The notice for this browser, once.

        `opened_at` is when the page that asks was opened, by `time.monotonic`. One that was open before the notice was left
        is not the page that it is for: another tab, or the page that the browser is just leaving.
        """
        with self._lock:
            notice, left_at = self._waiting.get(browser or "", (None, 0.0))
            if notice is None or (opened_at is not None and opened_at < left_at):
                return None
            del self._waiting[browser or ""]
            return notice


notices = Notices()
