"""Governor: when the next request may leave, so that the hour's budget is used up and no 429 is provoked.

Requests are let out by permits, leased in small blocks from a ledger that all threads and processes of a connection share.
The ledger counts leases; every answer's headers correct it, because others spend from the same budget. The first request
of a window goes out alone: its answer, and no clock here, shows that the service has begun the next one. Some permits are
held back from long reads: as many as single requests, those of the app and of people, will need until the window's end at
the rate at which they come; and a few until its last second, as the requests that notice its end early (the service gives
it in whole seconds, rounded up).
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Final, Protocol, TypeVar

from psauth.api.budget import Budget
from psauth.api.pace import PATIENCE
from psauth.auth.forks import renew_in_children
from psauth.exceptions import RateLimited
from psauth.vault.vault import Vault

T = TypeVar("T")

BLOCKS: Final = 16
"""A lease takes a sixteenth of what is left: few leases while there is plenty, single ones when it gets tight."""
LARGEST_LEASE: Final = 200
HELD_BACK: Final = 50
"""One in so many requests of a window is held back until its last second, four at the least."""
POLL: Final = 0.25
"""Seconds after which a waiting thread looks whether it is to stop, and one of them, at the earliest, into the ledger."""
LOOKS: Final = 10
"""How often the ledger is looked at during a wait, because another process may know more; oftener towards the end."""
LONGEST_BLOCK: Final = 24 * 3600.0
"""No 429 was seen that asks for more patience; a longer one is left over from before the clock was set back."""
PROBE_TIME: Final = 3.0
"""Seconds for which the first request of a window goes out alone, to learn what the budget is and when it ends."""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What all processes of a connection know together; times are seconds since 1970.

    `limit` is None until an answer names it. `used` counts leases and what others spent; `blocked_until` comes from a 429;
    `probing_until` is set while one request finds out what the window is; `last_single` when a held-back one left.
    `people` counts single requests, which are no part of a long read, in this window, and `people_before` in the last one;
    `people_in_used` are those that are in `used`, because an answer has told of them.
    """

    limit: int | None = None
    used: int = 0
    window_end: float = 0.0
    length: float = 3600.0
    blocked_until: float = 0.0
    probing_until: float = 0.0
    last_single: float = 0.0
    people: int = 0
    people_before: int = 0
    people_in_used: int = 0

    @classmethod
    def read(cls, text: str | None) -> Ledger:
        """The ledger as it is kept; what another version of psauth notes beside is passed over."""
        noted = json.loads(text) if text else {}
        return cls(**{field.name: noted[field.name] for field in fields(cls) if field.name in noted})


@dataclass(frozen=True)
class Lease:
    """`permits` requests may leave now; with none, look again after `wait` seconds.

    `until`: where a single one may come after that wait, the seconds until there are many again.
    """

    permits: int
    wait: float = 0.0
    until: float | None = None


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


def correct(ledger: Ledger, seen: Budget, now: float) -> Ledger:
    """The ledger after an answer's headers: a new window, a nearer end, or more spent than the leases say."""
    if seen.limit is None or seen.remaining is None:
        return replace(ledger, probing_until=0.0)
    spent = max(0, seen.limit - seen.remaining)
    known_end = ledger.window_end if ledger.window_end > now else now + ledger.length
    end = seen.resets_at.timestamp() if seen.resets_at else known_end
    ledger = replace(ledger, limit=seen.limit)
    # The end in the headers is up to a second late; one that lies clearly behind the known end belongs to the next window,
    # one clearly before it is a late answer from the last one if that is about over, else the service counts anew.
    nearer = now + 1.5 < end < ledger.window_end - 1.5
    if ledger.window_end == 0.0 or end > ledger.window_end + 1.5 or nearer:
        is_next = not nearer and 0.0 < ledger.window_end > now - ledger.length
        return replace(
            ledger,
            used=spent,
            window_end=end,
            length=max(1.0, end - now),
            last_single=0.0,
            probing_until=0.0,
            people=ledger.people if nearer else 0,
            people_in_used=ledger.people if nearer else 0,
            people_before=ledger.people if is_next else ledger.people_before if nearer else 0,
        )
    if end < ledger.window_end - 1.5 or end <= now:
        return ledger
    # The earliest end counts, unless it is past and an answer still knows the same window.
    end = min(ledger.window_end, end) if now < ledger.window_end else end
    news = max(0, spent - ledger.used)
    in_used = min(ledger.people, ledger.people_in_used + news)
    return replace(ledger, used=ledger.used + news, people_in_used=in_used, window_end=end, probing_until=0.0)


def plausible(ledger: Ledger, now: float) -> Ledger:
    """The ledger without what lies farther ahead than it can, because the clock was set back since it was written."""
    return replace(
        ledger,
        window_end=ledger.window_end if ledger.window_end <= now + ledger.length + 1.5 else 0.0,
        blocked_until=ledger.blocked_until if ledger.blocked_until <= now + LONGEST_BLOCK else 0.0,
        probing_until=ledger.probing_until if ledger.probing_until <= now + PROBE_TIME else 0.0,
        last_single=min(ledger.last_single, now),
    )


def held_back(limit: int) -> int:
    """How many requests of a window no long read gets before its last second."""
    return min(max(4, limit // HELD_BACK), limit // 2)


def for_people(ledger: Ledger, now: float, share: float = 0.0) -> tuple[int, float]:
    """How many requests single ones will need until the window's end, half of all at most, and how many that is a second.

    `share`: they are taken to need this share of the budget, if not more.
    """
    limit, to_go = ledger.limit or 0, max(0.0, ledger.window_end - now)
    so_far = ledger.people / max(1.0, ledger.length - to_go)
    rate = max(so_far, ledger.people_before / ledger.length, limit * share / ledger.length)
    under_way = 1 if rate else 0  # one of which no process has told yet
    return min(math.ceil(rate * to_go) + under_way, limit // 2), rate


def lease(ledger: Ledger, now: float, share: float = 0.0) -> tuple[Ledger, Lease]:
    """How many requests of a long read may leave now. Some are left for the app and for people (see `for_people`)."""
    if now < ledger.blocked_until:
        return ledger, Lease(0, ledger.blocked_until - now)
    if ledger.limit is None or now >= ledger.window_end:
        if now < ledger.probing_until:
            return ledger, Lease(0, min(POLL, ledger.probing_until - now))
        return replace(ledger, probing_until=now + PROBE_TIME), Lease(1)
    limit = ledger.limit
    left = limit - ledger.used - (ledger.people - ledger.people_in_used)
    held = held_back(limit)
    people, rate = for_people(ledger, now, share)
    spare = left - max(held, people)
    if spare > 0:
        permits = max(1, min(spare // BLOCKS, LARGEST_LEASE))
        return replace(ledger, used=ledger.used + permits), Lease(permits)
    to_go = ledger.window_end - now
    if left > held:  # people need fewer as the time goes by
        return ledger, Lease(0, max(POLL, to_go - (left - 1) / rate), to_go - 1.0)
    if left > (1 if people else 0) and to_go <= 1.0:  # the last one is for people, where there are any
        pause = 1.0 / max(held, 1)
        if now - ledger.last_single >= pause:
            return replace(ledger, used=ledger.used + 1, last_single=now), Lease(1)
        return ledger, Lease(0, min(pause - (now - ledger.last_single), to_go))
    return ledger, Lease(0, to_go if left <= 0 else to_go - 1.0)


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
