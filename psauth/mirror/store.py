"""Store: what the service answered, list by list, and what must be asked next. Each write is one durable transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from psauth.exceptions import MirrorError
from psauth.mirror import gone, lists, pages, queue, runs, schema
from psauth.mirror.answers import Answer as Answer
from psauth.mirror.answers import compare, put_answers
from psauth.mirror.database import Database
from psauth.mirror.lists import NewList, Tally
from psauth.mirror.packing import Bundle
from psauth.mirror.place import Identity, Place
from psauth.mirror.queue import ALL, Priority, Which
from psauth.mirror.records import (
    Change,
    Gone,
    KeptPage,
    Missing,
    Noted,
    Publication,
    Record,
    StoredList,
    StoredRun,
    Written,
    moment_at,
    signature_of,
)
from psauth.mirror.snapshot import Snapshot
from psauth.words import printable

SMALL: Final = 32 << 20
"""Bytes of a store that is looked through whenever it is opened; that takes a tenth of a second."""
REPORTS_KEPT: Final = 1000
LOOKING_AT_ALL: Final = "looking at all"
"""The note of the moment since which everything is looked at, for as long as runs wait because of that."""
PUBLICATIONS_KEPT: Final = 10
"""Readers use the last; each has some 100 kB."""


OUTDATES: Final[Mapping[str, Sequence[str]]] = {
    "workflows": ("workflow_tasks", "form_fields", "revisions"),
    "revisions": (
        "workflow_tasks",
        "form_fields",
        "field_options",
        "logic_rules",
        "due_date_rules",
        "assignment_rules",
    ),
}
"""Lists of a template that are asked for again when its record, or which revisions there are, has changed."""


class Store:
    """The store of one mirror. Threads and processes may share it; one of them writes at a time."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._database = Database(place)

    @classmethod
    def open(cls, place: Place, identity: Identity) -> Store:
        """The store at a place, made or brought up to date where need be.

        Raises MirrorError for a place that cannot be used, a damaged store, one of a newer version of psauth, and one of
        another identity.
        """
        place.prepare()
        store = cls(place)
        with store._database.reading() as db:
            ready = not schema.is_empty(db) and store._version(db) == schema.SCHEMA_VERSION
        if not ready:
            with store._database.writing() as db:
                if schema.is_empty(db):
                    schema.create_tables(db)
                elif (version := store._version(db)) < schema.SCHEMA_VERSION:
                    schema.migrate(db, version)
        store._recognise(identity)
        if store._database.size < SMALL:
            store.check()
        return store

    def close(self) -> None:
        """Nothing is kept open between two calls."""

    def check(self) -> None:
        """MirrorError where the file is damaged; some seconds for 1 GB."""
        self._database.check()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All writes of this thread inside are one transaction."""
        with self._database.writing():
            yield

    # Writing ----------------------------------------------------------------------------------------------------

    def note_runs(
        self,
        found: Sequence[Record],
        seen_at: datetime,
        priority: Priority = Priority.MOVED,
        *,
        walk: int = 0,
        deleted: Sequence[Record] = (),
        notes: Mapping[str, str | None] | None = None,
    ) -> Noted:
        """A page of a walk: what is new or moved waits from now on, with its record as it is here.

        `deleted` are runs that the page shows as deleted; those that the store has are gone. `notes` are kept with it.
        """
        tally, by_id = Tally(), {str(run["id"]): run for run in found if run.get("id")}
        with self._database.writing() as db:
            known, unshown = runs.rows_of(db, list(by_id)), gone.unshown_among(db, list(by_id))
            gone.drop_unshown(db, unshown)
            ask, back, moved, went = [], 0, 0, 0
            for run_id, run in by_id.items():
                row = known.get(run_id)
                if row is None or row.signature != signature_of(run) or row.gone is not None or run_id in unshown:
                    ask.append(run)
                elif compare(db, row, run, seen_at, tally):
                    runs.update_record(db, run)
                if row is not None and row.gone is not None:
                    runs.set_gone(db, run_id, None, None)
                    tally.months.add(row.month)
                    back += 1
                moved += row is not None and row.signature != signature_of(run)
            added, _ = queue.put_pending(db, ask, priority, seen_at, walk)
            runs.note_seen(db, list(by_id), walk, seen_at)
            for run in deleted:
                months = gone.note_gone(db, str(run["id"]), "deleted", seen_at)
                tally.months |= months
                went += len(months)
            for name, value in (notes or {}).items():
                schema.write_meta(db, name, value)
            lists.advance(db, tally.months)
        return Noted(new=max(0, added - moved - back), moved=moved, back=back, gone=went)

    def write_run(self, run: Record, answered: Mapping[str, Sequence[Record]], asked_at: datetime) -> Written:
        """A run with all its lists, what changed in them since the last look, and that it waits no more."""
        return self.write_runs([Answer(run, answered, asked_at)])

    def write_runs(self, answers: Sequence[Answer]) -> Written:
        """Several runs, each as by `write_run`, in one transaction."""
        tally = Tally()
        with self._database.writing() as db:
            put_answers(db, {str(answer.run["id"]): answer for answer in answers}, tally)
            lists.advance(db, tally.months)
        return tally.written()

    def write_list(self, noun: str, owner: str, records: Sequence[Record] | Bundle, asked_at: datetime) -> Written:
        """A list that belongs to no run: of the organisation (`owner` ""), a workflow, a data set, a person.

        Where it shows that other lists have changed, those are stale from now on (see OUTDATES).
        """
        tally = Tally()
        with self._database.writing() as db:
            before = [r for each in lists.read_list(db, noun, owner) for r in each.records] if noun in OUTDATES else []
            lists.put_lists(db, [NewList(noun, owner, records, asked_at)], tally)
            # Each sync asks for the workflows first; what it asked for since then, it did because of the same change.
            lists.forget_refusal(db, noun, owner)
            began = lists.read_ages(db, "workflows").get("", asked_at)
            for changed in _outdating(noun, owner, before, records):
                lists.make_stale(db, OUTDATES[noun], changed, before=began)
            lists.advance(db, tally.months)
        return tally.written()

    def note_refused(self, noun: str, owner: str, asked_at: datetime) -> None:
        """A list is refused: what it was stays, and is not asked for again before it would be, had it been shown now."""
        with self._database.writing() as db:
            lists.note_refused(db, noun, owner, asked_at)

    def take_up_pages(self, since: datetime, until: datetime) -> list[KeptPage]:
        """The pages that an earlier sync kept between these moments; all others are forgotten."""
        with self._database.writing() as db:
            return pages.take_up_pages(db, since, until)

    def keep_pages(self, kept: Sequence[KeptPage]) -> None:
        """Keep pages of jobs that are not over."""
        with self._database.writing() as db:
            pages.put_pages(db, kept)

    def drop_pages(self, jobs: Collection[str]) -> None:
        """These jobs are over: their pages are not needed any more."""
        with self._database.writing() as db:
            pages.drop_pages(db, jobs)

    def drop_lists(self, noun: str, owners: Sequence[str]) -> Written:
        """Forget lists whose owner is there no more."""
        tally = Tally()
        with self._database.writing() as db:
            lists.drop_lists(db, noun, owners, tally)
            lists.advance(db, tally.months)
        return tally.written()

    def note_due(self, now: datetime) -> int:
        """Runs that are due for another look wait from now on; how many."""
        with self._database.writing() as db:
            return queue.put_due(db, now)

    def note_partial(self, now: datetime) -> int:
        """Runs of which only some lists were asked for wait from now on; how many."""
        with self._database.writing() as db:
            return queue.put_partial(db, now)

    def note_all(self, now: datetime, which: Which = ALL, *, walk: int = 0, since: datetime | None = None) -> int:
        """All runs that this walk or a later one has named, and that were not read since, wait; how many did not before.

        `since`: when the look at everything began, see `looking_at_all_since`; by default that.
        """
        with self._database.writing() as db:
            since = since or _looking_at_all_since(db, now, which)
            schema.write_meta(db, LOOKING_AT_ALL, str(since.timestamp()))
            return queue.put_all(db, now, which, walk, since)

    def looking_at_all_since(self, now: datetime, which: Which = ALL) -> datetime:
        """Since when everything is looked at: since now, unless some of these runs still wait because of an earlier time."""
        with self._database.reading() as db:
            return _looking_at_all_since(db, now, which)

    def end_look_at_all(self) -> None:
        """Everything was looked at: the next time, all runs wait again."""
        self.note(**{LOOKING_AT_ALL: None})

    def count_all(
        self, now: datetime, which: Which = ALL, *, walk: int = 0, since: datetime | None = None
    ) -> dict[str | None, int]:
        """Workflow → how many of its runs `note_all` would have wait."""
        with self._database.reading() as db:
            return queue.count_all(db, now, which, walk, since or _looking_at_all_since(db, now, which))

    def note_unshown(self, run_id: str, asked_at: datetime) -> None:
        """A run was asked for, and the service does not show it; what that means is seen by `settle_unshown`."""
        with self._database.writing() as db:
            gone.put_unshown(db, run_id, asked_at)

    def settle_unshown(self, *, share: float) -> Missing:
        """The runs that were not shown when they were asked for are gone from now on.

        Where they are more than this share of all, they are left as they are: not they are gone, but a permission. They are
        looked at again in a day. What a walk had told of them is found again by one of the whole list, which is due then.
        """
        with self._database.writing() as db:
            return gone.settle_unshown(db, share)

    def drop_pending(self, run_id: str) -> None:
        """Let a run wait no more: the service does not know it."""
        with self._database.writing() as db:
            queue.take_pending(db, {run_id: None})

    def mark_gone(self, run_id: str, how: Gone, first_missed: datetime) -> bool:
        """A run is there no more: deleted, or hidden from this person. Its rows stay. Whether that is news."""
        return self._set_gone(run_id, how, first_missed)

    def mark_back(self, run_id: str) -> bool:
        """A run is there again, or was never gone. Whether that is news."""
        return self._set_gone(run_id, None, None)

    def note_missing(
        self, walk: int, missed_at: datetime, *, share: float, status: str | None = None, workflow: str | None = None
    ) -> Missing:
        """Runs that a complete list (of one status or workflow, or None: of all) did not name are missed from now on.

        Where they are more than this share of all, nothing is noted: not they are gone, but a permission.
        """
        with self._database.writing() as db:
            missing, known = runs.unseen(db, walk, status, workflow)
            marked = len(missing) <= max(1.0, known * share)
            if marked:
                runs.note_missed(db, missing, missed_at)
        return Missing(missing, known, marked)

    def note(self, **notes: str | None) -> None:
        """Note something, each under its name; None forgets it."""
        with self._database.writing() as db:
            for name, value in notes.items():
                schema.write_meta(db, name, value)

    def note_publication(self, content: Mapping[str, Any], published_at: datetime) -> Publication:
        """Tables were published together; `content` is anything that JSON can hold."""
        table = schema.PUBLICATIONS
        with self._database.writing() as db:
            values = {"published_at": published_at.timestamp(), "content": json.dumps(content)}
            number = db.execute(table.insert().values(**values)).inserted_primary_key[0]  # type: ignore[index]
            db.execute(table.delete().where(table.c.id <= number - PUBLICATIONS_KEPT))
        return Publication(int(number), published_at, content)

    def note_report(self, report: Mapping[str, Any]) -> None:
        """Keep the report of a sync."""
        table = schema.REPORTS
        with self._database.writing() as db:
            number = db.execute(table.insert().values(report=json.dumps(report))).inserted_primary_key[0]  # type: ignore[index]
            db.execute(table.delete().where(table.c.id <= number - REPORTS_KEPT))

    # Walks ------------------------------------------------------------------------------------------------------

    def begin_walk(self) -> int:
        """The number of a walk that begins now; it is higher than those before."""
        with self._database.writing() as db:
            number = int(schema.read_meta(db, "walk") or 0) + 1
            schema.write_meta(db, "walk", str(number))
        return number

    def latest_walk(self) -> int:
        """The number of the walk that began last."""
        return int(self.get_note("walk") or 0)

    def end_walk(self, newest: datetime | None, scope: str = "") -> None:
        """A walk came to its end; the next one need go no further than to `newest`, the newest update when it began."""
        if newest is not None:
            self.note(**{f"signpost{scope}": str(newest.timestamp()), "newest": str(newest.timestamp())})

    def signpost(self, scope: str = "") -> datetime | None:
        """The newest update when the last complete walk began, by the service's clock; None before the first."""
        noted = self.get_note(f"signpost{scope}")
        return None if noted is None else moment_at(float(noted))

    def get_note(self, name: str) -> str | None:
        """What was noted under a name."""
        with self.snapshot() as snap:
            return snap.note(name)

    # Reading ----------------------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One moment of the store, for as long as the block lasts; reading blocks nobody and is not blocked."""
        with self._database.reading() as db:
            schema.read_meta(db, "schema")  # a moment begins with the first look
            yield Snapshot(db)

    def runs(self, month: str | None = None) -> Iterator[StoredRun]:
        """See Snapshot; each call is a moment of its own."""
        with self.snapshot() as snap:
            yield from snap.runs(month)

    def lists(self, noun: str, month: str | None = None) -> Iterator[StoredList]:
        """See Snapshot; each call is a moment of its own."""
        with self.snapshot() as snap:
            yield from snap.lists(noun, month)

    def changes(self, after: int = 0) -> Iterator[Change]:
        """See Snapshot; each call is a moment of its own."""
        with self.snapshot() as snap:
            yield from snap.changes(after)

    def months(self) -> dict[str, int]:
        """See Snapshot."""
        with self.snapshot() as snap:
            return snap.months()

    def publication(self) -> Publication | None:
        """See Snapshot."""
        with self.snapshot() as snap:
            return snap.publication()

    def reports(self, limit: int | None = None) -> list[dict[str, Any]]:
        """See Snapshot."""
        with self.snapshot() as snap:
            return snap.reports(limit)

    # Inside -----------------------------------------------------------------------------------------------------

    def _version(self, db: sa.Connection) -> int:
        text = schema.read_meta(db, "schema") or ""
        if not text.isdecimal():
            raise self._database.damaged("it is no store of psauth")
        if int(text) > schema.SCHEMA_VERSION:
            raise MirrorError(
                f"The mirror's store {self.place.store} was written by a newer psauth (schema {text}; this one knows "
                f"{schema.SCHEMA_VERSION}). Update psauth: pip install --upgrade psauth. Nothing in it was changed."
            )
        return int(text)

    def _recognise(self, identity: Identity) -> None:
        """Note whose store it is, or compare."""
        with self.snapshot() as snap:
            noted = snap.note("identity")
        kept = None if noted is None else Identity(**json.loads(noted))
        same_place = kept is None or (kept.api_url, kept.account) == (identity.api_url, identity.account)
        same_label = kept is None or None in (kept.label, identity.label) or kept.label == identity.label
        if not same_place or not same_label:
            shown = [printable(f"{i.account} ({i.label or i.api_url})") for i in (kept, identity) if i is not None]
            raise MirrorError(
                f"The mirror {self.place.folder} is that of {shown[0]}, and this connection is {shown[1]}. Connect it "
                "under another account, psauth.connect(account=…), or begin anew beside the old store: psauth sync --anew"
            )
        known = identity if kept is None or kept.label is None else kept
        if known != kept:
            fields = {"api_url": known.api_url, "account": known.account, "label": known.label}
            self.note(identity=json.dumps(fields))

    def _set_gone(self, run_id: str, how: Gone | None, first_missed: datetime | None) -> bool:
        with self._database.writing() as db:
            months = gone.note_gone(db, run_id, how, first_missed)
            lists.advance(db, months)
        return bool(months)


def _looking_at_all_since(db: sa.Connection, now: datetime, which: Which) -> datetime:
    """Since when everything is looked at: since now, unless some of these runs still wait because of an earlier time."""
    began = schema.read_meta(db, LOOKING_AT_ALL) if queue.is_looking_at_all(db, which) else None
    return now if began is None else moment_at(float(began))


def _outdating(noun: str, owner: str, before: Sequence[Record], after: Iterable[Record]) -> list[str]:
    """The workflows whose other lists this one shows to have changed."""
    if noun == "revisions":
        return [owner] if before != list(after) else []
    known = {record.get("id"): record for record in before}
    if not known:
        return []
    return [str(r["id"]) for r in after if r.get("id") in known and known[r["id"]] != r]
