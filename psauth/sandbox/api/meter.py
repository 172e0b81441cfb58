"""The request budget, counted per credential in windows that begin with their first request, and its headers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from email.utils import formatdate

from psauth.sandbox.knobs import Knobs

IP_BUDGET = 1_000
IP_WINDOW = 1.0


class Meter:
    """Counts requests; `clock` tells seconds since 1970."""

    def __init__(self, knobs: Knobs, clock: Callable[[], float]) -> None:
        self._knobs, self._clock = knobs, clock
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}
        self._refusals = 0

    def spend(self, credential: str | None, host: str) -> tuple[dict[str, str], bool]:
        """Count one request; the headers for its answer, and whether it may be answered.

        Without a credential only the count of the address moves.
        """
        now = self._clock()
        with self._lock:
            fine, left, reset = True, self._knobs.budget, self._knobs.window
            if credential is not None:
                fine, left, reset = self._count(credential, now, self._knobs.budget, self._knobs.window)
            ip_fine, ip_left, ip_reset = self._count(f"ip:{host}", now, IP_BUDGET, IP_WINDOW)
            epoch = self._knobs.reset_as == "epoch"
            headers = {
                "X-Api-Key-Rate-Limit-Limit": str(self._knobs.budget),
                "X-Api-Key-Rate-Limit-Remaining": str(left),
                "X-Api-Key-Rate-Limit-Reset": str(_up(now + reset) if epoch else _up(reset)),
                "X-Ip-Rate-Limit-Limit": str(IP_BUDGET),
                "X-Ip-Rate-Limit-Remaining": str(ip_left),
                "X-Ip-Rate-Limit-Reset": str(_up(now + ip_reset) if epoch else _up(ip_reset)),
            }
            if fine and ip_fine:
                return headers, True
            wait = reset if not fine else ip_reset
            self._refusals += 1
            # The service writes either form; in turns, so that a client meets both.
            dated = self._refusals % 2 == 0
            headers["Retry-After"] = formatdate(_up(now + wait), usegmt=True) if dated else str(_up(wait))
            return headers, False

    def reset(self) -> None:
        """Begin every window anew."""
        with self._lock:
            self._windows.clear()

    def _count(self, key: str, now: float, budget: int, window: float) -> tuple[bool, int, float]:
        since, used = self._windows.get(key, (now, 0))
        if now - since >= window or now < since:
            since, used = now, 0
        used += 1
        self._windows[key] = (since, used)
        return used <= budget, max(0, budget - used), since + window - now


def _up(seconds: float) -> int:
    return max(0, int(-(-seconds // 1)))
