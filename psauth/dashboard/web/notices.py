"""Notices: what came of a callback, kept until the browser's next page shows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from psauth import exceptions as e

KEPT: Final = 100
"""Browsers whose notice is kept at most; the oldest go first."""


@dataclass(frozen=True)
class Notice:
    """One thing to tell: a toast when `connected`, else a calm page with `title`, `text` and one next step."""

    connected: bool
    title: str
    text: str
    detail: str = ""


_TITLES: Final[dict[type[e.AuthorizationError], str]] = {
    e.AccessDenied: "Access was declined",
    e.StateSpent: "This page was used before",
    e.StateExpired: "That took too long",
    e.BrowserMismatch: "Begun in another browser",
    e.StateUnknown: "This answer is not ours",
    e.StateMissing: "This answer is not ours",
    e.IssuerMismatch: "The answer came from somebody else",
    e.DuplicateParameter: "This answer cannot be right",
    e.MalformedCallback: "This answer cannot be right",
    e.CodeMissing: "The answer is incomplete",
    e.ExchangeFailed: "The service gave no access",
    e.AuthorizationRefused: "The service refused",
}

CONNECTED: Final = Notice(connected=True, title="Connected", text="")


def refused(error: e.PsauthError) -> Notice:
    """The notice for an authorization that led to nothing, or that could not even begin."""
    title = _TITLES.get(type(error), "Not connected") if isinstance(error, e.AuthorizationError) else "Not connected"
    return Notice(connected=False, title=title, text=str(error), detail=type(error).__name__)


def place_of(error: BaseException) -> str:
    """File and line where an error was raised: for the log and the folded details, without any value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


class Notices:
    """Notices by browser; each is handed out once. Threads may share it."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Notice] = OrderedDict()
        self._lock = threading.Lock()

    def leave(self, browser: str, notice: Notice) -> None:
        """Keep a notice for this browser, in the place of an older one."""
        with self._lock:
            self._waiting.pop(browser, None)
            self._waiting[browser] = notice
            while len(self._waiting) > KEPT:
                self._waiting.popitem(last=False)

    def take(self, browser: str | None) -> Notice | None:
        """The notice for this browser, once."""
        with self._lock:
            return self._waiting.pop(browser or "", None)


notices = Notices()
