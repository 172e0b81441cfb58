"""Writer: one thread that writes what the workers bring. Runs that came since its last write go into one transaction."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from psauth.mirror.answers import Answer
from psauth.mirror.records import Written
from psauth.mirror.report import Counts
from psauth.mirror.store import Store

MOST: Final = 200
"""Runs in one transaction at most."""
PAUSE: Final = 0.05
"""Seconds in which answers gather before they are written: a power cut costs no more than these."""

LOOK_AGAIN: Final = 0.1
"""Seconds after which somebody who waits looks whether the writer still works."""

Write = Callable[[Store], Written | None]
"""What is done with the store."""
Then = Callable[[], None]
"""What happens when something is on the disk."""


class Writer:
    """Writes what it is given; `error` is what ended it before its time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: SimpleQueue[tuple[Answer | Write, Then] | None] = SimpleQueue()
        self._counts: dict[str, Counter[str]] = {}
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="psauth-mirror-writer", daemon=True)
        self._thread.start()

    def put(self, what: Answer | Write, then: Then) -> None:
        """Have a run written, or anything else done with the store."""
        self._waiting.put((what, then))

    def flush(self) -> None:
        """Return when everything until now is written. Raises the writer's error, InterruptedError when it was closed."""
        written = threading.Event()
        self._waiting.put((_nothing, written.set))
        while not written.wait(LOOK_AGAIN):
            if not self._thread.is_alive():
                raise self.error or InterruptedError("closed")

    def close(self) -> None:
        """Return when everything is written."""
        self._waiting.put(None)
        self._thread.join()

    def tables(self) -> dict[str, Counts]:
        """What was changed so far, by table."""
        return {noun: Counts(**counts) for noun, counts in sorted(self._counts.items()) if any(counts.values())}

    def count_gone(self, noun: str) -> None:
        """Count a row that is gone, and stays."""
        self._counts.setdefault(noun, Counter())["gone"] += 1

    def _work(self) -> None:
        try:
            while True:
                items = self._gather()
                given = [item for item in items if item is not None]
                with self._store.together():
                    for what, _ in given:
                        if not isinstance(what, Answer):
                            self._add(what(self._store))
                    answers = [what for what, _ in given if isinstance(what, Answer)]
                    if answers:
                        self._add(self._store.write_runs(answers))
                for _, then in given:
                    then()
                if len(given) < len(items):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that syncs
            self.error = error

    def _gather(self) -> list[tuple[Answer | Write, Then] | None]:
        """What there is, at least one, and what comes in the PAUSE after it; None stands for the end."""
        items = [self._waiting.get()]
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
