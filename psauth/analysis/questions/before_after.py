"""Before and after: whether runs take longer or shorter since the template was changed."""

from __future__ import annotations

from typing import Final, Unpack

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import Lifetimes, lifetimes_until_now, log_rank, median, table_of
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.analysis.statements import answered

PUBLISHED: Final = ("Finished", "Revised")
"""What a revision is that is in force, or was."""
IN_MIGRATION: Final = ("Scheduled", "Migrating")
"""What the migration of a run is while it is brought to another revision; before and after, it is Inactive."""


def before_after(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How long runs take under each revision of a template, beside the revision before; one row a revision, the first one first.

    A run belongs to the revision that was in force when it was started. Runs that were brought to a later one are left out.
    Open runs count for as long as they have been open: see `survival`.

    When a revision was published is not in its record, and follows from it: only drafts can be edited, publishing one makes
    the one before it Revised, and there is one draft at a time (OpenAPI 1.1). So the last update of a revision is its
    publication, or, where that was after the next draft was begun, that of the next. That publishing moves the date of the
    update is an assumption. The first one counts from the beginning.

    Of a migration that is over, the service keeps no trace. Left out are the runs that are being migrated, and those that the
    copy saw being migrated, or that saw a task come or go beside others: open_at_next says how many more there may be.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and revisions (and changes, which has the migrations of before).
        filters: see `Filters`; workflow must name one.

    Columns:
        revision: its version. Those under which no run was started are left out.
        runs: started under it and not left out.
        median_hours: of their run times (Kaplan-Meier), by the clock; see `median_run_time`.
        difference: from the median of the row before, in hours; missing where one of the two is.
        p_value: of a log-rank test of the two (statsmodels' `survdiff`); missing under 5 runs in one of them.
        finished: those of the runs that were. lower, upper: the interval of 95 % of the median.
        migrated: the runs that are left out.
        open_at_next: those of the runs that were open when the next revision was published, and may have been migrated unseen.
        in_force_from: when it was published.
        revision_id, workflow_id.

    Errors: ArgumentError unless workflow names one; MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    workflow_id = scope.one_workflow()
    revisions = _in_force(answered(scope, _revisions))
    lifetimes = answered(scope, lifetimes_until_now)
    is_migrated = lifetimes["run_id"].isin(answered(scope, _migrated)["run_id"])
    place = np.maximum(np.searchsorted(revisions["in_force_from"], lifetimes["started"], side="right") - 1, 0)
    rows, before, median_before = [], None, np.nan
    for number, revision in enumerate(revisions.itertuples()):
        of_revision = lifetimes[place == number]
        if of_revision.empty:
            continue
        kept = of_revision[~is_migrated[of_revision.index]]
        hours, lower, upper = median(Lifetimes.of(kept))
        until = revisions["in_force_from"].iloc[number + 1] if number + 1 < len(revisions) else pd.NaT
        is_open = kept["started"] + pd.to_timedelta(kept["hours"], unit="h") > until
        rows.append(
            [
                revision.version, len(kept), hours, hours - median_before,
                np.nan if before is None else log_rank(Lifetimes.of(before), Lifetimes.of(kept)), int(kept["is_finished"].sum()), lower, upper,
                len(of_revision) - len(kept), int(is_open.sum()), revision.in_force_from, revision.revision_id, workflow_id,
            ]
        )  # fmt: skip
        before, median_before = kept, hours
    columns = {
        "revision": pa.string(), "runs": pa.int64(), "median_hours": pa.float64(), "difference": pa.float64(),
        "p_value": pa.float64(), "finished": pa.int64(), "lower": pa.float64(), "upper": pa.float64(),
        "migrated": pa.int64(), "open_at_next": pa.int64(), "in_force_from": pa.timestamp("us", "UTC"),
        "revision_id": pa.string(), "workflow_id": pa.string(),
    }  # fmt: skip
    return table_of(pd.DataFrame(rows, columns=list(columns)), **columns).order_by("in_force_from")


def _revisions(scope: Scope) -> Table:
    """Those that were published, in their order."""
    revisions = scope.sources.table(
        "revisions", "revision_id", "version", "workflow_id", "status", "created_date", "updated_date"
    )
    is_it = (revisions.workflow_id == scope.one_workflow()) & revisions.status.isin(list(PUBLISHED))
    return revisions.filter(is_it).order_by("created_date")


def _in_force(revisions: pd.DataFrame) -> pd.DataFrame:
    """The revisions that were published, in their order, each with `in_force_from`."""
    created, updated = revisions["created_date"], revisions["updated_date"]
    next_begun, replaced = created.shift(-1), updated.shift()
    is_publication = next_begun.isna() | (updated <= next_begun)
    is_of_one_before = (replaced >= created) & (replaced <= next_begun)
    return revisions.assign(in_force_from=updated.where(is_publication, replaced.where(is_of_one_before, created)))


def _migrated(scope: Scope) -> Table:
    """run_id of the runs that are being migrated, or were seen to be."""
    runs = scope.sources.table("runs", "run_id", "migration_status")
    now = runs.filter(runs.migration_status.isin(list(IN_MIGRATION))).select("run_id")
    if "changes" not in scope.sources:
        return now
    changes = scope.sources.table("changes", "noun", "run_id", "key", "column", "old", "new")
    in_json = [f'"{status}"' for status in IN_MIGRATION]
    seen = (changes.noun == "runs") & (changes.column == "migrationStatus")
    seen &= changes.old.isin(in_json) | changes.new.isin(in_json)
    before = changes.filter(seen).select("run_id")
    # A list of tasks that was refused at first comes whole: then nothing says that the run was migrated.
    moved = changes.filter((changes.noun == "tasks") & (changes.column == ""))
    moved = moved.group_by("run_id").aggregate(
        went=moved.new.isnull().any(), came=moved.key.nunique(where=moved.old.isnull())
    )
    tasks = scope.sources.table("tasks", "run_id", "task_id").semi_join(moved, "run_id")
    counts = tasks.group_by(of_run=tasks.run_id).aggregate(tasks=tasks.count())
    moved = moved.left_join(counts, moved.run_id == counts.of_run)
    moved = moved.filter(moved.went | (moved.came < moved.tasks))
    return ibis.union(now, before, moved.select("run_id"))
