"""Snapshot: one moment of a store, to be read in peace."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from psauth.mirror import lists, queue, runs, schema
from psauth.mirror.gaps import Gaps
from psauth.mirror.queue import ALL, Which
from psauth.mirror.records import Change, PendingRun, Publication, Record, StoredList, StoredRun, moment_at
from psauth.mirror.stored_gaps import read_gaps


class Snapshot:
    """One moment of a store. Nobody who writes waits for its reader."""

    def __init__(self, db: sa.Connection) -> None:
        self._db = db

    def runs(self, month: str | None = None) -> Iterator[StoredRun]:
        """The runs whose lists are all there, month by month; `month` is that of their creation, like "2026-03"."""
        return runs.read_runs(self._db, month)

    def lists(self, noun: str, month: str | None = None) -> Iterator[StoredList]:
        """The lists of a noun; `month`: of the runs created in it, "" those that belong to no run, None all."""
        return lists.read_lists(self._db, noun, month)

    def pieces(self, noun: str, size: int) -> Iterator[StoredList]:
        """The lists of a noun, those with more records than `size` as several of the same owner."""
        return lists.read_pieces(self._db, noun, size)

    def digests(self, noun: str) -> Iterator[tuple[str, str]]:
        """The owner and the digest of each list of a noun."""
        return lists.read_digests(self._db, noun)

    def lists_of(self, noun: str, owners: Sequence[str]) -> Iterator[StoredList]:
        """The lists of a noun that these have, in their order."""
        return lists.read_lists_of(self._db, noun, owners)

    def records(self, noun: str, owner: str) -> list[Record]:
        """The records of one list; none where it is not there."""
        return [record for each in lists.read_list(self._db, noun, owner) for record in each.records]

    def months(self) -> dict[str, int]:
        """Month → a number that is another one whenever something in it has changed; "" for what belongs to no run."""
        return lists.read_months(self._db)

    def changes(self, after: int = 0) -> Iterator[Change]:
        """The changes with a higher id than `after`, as they were seen."""
        return lists.read_changes(self._db, after)

    def ages(self, noun: str) -> dict[str, datetime]:
        """Owner → when its list of this noun was asked for."""
        return lists.read_ages(self._db, noun)

    def tries(self, noun: str) -> dict[str, datetime]:
        """Owner → when its list of this noun was asked for, or was refused since; without those known to have changed since."""
        return lists.read_tries(self._db, noun)

    def has_lists(self, noun: str, owners: Sequence[str], *, before: datetime | None = None) -> bool:
        """Whether the service has shown the list of this noun of each of these, and did so before a moment (None: whenever)."""
        return len(lists.owners_among(self._db, noun, owners, before)) == len(set(owners))

    def has_walked(self) -> bool:
        """Whether a walk of the lists of all runs, and not of some, has come to its end, or is under way."""
        return any(self.note(name) is not None for name in ("signpost", "list"))

    def spans(self) -> dict[str, tuple[datetime, datetime]]:
        """Noun → when the oldest and the latest of its lists was asked for; of "runs" too, and when "changes" were seen."""
        return lists.read_spans(self._db)

    def pending(self, limit: int | None = None, which: Which = ALL) -> list[PendingRun]:
        """The runs whose lists must be asked, the most urgent first."""
        return queue.read_pending(self._db, limit, which)

    def pending_count(self, which: Which = ALL) -> dict[str | None, int]:
        """Workflow → how many of its runs wait."""
        return queue.count_pending(self._db, which)

    def missed(self) -> list[str]:
        """The runs that a complete list did not name, and of which nobody knows yet what became of them."""
        return runs.read_missed(self._db)

    def count_runs(self, *, workflow: str | None = None) -> int:
        """How many runs are there, of one workflow or all; those that are gone do not count."""
        table = schema.RUNS
        query = sa.select(sa.func.count()).select_from(table).where(table.c.gone.is_(None))
        if workflow is not None:
            query = query.where(table.c.workflow_id == workflow)
        return int(self._db.execute(query).scalar_one())

    def count_unread(self, *, workflow: str | None = None) -> int:
        """How many runs wait, of one workflow or all, that were never read."""
        return queue.unread(self._db, workflow)

    def workflows_with(self, noun: str, workflows: Collection[str]) -> set[str]:
        """Those of these workflows that have a run whose list of this noun is not empty."""
        lists_of, runs_of = schema.LISTS, schema.RUNS
        query = (
            sa.select(runs_of.c.workflow_id)
            .join(lists_of, (lists_of.c.noun == noun) & (lists_of.c.owner == runs_of.c.run_id))
            .where(runs_of.c.workflow_id.in_(sorted(workflows)) & (lists_of.c.count > 0))
        )
        return set(self._db.execute(query.distinct()).scalars()) if workflows else set()

    def gaps(self) -> Gaps:
        """What the store lacks of the runs that there are."""
        return read_gaps(self._db)

    def has_copy(self) -> bool:
        """Whether a sync has read a run, or has come to its end without one; a forecast reads templates alone."""
        if self._db.execute(sa.select(schema.RUNS.c.run_id).limit(1)).first() is not None:
            return True
        return any(report["stopped"] is None for report in self.reports())

    def note(self, name: str) -> str | None:
        """What was noted under a name."""
        return schema.read_meta(self._db, name)

    def publication(self) -> Publication | None:
        """The tables that were published last."""
        table = schema.PUBLICATIONS
        row = self._db.execute(sa.select(table).order_by(table.c.id.desc()).limit(1)).first()
        if row is None:
            return None
        return Publication(row.id, moment_at(row.published_at), json.loads(row.content))

    def reports(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The reports of the syncs, the latest first."""
        query = sa.select(schema.REPORTS.c.report).order_by(schema.REPORTS.c.id.desc())
        if limit is not None:
            query = query.limit(limit)
        return [json.loads(text) for text in self._db.execute(query).scalars()]
