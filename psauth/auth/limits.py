"""Limits: how long a request may take in all, and how much may come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

HEAD: Final = 256 * 1024
"""Bytes that may come before a body, `100 Continue` and the like among them, and around its chunks. Usual heads have 2 kB."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may take: `seconds` from the look-up of the name to the last byte, and `size` bytes of body.

    The size counts for the body as it is sent, and for what it unpacks to. `time_setting` and `size_setting` are the
    variables that change the limits, where there are some.
    """

    seconds: float
    size: int
    time_setting: str = ""
    size_setting: str = ""


SHORT: Final = Limits(seconds=30.0, size=1_000_000)
"""For tokens, revocations and an issuer's metadata, which have a few kB and come in milliseconds. A refresh holds the
connection's lock meanwhile, and may ask twice."""


class LimitReached(OSError):
    """A request went beyond its limits; it ends there, whatever the other side does.

    `cause` is a clause that follows the other side's name, `note` the setting for it, `is_slow` whether it was the time.
    """

    def __init__(self, cause: str, note: str, *, is_slow: bool) -> None:
        super().__init__(cause)
        self.cause, self.note, self.is_slow = cause, note, is_slow


class Allowance:
    """What is left of the limits of one request, which one thread makes.

    `is_sent` says whether a byte of the request may have left for the service, `is_answered` whether an answer began.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.is_sent = False
        self.is_answered = False
        self._deadline = time.monotonic() + limits.seconds
        self._room = HEAD
        self._reached: LimitReached | None = None

    def wait_at_most(self, patience: float | None) -> float:
        """Seconds to wait for whatever comes next: what is left, or `patience` where that is less; raises LimitReached."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._too_slow()
        return left if patience is None else min(patience, left)

    def take(self, count: int) -> None:
        """So many bytes have come; raises LimitReached where that is one too many."""
        self._room -= count
        if self._room < 0:
            raise (
                self.too_large()
                if self.is_answered
                else self._reach(f"answered with more than {HEAD // 1024} kB of headers")
            )

    def begin_body(self) -> None:
        """Status and headers have come."""
        self.is_answered = True
        self._room = self.limits.size + HEAD

    def too_large(self) -> LimitReached:
        """The error for a body beyond its size."""
        return self._reach(f"answered with more than {self.limits.size / 1e6:g} MB", self.limits.size_setting)

    @property
    def is_over(self) -> bool:
        """Whether the time of the request is over."""
        return time.monotonic() >= self._deadline

    @property
    def reached(self) -> LimitReached | None:
        """The limit at which the request ended, where an error of another kind says so too."""
        if self._reached is None and self.is_over:
            self._too_slow()
        return self._reached

    def _too_slow(self) -> LimitReached:
        return self._reach(f"took longer than {self.limits.seconds:g} s in all", self.limits.time_setting, is_slow=True)

    def _reach(self, cause: str, note: str = "", *, is_slow: bool = False) -> LimitReached:
        self._reached = LimitReached(cause, note, is_slow=is_slow)
        return self._reached


_current: ContextVar[Allowance | None] = ContextVar("psauth_allowance", default=None)


@contextmanager
def allowing(limits: Limits) -> Iterator[Allowance]:
    """What this thread sends and receives inside is one request, within these limits."""
    allowance = Allowance(limits)
    before = _current.set(allowance)
    try:
        yield allowance
    finally:
        _current.reset(before)


def current() -> Allowance | None:
    """What is left for the request that this thread makes; None outside of one."""
    return _current.get()


def at_most(patience: float | None) -> float | None:
    """`patience`, or what is left for this thread's request where that is less; raises LimitReached."""
    allowance = _current.get()
    return patience if allowance is None else allowance.wait_at_most(patience)
