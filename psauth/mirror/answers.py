"""Answers: runs that were read, each with all its lists, as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from psauth.mirror import lists, queue, runs, schema
from psauth.mirror.lists import NewList, Tally
from psauth.mirror.looks import LATEST, next_look
from psauth.mirror.packing import pack
from psauth.mirror.records import Record, moment_at, month_of, signature_of, updated_of
from psauth.mirror.runs import Look


@dataclass(frozen=True)
class Answer:
    """All lists of a run, by noun, as they were answered from `asked_at` on; `run` is its record from before that."""

    run: Record
    lists: Mapping[str, Sequence[Record]]
    asked_at: datetime
    whole: bool = True
    """Whether these are all lists of a run, and not only some that somebody wanted."""
    refused: bool = False
    """Whether the service refused some of them. They stay as they were, and are asked for again in a day."""


def put_answers(db: sa.Connection, answers: Mapping[str, Answer], tally: Tally) -> None:
    """Write runs with all their lists, by id, and what changed since the last look; they wait no more."""
    noted = schema.read_meta(db, "newest")
    newest = None if noted is None else moment_at(float(noted))
    before = runs.rows_of(db, list(answers))
    waiting = queue.take_pending(db, {run_id: signature_of(a.run) for run_id, a in answers.items()})
    differing = lists.put_lists(
        db,
        [
            NewList(noun, run_id, records, answer.asked_at, month_of(answer.run), run_id)
            for run_id, answer in answers.items()
            for noun, records in answer.lists.items()
        ],
        tally,
    )
    looks = []
    for run_id, answer in answers.items():
        run, row, asked_at, waited = answer.run, before.get(run_id), answer.asked_at, waiting.get(run_id)
        moved_at = min(asked_at, updated_of(run) or asked_at)
        if row is None:
            tally.count("runs", added=1)
            tally.months.add(month_of(run))
        else:
            differs = compare(db, row, run, asked_at, tally)
            moved_at = asked_at if differs or run_id in differing else moment_at(row.moved_at)
        same = row is not None and row.signature == signature_of(run)
        look_at = next_look(run, asked_at, moved_at, newest=newest, looked_before=same)
        if answer.refused:
            look_at = min(look_at or asked_at + LATEST, asked_at + LATEST)
        whole = answer.whole
        if row is not None and same and row.whole and not whole:
            due = None if row.look_at is None else moment_at(row.look_at)
            if due is None or due > asked_at:  # the other lists are as good as they were
                whole, look_at = True, due
        looks.append(
            Look(
                run=run,
                asked_at=asked_at,
                moved_at=moved_at,
                look_at=look_at,
                seen_in=waited.seen_in if waited is not None else 0,
                seen_at=asked_at if waited is None else moment_at(waited.seen_at),
                whole=whole,
            )
        )
    runs.put_runs(db, looks, before)


def compare(db: sa.Connection, row: Any, run: Record, seen_at: datetime, tally: Tally) -> bool:
    """Note what changed in a run's record since it was written; whether anything did."""
    if row.digest == pack(run).digest and row.gone is None:
        return False
    old, run_id = runs.read_run(row).record, str(run["id"])
    found = lists.put_changes(db, "runs", run_id, [old], [run], row.asked_at, seen_at, tally)
    if found or row.gone is not None:
        tally.months |= {row.month, month_of(run)}
    return found > 0
