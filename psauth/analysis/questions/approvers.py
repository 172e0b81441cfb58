"""Approvers: who decides how much, how often with a rejection, and how fast."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.questions.approval_loops import decisions, shares_and_times
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables


def approvers(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Who decides how much, how often with a rejection, and how fast; one row a person, the one with most decisions first.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and approvals.
        filters: see `Filters`; person and robots choose decisions by who made them.

    Columns:
        user_email: in small letters; missing where it is not known who decided.
        decided: decisions, each the last word on one subject task of a run; rejected: those that are rejections;
            share_rejected: from 0 to 1.
        median_hours: from the completion of the subject task to the decision, by the clock; missing where under 5 are known.
        timed: the decisions whose hours are known. few_hours: a list, or missing.
    """
    made = decisions(Scope.of(tables, filters))
    people = made.group_by("user_email").aggregate(**shares_and_times(made))
    return people.mutate(share_rejected=people.rejected / people.decided).select(
        "user_email", "decided", "rejected", "share_rejected", "median_hours", "timed", "few_hours"
    ).order_by(ibis.desc("decided"), "user_email")  # fmt: skip
