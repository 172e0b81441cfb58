"""Jobs: reads in threads of their own, which outlive the run of a view and are shared by all tabs that want the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

Owner = tuple[str, str, str]
"""Whose a job is: the vault's place, the account, and the id that each new connection gets."""

What = tuple[Hashable, ...]
"""What is read: the noun, then whatever tells this read of it from others."""

FRESH: Final = 10 * 60.0
"""Seconds for which the result of a short read is shown before it is read anew by itself."""
LOOKED_AT: Final = 30 * 60.0
"""Seconds for which the result of a long read is kept after somebody last looked at it: it was paid for."""
MOST: Final = 64
"""Results kept at most; those that nobody has looked at for the longest time go first."""
LONG_AT_ONCE: Final = 2
"""Long reads under way at once, over all tabs; further ones wait for their turn, short ones never do."""


class Job:
    """One read: how far it is, and its result once it is over. Threads may share it.

    `earlier` is the result of the same read before this one, for as long as this one has none.
    """

    def __init__(
        self, owner: Owner, what: What, *, long: bool, clock: Callable[[], float], earlier: Any = None
    ) -> None:
        self.owner, self.what, self.long, self.earlier = owner, what, long, earlier
        self.done = 0
        self.total: int | None = None
        self.begun: float | None = None
        """When its turn came; None while it waits for one."""
        self.looked_at = clock()
        self._clock = clock
        self._heard: float | None = None
        self._ended: float | None = None
        self._over, self._stop = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._result: Any = None
        self._error: Exception | None = None

    def progress(self, done: int, total: int | None) -> bool:
        """For the read to call: how far it is; False when it shall end."""
        if done != self.done:  # a read may say so again and again while nothing comes
            self._heard = self._clock()
        self.done, self.total = done, total
        return not self.stopping

    def stop(self) -> None:
        """Ask the read to end early, with what has come."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end early."""
        return self._stop.is_set()

    @property
    def is_over(self) -> bool:
        """Whether there is a result, or an error."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """How long it has been reading."""
        return 0.0 if self.begun is None else (self._ended or self._clock()) - self.begun

    @property
    def silence(self) -> float:
        """Seconds since the service last answered, or since the read began; 0 while it waits for its turn."""
        since = self._heard or self.begun
        return 0.0 if since is None or self.is_over else self._clock() - since

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it is over."""
        return self._over.wait(seconds)

    def result(self) -> Any:
        """What was read; raises what the read raised."""
        if self._error is not None:
            raise self._error
        return self._result

    @property
    def failure(self) -> Exception | None:
        """What went wrong, if anything has."""
        return self._error

    def peek(self) -> Any:
        """What was read; the earlier result where this read failed or is under way, or None."""
        return self.earlier if self._result is None else self._result

    def give_up(self, error: Exception) -> None:
        """End it now with this error, whatever its thread still waits for."""
        with self._lock:
            if not self._over.is_set():
                self._stop.set()
                self._error, self._ended = error, self._clock()
                self._over.set()

    def run(self, work: Callable[[Job], Any], turns: threading.Semaphore) -> None:
        """Do the work, in the thread made for it."""
        while self.long and not turns.acquire(timeout=0.2):
            if self.stopping:
                self._over.set()
                return
        self.begun = self._clock()
        result: Any = None
        failure: Exception | None = None
        try:
            result = work(self)
        except BaseException as error:  # noqa: BLE001 - raised again in the run of a page, by result()
            failure = (
                error if isinstance(error, Exception) else RuntimeError(f"the read ended by {type(error).__name__}")
            )
        finally:
            if self.long:
                turns.release()
        with self._lock:
            if not self._over.is_set():
                self._result, self._error, self._ended = result, failure, self._clock()
                self._over.set()

    def is_stale(self, now: float) -> bool:
        """Whether its result has been kept for long enough."""
        if not self.is_over or self._ended is None:
            return False
        return now - self.looked_at > LOOKED_AT if self.long else now - self._ended > FRESH


class Jobs:
    """The jobs of this process, by owner and what they read. Threads may share it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._jobs: dict[tuple[Owner, What], Job] = {}
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(LONG_AT_ONCE)

    def find(self, owner: Owner, what: What) -> Job | None:
        """The job under this key, running or over, unless its result is too old."""
        with self._lock:
            return self._find(owner, what)

    def start(self, owner: Owner, what: What, work: Callable[[Job], Any], *, long: bool = False) -> Job:
        """The job under this key; begun now, unless it is there already."""
        with self._lock:
            if (job := self._find(owner, what)) is not None:
                return job
            job = self._jobs[owner, what] = Job(owner, what, long=long, clock=self._clock)
            self._make_room()
        return self._begin(job, work)

    def start_again(self, old: Job, work: Callable[[Job], Any], *, long: bool = False) -> Job:
        """A new read in the place of an old one, whose result is kept until the new one has come."""
        old.stop()
        with self._lock:
            key = (old.owner, old.what)
            job = self._jobs[key] = Job(*key, long=long, clock=self._clock, earlier=old.peek())
        return self._begin(job, work)

    def drop(self, job: Job) -> None:
        """Forget a job, so that the next start reads anew; one under way is stopped."""
        job.stop()
        with self._lock:
            if self._jobs.get((job.owner, job.what)) is job:
                del self._jobs[job.owner, job.what]

    def _begin(self, job: Job, work: Callable[[Job], Any]) -> Job:
        # A daemon: a server that ends does not wait for a read.
        threading.Thread(target=job.run, args=(work, self._turns), name="psauth-job", daemon=True).start()
        return job

    def of(self, owner: Owner | None = None) -> list[Job]:
        """The jobs of a connection, or everybody's."""
        with self._lock:
            return [job for (job_owner, _), job in self._jobs.items() if owner in (None, job_owner)]

    def forget(self, owner: Owner | None = None) -> None:
        """Drop the jobs of a connection, or everybody's."""
        for job in self.of(owner):
            self.drop(job)

    def _find(self, owner: Owner, what: What) -> Job | None:
        now = self._clock()
        for key in [key for key, job in self._jobs.items() if job.is_stale(now)]:
            del self._jobs[key]
        if (job := self._jobs.get((owner, what))) is not None:
            job.looked_at = now
        return job

    def _make_room(self) -> None:
        ended = sorted((job for job in self._jobs.values() if job.is_over), key=lambda job: job.looked_at)
        for job in ended[: max(0, len(self._jobs) - MOST)]:
            del self._jobs[job.owner, job.what]


jobs = Jobs()
