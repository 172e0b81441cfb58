"""Governor: when the next request may leave, so that the hour's budget is used up and no 429 is provoked.

Requests are let out by permits, leased in small blocks from a ledger that all threads and processes of a connection share.
The first request of a window goes out alone: its answer, and no clock here, shows that the service has begun the next one.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Final, Protocol, TypeVar

from psauth.api.budget import Budget
from psauth.api.ledger import LONGEST_BLOCK, POLL, PROBE_TIME, Lease, Ledger, correct, lease, plausible
from psauth.api.pace import PATIENCE
from psauth.auth.forks import renew_in_children
from psauth.exceptions import RateLimited
from psauth.vault.vault import Vault

T = TypeVar("T")

LOOKS: Final = 10
"""How often the ledger is looked at during a wait, because another process may know more; oftener towards the end."""


class Keeper(Protocol):
    """Where a ledger is kept."""

    def amend(self, change: Callable[[Ledger], tuple[Ledger, T]]) -> T:
        """Replace the ledger, with nobody else in between: `change` takes it, and returns the new one and a result."""


class LocalKeeper:
    """A ledger of this process alone."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self.renew_in_child()
        renew_in_children(self)

    def renew_in_child(self) -> None:
        """A lock that no thread of the parent can hold."""
        self._lock = threading.Lock()

    def amend(self, change: Callable[[Ledger], tuple[Ledger, T]]) -> T:
        """See Keeper."""
        with self._lock:
            self._ledger, result = change(self._ledger)
            return result


class VaultKeeper:
    """A ledger in the vault, for all processes that use the connection (or the API key) called `name`."""

    def __init__(self, vault: Vault, name: str) -> None:
        self._vault = vault
        self._name = name

    def amend(self, change: Callable[[Ledger], tuple[Ledger, T]]) -> T:
        """See Keeper."""

        def rewrite(text: str | None) -> tuple[str, T]:
            ledger, result = change(Ledger.read(text))
            return json.dumps(asdict(ledger)), result

        return self._vault.amend_budget(self._name, rewrite)


class Governor:
    """Lets requests out; threads share it, processes share its keeper. A forked child has permits of its own."""

    def __init__(self, keeper: Keeper | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._keeper = keeper or LocalKeeper()
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._permits = 0
        self._next_look = 0.0
        self._free = False
        self._seen: Budget | None = None
        self._window_end = 0.0
        self._due = 0.0
        self._looked_at = 0.0
        self._blocked_until = 0.0
        self._trial_until = 0.0
        self._refusals = 0
        self._refused_since = 0.0
        self._people = 0
        renew_in_children(self)

    def wait(self, *, background: bool = False, share: float = 0.0, stop: threading.Event | None = None) -> None:
        """Return when a request may leave; `background`: it belongs to a long read, which takes permits.

        `share`: how much of the budget a long read leaves to others, whether they have asked so far or not.

        Raises InterruptedError when `stop` is set first, and RateLimited when a request that is no part of a long read
        would wait longer than PATIENCE.
        """
        with self._lock:
            while True:
                if stop is not None and stop.is_set():
                    raise InterruptedError("stopped")
                now = self._clock()
                if background and self._permits and self._blocked_until <= now < self._window_end:
                    self._permits -= 1
                    return
                if not background:
                    pause = self._single(now)
                    if pause <= 0:
                        self._people += 1
                        return
                    if pause > PATIENCE:
                        raise RateLimited(
                            f"The request budget is used up. Try again in {pause / 60:.0f} minutes.",
                            status=429,
                            retry_after=pause,
                        )
                elif self._free:
                    pause = self._trial(now)
                    if pause <= 0:
                        return
                else:
                    pause = self._next_look - now
                    if not 0 < pause <= LONGEST_BLOCK:  # due, or the clock was set back
                        granted = self._lease(now, share)
                        self._due = 0.0 if granted.permits else now + (granted.until or granted.wait)
                        if granted.permits:
                            self._permits, self._next_look = granted.permits - 1, 0.0
                            self._changed.notify_all()
                            return
                        # One thread looks for all of them: with many waiting, the ledger would have no rest.
                        pause = min(granted.wait, max(POLL, granted.wait / LOOKS))
                        self._next_look = now + pause
                self._changed.wait(max(0.005, min(pause, POLL)))

    @property
    def refusals(self) -> tuple[int, float]:
        """How often everybody here was held back since the last answer that was no 429, and for how many seconds."""
        with self._lock:
            return self._refusals, self._clock() - self._refused_since if self._refusals else 0.0

    @property
    def held_until(self) -> float:
        """When the next request of a long read may leave, in seconds since 1970; 0.0, or a past one: at once."""
        return max(self._due, self._blocked_until)

    def release(self) -> None:
        """Give back what was leased and not used: a long read is over, and others may have it."""
        with self._lock:
            unused, self._permits = self._permits, 0
            if unused and self._clock() < self._window_end:
                self._keeper.amend(lambda b: (replace(b, used=max(0, b.used - unused)), None))

    def note_answer(self, seen: Budget | None, *, refused: bool = False) -> None:
        """Learn from an answer's headers; `refused`: it was a 429.

        Where headers say nothing of the budget, or only a part, only refusals hold requests back.
        """
        with self._lock:
            first = self._seen is None and not self._free
            if not refused:
                self._refusals = 0
            if not refused and math.isfinite(self._trial_until):
                self._trial_until = 0.0
            if seen is None or seen.limit is None or seen.remaining is None or seen.resets_at is None:
                if self._seen is None:
                    self._free = True
            else:
                self._free = False
                known = self._seen
                new_window = known is None or (
                    seen.resets_at is not None and abs(seen.resets_at.timestamp() - self._window_end) > 1.5
                )
                self._seen = seen
                if first or new_window or (seen.remaining or 0) <= 1:
                    self._correct(seen)
                    self._next_look = 0.0
            self._changed.notify_all()

    def note_silence(self) -> None:
        """Learn that no answer came: a request that went out alone to learn the budget did not, and the next may try."""
        with self._lock:
            if self._free:
                self._trial_until = 0.0 if math.isfinite(self._trial_until) else self._trial_until
                self._changed.notify_all()
            else:
                self._keeper.amend(lambda b: (replace(b, probing_until=0.0), None))
                self._next_look = 0.0
                self._changed.notify_all()

    def hold_back(self, seconds: float) -> None:
        """Let nobody out for so many seconds, in any process: the service answered 429."""
        with self._lock:
            now = self._clock()
            until = now + seconds
            if now >= self._blocked_until:  # else another thread was refused with the same block of requests
                self._refused_since = self._refused_since if self._refusals else now
                self._refusals += 1
            if self._seen is None or not self._seen.remaining:
                self._permits = 0  # others have spent them; a refusal for another reason leaves them for later
            self._blocked_until = max(self._blocked_until, until)
            self._trial_until = math.inf
            self._keeper.amend(lambda b: (replace(b, blocked_until=max(b.blocked_until, until)), None))

    def renew_in_child(self) -> None:
        """A lock that no thread of the parent can hold; the permits that the parent leased are the parent's."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._permits = 0
        self._next_look = 0.0

    def _single(self, now: float) -> float:
        """Seconds a single request must wait: it takes no lease, because long reads leave some room for it."""
        if (pause := self._blocked(now)) > 0:
            return pause
        seen = self._seen
        if seen is None or seen.remaining != 0 or seen.resets_at is None:
            return 0.0
        return max(0.0, seen.resets_at.timestamp() - now)

    def _trial(self, now: float) -> float:
        """Seconds a request of a long read must wait where no headers tell the budget: as a refusal said.

        The first one after a refusal goes out alone, because nobody knows whether the next window has begun.
        """
        if (pause := self._blocked(now)) > 0:
            return pause
        if not self._trial_until:
            return 0.0
        if now < self._trial_until < math.inf:
            return min(POLL, self._trial_until - now)
        self._trial_until = now + PROBE_TIME
        return 0.0

    def _blocked(self, now: float) -> float:
        """Seconds that a refusal holds everybody back; the ledger is looked at once a second, for other processes'.

        It learns at the same time of the single requests that have left here.
        """
        if now - self._looked_at >= 1.0 or now < self._looked_at:
            self._looked_at, people, self._people = now, self._people, 0

            def change(ledger: Ledger) -> tuple[Ledger, float]:
                blocked_until = plausible(ledger, now).blocked_until
                if people:  # their answers have told how much is spent, which long reads must know
                    ledger = self._corrected(ledger, now)
                return replace(ledger, people=ledger.people + people), blocked_until

            self._blocked_until = self._keeper.amend(change)
        return self._blocked_until - now

    def _lease(self, now: float, share: float) -> Lease:
        def change(ledger: Ledger) -> tuple[Ledger, tuple[Ledger, Lease]]:
            ledger, granted = lease(self._corrected(ledger, now), now, share)
            return ledger, (ledger, granted)

        ledger, granted = self._keeper.amend(change)
        self._window_end = ledger.window_end if ledger.limit is not None else now + PROBE_TIME
        return granted

    def _corrected(self, ledger: Ledger, now: float) -> Ledger:
        """The ledger after the last answer that came here, if that was in the same window."""
        ledger, seen = plausible(ledger, now), self._seen
        to_go = seen.resets_at.timestamp() - now if seen is not None and seen.resets_at is not None else 0.0
        if seen is not None and 0 < to_go <= ledger.length + 1.5 and now < ledger.window_end:
            return correct(ledger, seen, now)
        return ledger

    def _correct(self, seen: Budget) -> None:
        now = self._clock()

        def change(ledger: Ledger) -> tuple[Ledger, Ledger]:
            ledger = correct(plausible(ledger, now), seen, now)
            return ledger, ledger

        self._window_end = self._keeper.amend(change).window_end
