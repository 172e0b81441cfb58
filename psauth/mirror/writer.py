"""Writer: one thread that writes what the workers bring. Runs that came since its last write go into one transaction.

A page is written by itself where its list takes long: most lists are whole before that, and are written as such.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from psauth.mirror.answers import Answer
from psauth.mirror.columns import TABLE_OF
from psauth.mirror.records import KeptPage, Written
from psauth.mirror.report import Counts
from psauth.mirror.store import Store

MOST: Final = 200
"""Runs in one transaction at most."""
PAUSE: Final = 0.02
"""Seconds in which answers gather before they are written: a power cut costs no more than these."""

KEEP_AFTER: Final = 0.25
"""Seconds after which a page is written although its list is not whole yet."""
MOST_LOOSE: Final = 4
"""So many pages of one job are written at once; a run seldom has as many."""
LOOK_AGAIN: Final = 0.1
"""Seconds after which somebody who waits looks whether the writer still works."""

Write = Callable[[Store], Written | None]
"""What is done with the store."""
Then = Callable[[], None]
"""What happens when something is on the disk."""


@dataclass(frozen=True)
class _Item:
    """Something to write, what happens then, and the job that is over with it."""

    what: Answer | Write
    then: Then
    job: str | None = None


class _Pages:
    """Pages that came a short while ago, of jobs that are not over."""

    def __init__(self) -> None:
        self._came: dict[str, list[tuple[float, KeptPage]]] = {}

    def __bool__(self) -> bool:
        """Whether there are some."""
        return bool(self._came)

    def add(self, page: KeptPage) -> None:
        """A page has come."""
        self._came.setdefault(page.job, []).append((time.monotonic(), page))

    def forget(self, jobs: Iterable[str]) -> None:
        """These jobs are over."""
        for job in jobs:
            self._came.pop(job, None)

    def take(self, *, at_once: bool) -> list[KeptPage]:
        """Those that are many or have waited for long, which are to be written now; `at_once`: all."""
        before = time.monotonic() - KEEP_AFTER
        taken = [
            job for job, pages in self._came.items() if at_once or pages[0][0] <= before or len(pages) >= MOST_LOOSE
        ]
        return [page for job in taken for _, page in self._came.pop(job)]


class Writer:
    """Writes what it is given; `error` is what ended it before its time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: SimpleQueue[_Item | KeptPage | None] = SimpleQueue()
        self._pages = _Pages()
        self._counts: dict[str, Counter[str]] = {}
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="psauth-mirror-writer", daemon=True)
        self._thread.start()

    def put(self, what: Answer | Write, then: Then, *, job: str | None = None) -> None:
        """Have a run written, or anything else done with the store. `job` is over then, and its pages are forgotten."""
        self._waiting.put(_Item(what, then, job))

    def note_page(self, page: KeptPage) -> None:
        """Have a page kept if its job is not over soon."""
        self._waiting.put(page)

    def flush(self) -> None:
        """Return when everything until now is written. Raises the writer's error, InterruptedError when it was closed."""
        written = threading.Event()
        self._waiting.put(_Item(_nothing, written.set))
        while not written.wait(LOOK_AGAIN):
            if not self._thread.is_alive():
                raise self.error or InterruptedError("closed")

    def close(self) -> None:
        """Return when everything is written."""
        self._waiting.put(None)
        self._thread.join()

    def tables(self) -> dict[str, Counts]:
        """What was changed so far, by table."""
        by_table: dict[str, Counter[str]] = {}
        for noun, counts in self._counts.items():
            by_table.setdefault(TABLE_OF.get(noun, noun), Counter()).update(counts)
        return {table: Counts(**counts) for table, counts in sorted(by_table.items()) if any(counts.values())}

    def count_gone(self, noun: str) -> None:
        """Count a row that is gone, and stays."""
        self._counts.setdefault(noun, Counter())["gone"] += 1

    def _work(self) -> None:
        try:
            while True:
                came = self._gather()
                is_over = None in came
                items = [each for each in came if isinstance(each, _Item)]
                for each in came:
                    if isinstance(each, KeptPage):
                        self._pages.add(each)
                jobs = {item.job for item in items if item.job is not None}
                self._pages.forget(jobs)
                pages = self._pages.take(at_once=is_over)
                if items or pages:
                    with self._store.together():
                        self._write(items, pages, jobs)
                for item in items:
                    item.then()
                if is_over:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that syncs
            self.error = error

    def _write(self, items: Iterable[_Item], pages: Sequence[KeptPage], jobs: Collection[str]) -> None:
        """What there is to write; `jobs` are over, so that no page of theirs is needed any more."""
        for item in items:
            if not isinstance(item.what, Answer):
                self._add(item.what(self._store))
        answers = [item.what for item in items if isinstance(item.what, Answer)]
        if answers:
            self._add(self._store.write_runs(answers))
        if pages:
            self._store.keep_pages(pages)
        if jobs:
            self._store.drop_pages(jobs)

    def _gather(self) -> list[_Item | KeptPage | None]:
        """What there is and what comes in the PAUSE after it; None stands for the end.

        Nothing, where pages have waited for long and nothing else has come.
        """
        try:
            items = [self._waiting.get(timeout=KEEP_AFTER if self._pages else None)]
        except Empty:
            return []
        until = time.monotonic() + PAUSE
        while items[-1] is not None and len(items) < MOST:
            try:
                items.append(self._waiting.get(timeout=max(0.001, until - time.monotonic())))
            except Empty:
                break
            if time.monotonic() >= until:
                break
        return items

    def _add(self, written: Written | None) -> None:
        if written is None:
            return
        for name, counts in (("added", written.added), ("changed", written.changed), ("gone", written.removed)):
            for noun, number in counts.items():
                self._counts.setdefault(noun, Counter())[name] += number


def _nothing(_: Store) -> None:
    return None
