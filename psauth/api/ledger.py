"""Ledger: what all processes of a connection know of the budget, and how much may leave now; no clock and no lock.

It counts leases; every answer's headers correct it, because others spend from the same budget. Some permits are held back
from long reads: as many as single requests, those of the app and of people, will need until the window's end at the rate at
which they come; and a few until its last second, as the requests that notice its end early (the service gives it in whole
seconds, rounded up).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from typing import Final

from psauth.api.budget import Budget

BLOCKS: Final = 16
"""A lease takes a sixteenth of what is left: few leases while there is plenty, single ones when it gets tight."""
LARGEST_LEASE: Final = 200
HELD_BACK: Final = 50
"""One in so many requests of a window is held back until its last second, four at the least."""
POLL: Final = 0.25
"""Seconds after which a waiting thread looks whether it is to stop, and one of them, at the earliest, into the ledger."""
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
