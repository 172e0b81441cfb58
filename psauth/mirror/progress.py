"""Progress: a bar of the requests of a sync, with the time to go; or a call of the person's own function."""

from __future__ import annotations

import time
import warnings
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from psauth.exceptions import ArgumentError
from psauth.reading.fetch import SHOWN_AFTER, TICK, Progress
from psauth.words import lasting

MEASURED: Final = 30.0
"""Seconds over which the speed is measured."""


@dataclass(frozen=True)
class Standing:
    """How far a sync is: requests `sent` and still `left`, runs that wait, and seconds to go (None: not known yet).

    `knows_all` is whether the lists of runs were read to their ends; before that there is at least so much to do.
    `waiting_for` says who is syncing the same copy, and is waited for.
    """

    sent: int = 0
    left: int | None = None
    runs_left: int = 0
    seconds: float | None = None
    knows_all: bool = True
    waiting_for: str | None = None

    @property
    def time_to_go(self) -> str:
        """The time to go in words; empty before it is known."""
        known = "about" if self.knows_all else "at least"
        return "" if self.seconds is None else f"{known} {lasting(self.seconds)} to go"


class Speed:
    """Requests a second, while none was held back."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()
        self._working = 0.0
        self._last: float | None = None

    def look(self, sent: int, *, held: bool) -> None:
        """So many requests were sent by now; `held`: none may leave."""
        now = time.monotonic()
        if self._last is not None and not held:
            self._working += now - self._last
        self._last = now
        self._looks.append((self._working, sent))
        while self._working - self._looks[0][0] > MEASURED:
            self._looks.popleft()

    @property
    def rate(self) -> float | None:
        """Requests a second; None before there is something to measure."""
        (began, first), (ended, last) = self._looks[0], self._looks[-1]
        return (last - first) / (ended - began) if ended - began > 1.0 and last > first else None


class Bar:
    """The bar; `report` answers False when the person's function says that it is enough."""

    def __init__(self, progress: Progress) -> None:
        if not isinstance(progress, bool) and not callable(progress):
            raise ArgumentError(f"progress={progress!r} cannot be shown. Expected True, False or a function.")
        self._function = progress if callable(progress) else None
        self._wanted = progress is True
        self._bar: Any = None
        self._next_look = time.monotonic() + SHOWN_AFTER

    def report(self, done: int, total: int | None, note: str) -> bool:
        """Show that so many requests of so many are done."""
        if self._function is not None:
            return self._function(done, total) is not False
        if self._wanted and (now := time.monotonic()) >= self._next_look:
            self._next_look = now + TICK
            self._draw(done, total, note)
        return True

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        if self._wanted:
            self._tqdm().write(text)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _draw(self, done: int, total: int | None, note: str) -> None:
        if self._bar is None:
            form = "{l_bar}{bar}| {n_fmt}/{total_fmt} requests [{elapsed}{postfix}]"
            self._bar = self._tqdm()(total=total, bar_format=form, leave=False, delay=1e-9)
        self._bar.total, self._bar.n = total, done
        self._bar.set_postfix_str(note)

    @staticmethod
    def _tqdm() -> Any:
        with warnings.catch_warnings():
            # A notebook without ipywidgets gets a plain bar, and no lecture about it.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm  # here: it looks for a notebook, which takes its time
        return tqdm
