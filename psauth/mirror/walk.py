"""Walk: the lists of runs, read for what is new, what moved and what is missing. What a page brings waits at once.

The search shows the newest update first. It is walked to the signpost: the newest update that there was when the last
complete walk began, minus a lag. Both are of the service's clock, so no clock here matters. Where the search breaks off
before it, as it does after 200 runs, the list of all runs takes its place; that one names every run that is there, and is
walked from time to time for what it does not name any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from psauth.api.pace import Pace
from psauth.api.pages import Page, walk
from psauth.api.transport import Transport
from psauth.exceptions import ApiError, NotFound
from psauth.mirror.looks import LAG, is_old
from psauth.mirror.queue import Priority
from psauth.mirror.records import Record, Written, created_of, moment_at, updated_of
from psauth.mirror.store import Store
from psauth.mirror.stored_gaps import OLDEST
from psauth.mirror.writer import Writer
from psauth.reading.endpoints import RUN_SEARCH, RUN_STATUSES, RUNS

CUT: Final = 200
"""Runs after which the service's search may break off (its documentation: "the latest 200")."""
PAGES_AHEAD: Final = 25
"""Pages that may wait to be written at most: a service that answers faster than the disk would fill the memory with them."""
DELETED: Final = "Deleted"
MOST_VANISHING: Final = 1 / 20
"""The share of runs that may be missing from a complete list. When more are, a permission was lost, and not the runs."""


@dataclass(frozen=True)
class Scope:
    """Which runs are walked: those of one workflow, or (None) all; and only those created since a moment."""

    workflow: str | None = None
    since: datetime | None = None

    @property
    def name(self) -> str:
        """How the notes about its walks are called."""
        return "" if self.workflow is None else f" {self.workflow}"


@dataclass(frozen=True)
class _Bookmark:
    """How far a walk of the whole list has come: the page at `link`, whose last run was `last`, created at `last_created`.

    `number` is that of the walk, and `began` the newest update when it began. Moments are seconds since 1970.
    """

    number: int
    began: float | None
    link: str | None = None
    last: str | None = None
    last_created: float | None = None


class Walker:
    """Walks the lists of runs for one store; what it finds goes through the writer, and `found` is called when it waits."""

    def __init__(
        self, transport: Transport, store: Store, writer: Writer, pace: Pace, found: Callable[[], None] = lambda: None
    ) -> None:
        self._transport, self._store, self._writer, self._pace, self._found = transport, store, writer, pace, found
        self.warnings: list[str] = []
        """What should be said of the walks."""
        self._pages_ahead = 0
        self._number = 0
        """The latest walk of the search: what it has named is there, whatever its status."""

    def walk(self, scope: Scope, *, since: datetime | None) -> int:
        """Find what is new and what moved; by the list of all runs, and also what is missing, if it was not walked `since`.

        The number of the walk: what it has named carries that number, or that of a later walk.
        """
        signpost = self._signpost(scope)
        arrived = signpost is not None and self._search(scope, signpost)  # it also tells which runs were deleted
        listed = None if since is None else self._listed_since(since, scope)
        if not arrived or (since is not None and listed is None) or self._is_due("all runs", scope):
            return self._list_all(scope, arrived=arrived)
        if listed is not None:
            return listed
        if self._is_due("active runs", scope):
            self._list_active(scope)
        return self._number

    def _listed_since(self, since: datetime, scope: Scope) -> int | None:
        """The number of the last walk of the list to its end, if that was since a moment."""
        at, number = self._noted_at(f"all runs{scope.name}"), self._store.get_note(f"walk of all runs{scope.name}")
        return None if at is None or at < since or number is None else int(number)

    def _is_due(self, name: str, scope: Scope) -> bool:
        """Whether it is time to walk a list to its end for what it does not name any more; never for a part of it."""
        own, of_all = self._noted_at(f"{name}{scope.name}"), self._noted_at(name)
        latest = max((each for each in (own, of_all) if each is not None), default=None)
        return scope.since is None and is_old(name, latest, datetime.now(UTC))

    # The search -------------------------------------------------------------------------------------------------

    def _search(self, scope: Scope, signpost: datetime) -> bool:
        """Walk the search to the signpost; whether it got there, or showed all runs that there are."""
        newest: datetime | None = None
        shown, there, arrived = 0, 0, False
        began = datetime.now(UTC)
        self._number = number = self._store.begin_walk()
        for page in self._search_pages(scope):
            updates = [moment for moment in map(updated_of, page) if moment is not None]
            newest = newest or max(updates, default=None)
            if updates != sorted(updates, reverse=True):
                return False  # nothing tells where to stop
            shown += len(page)
            there += sum(run.get("status") != DELETED for run in page)
            self._note_page(page, scope, number, Priority.MOVED)
            if updates and min(updates) < signpost - LAG:
                arrived = True
                break
        self._writer.flush()
        with self._store.snapshot() as snap:
            known = snap.count_runs(workflow=scope.workflow) + snap.count_unread(workflow=scope.workflow)
        # A search that ends by itself has shown everything, unless it breaks off: at 200, or anywhere else.
        complete = arrived or (shown < CUT and there >= known)
        if complete and scope.since is None:
            self._end(scope, newest, began)
        return complete

    def _search_pages(self, scope: Scope) -> Iterator[Page]:
        """The pages of the search, with deleted runs where the service shows them."""
        refused = self._noted_at("search without deleted")
        statuses = [*RUN_STATUSES]
        if is_old("all runs", refused, datetime.now(UTC)):
            try:
                yield from self._pages(RUN_SEARCH.path, RUN_SEARCH.list_key, scope, ",".join([*statuses, DELETED]))
            except NotFound:
                raise
            except ApiError as error:
                if error.status != 400:
                    raise
                self._store.note(**{"search without deleted": str(datetime.now(UTC).timestamp())})
            else:
                return
        yield from self._pages(RUN_SEARCH.path, RUN_SEARCH.list_key, scope, ",".join(statuses))

    # The whole list ---------------------------------------------------------------------------------------------

    def _list_all(self, scope: Scope, *, arrived: bool) -> int:
        """Walk the list of all runs to its end. A walk that was broken off goes on where it was.

        `arrived`: whether the search has come to the signpost, and so has shown all that is new.
        """
        kept = self._store.get_note(f"list{scope.name}") if scope.since is None else None
        if kept is not None:
            try:
                mark = _Bookmark(**json.loads(kept))
                if self._go_through(scope, mark, arrived=arrived):
                    if not arrived and (signpost := self._signpost(scope)) is not None:
                        self._search(scope, signpost)  # what was updated since on pages that had been read before
                    return mark.number
            except ApiError as error:
                if error.status not in (400, 404, 410):  # the service does not know the link any more
                    raise
        newest = self._newest(scope)
        began = None if newest is None else min(newest, datetime.now(UTC)).timestamp()
        mark = _Bookmark(self._store.begin_walk(), began)
        self._go_through(scope, mark, arrived=arrived)
        return mark.number

    def _go_through(self, scope: Scope, mark: _Bookmark, *, arrived: bool) -> bool:
        """Walk the list from a bookmark on; False where runs may have moved from pages to come to pages that were read.

        Pages may be counted from the list's beginning, so runs that were deleted since move others to pages before.
        """
        priority = Priority.HISTORY if self._signpost(scope) is None else Priority.MOVED
        name, link, is_first = f"list{scope.name}", mark.link, mark.last is not None
        for page in self._pages(RUNS.path, RUNS.list_key, scope, None, mark.link):
            if is_first and not _goes_on(page, mark):
                return False
            is_first = False
            here = _at(page, link, mark) if page and link is not None and scope.since is None else None
            notes = {} if here is None else {name: json.dumps(asdict(here))}
            if self._note_page(page, scope, mark.number, priority, notes):
                break
            link = page.next
        self._writer.flush()
        if scope.since is not None:
            self._note_oldest(scope, scope.since)
        else:
            self._note_missing(scope, mark.number, None)
            began = None if mark.began is None else moment_at(mark.began)
            ages = {f"active runs{scope.name}": _now()}
            # New runs that it may have skipped are those that a search which has arrived has shown.
            if arrived or began is None or not self._was_deleted_since(scope, began):
                ages[f"all runs{scope.name}"] = _now()  # else it is walked again
                ages[f"walk of all runs{scope.name}"] = str(mark.number)
            with self._store.together():
                self._store.note(**{name: None}, **ages)
                if not arrived:  # else the search has set a later signpost
                    self._end(scope, began, datetime.now(UTC))
        return True

    def _was_deleted_since(self, scope: Scope, began: datetime) -> bool:
        """Whether runs may have been deleted while the list was walked: others then moved to pages that had been read.

        The search tells it, if it does not break off before that moment.
        """
        shown = 0
        for page in self._search_pages(scope):
            updates = [updated_of(run) or began for run in page]
            if any(run.get("status") == DELETED and at > began for run, at in zip(page, updates, strict=True)):
                return True
            if updates and min(updates) < began:
                return False
            shown += len(page)
        return shown >= CUT

    def _list_active(self, scope: Scope) -> None:
        """Walk the list of Active runs to its end, for those that it does not name any more."""
        for page in self._pages(RUNS.path, RUNS.list_key, scope, "Active"):
            self._note_page(page, scope, self._number, Priority.MOVED)
        self._note_missing(scope, self._number, "Active")
        self._store.note(**{f"active runs{scope.name}": _now()})

    def _newest(self, scope: Scope) -> datetime | None:
        """The newest update that there is: the signpost of a walk by a list that is not in this order."""
        for page in self._search_pages(scope):
            moments = [moment for moment in map(updated_of, page) if moment is not None]
            if moments:
                return max(moments)
        return None

    def _note_missing(self, scope: Scope, number: int, status: str | None) -> None:
        self._writer.flush()
        missing = self._store.note_missing(
            number, datetime.now(UTC), status=status, workflow=scope.workflow, share=MOST_VANISHING
        )
        if not missing.marked:
            self.warnings.append(vanished(len(missing.run_ids), missing.known))

    # Pages ------------------------------------------------------------------------------------------------------

    def _pages(
        self, path: str, list_key: str, scope: Scope, status: str | None, resume: str | None = None
    ) -> Iterator[Page]:
        query = {"workflowId": scope.workflow, "status": status}
        return walk(self._transport, path, query, list_key=list_key, key=RUNS.key, pace=self._pace, resume=resume)

    def _note_page(
        self, page: Page, scope: Scope, number: int, priority: Priority, notes: Mapping[str, str | None] | None = None
    ) -> bool:
        """Note the runs of a page; whether it went beyond the scope, as lists of runs, newest first, do at their end."""
        seen_at = datetime.now(UTC)
        runs = [run for run in page if run.get("id")]
        deleted = [run for run in runs if run.get("status") == DELETED]
        there = [run for run in runs if run.get("status") != DELETED]
        wanted = [run for run in there if _is_since(run, scope)]
        note = partial(
            Store.note_runs, found=wanted, seen_at=seen_at, priority=priority, walk=number, deleted=deleted, notes=notes
        )

        def write(store: Store) -> Written | None:
            noted = note(store)
            for _ in range(noted.gone):
                self._writer.count_gone("runs")
            return None

        self._writer.put(write, self._found)
        self._pages_ahead += 1
        if self._pages_ahead == PAGES_AHEAD:
            self._writer.flush()
            self._pages_ahead = 0
        return len(wanted) < len(there)

    # Notes ------------------------------------------------------------------------------------------------------

    def _signpost(self, scope: Scope) -> datetime | None:
        """The signpost of this scope: its own, or that of all runs."""
        own, all_runs = self._store.signpost(scope.name), self._store.signpost()
        return max((each for each in (own, all_runs) if each is not None), default=None)

    def _end(self, scope: Scope, newest: datetime | None, began: datetime) -> None:
        """Set the signpost. An update from the future, by our clock, would hide what comes until then."""
        self._store.end_walk(None if newest is None else min(newest, began), scope.name)

    def _note_oldest(self, scope: Scope, since: datetime) -> None:
        """Note since when runs were listed, for as long as nobody has walked the whole list."""
        before = self._noted_at(f"{OLDEST}{scope.name}")
        self._store.note(**{f"{OLDEST}{scope.name}": str(min(before or since, since).timestamp())})

    def _noted_at(self, name: str) -> datetime | None:
        noted = self._store.get_note(name)
        return None if noted is None else moment_at(float(noted))


def _at(page: Page, link: str, mark: _Bookmark) -> _Bookmark:
    """The bookmark of a page that was read."""
    created = created_of(page[-1])
    moment = None if created is None else created.timestamp()
    return replace(mark, link=link, last=str(page[-1].get("id")), last_created=moment)


def _goes_on(page: Page, mark: _Bookmark) -> bool:
    """Whether the walk can go on with the page of its bookmark: it begins no later than where the last run of it was.

    That run is still on it, or, since runs were begun meanwhile, on a page to come: the list has the newest first.
    """
    if mark.last in {run.get("id") for run in page}:
        return True
    created = [moment for moment in map(created_of, page) if moment is not None]
    if mark.last_created is None or len(created) < len(page) or created != sorted(created, reverse=True):
        return False
    return bool(created) and created[0].timestamp() >= mark.last_created


def vanished(missing: int, known: int) -> str:
    """What to say of runs that are too many to be gone."""
    return (
        f"{missing:,} of {known:,} runs are not shown any more. So many at once are not gone: a permission was lost, and "
        "they are kept as they were. Ask for the permission again, or connect as somebody who has it."
    )


def _now() -> str:
    return str(datetime.now(UTC).timestamp())


def _is_since(run: Record, scope: Scope) -> bool:
    created = created_of(run)
    return scope.since is None or created is None or created >= scope.since
