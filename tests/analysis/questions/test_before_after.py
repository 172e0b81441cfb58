"""Runs under one revision of a template beside those under the next."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import survdiff

from psauth.analysis import before_after
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
SIX_MP = [6, 6, 6, 7, 10, 13, 16, 22, 23]
SIX_MP_CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
"""Weeks of remission (Freireich and others, 1963)."""


def two_revisions():
    return Log().revision("1.0", "2026-09-01").revision("2.0", "2026-10-01", status="Finished")


def runs(log, day, hours, prefix, **options):
    for number, each in enumerate(hours):
        end = f"{pd.Timestamp(day) + pd.Timedelta(hours=each):%Y-%m-%d %H:%M}"
        log.run(f"{prefix}{number}", day, ("a", end), **options)
    return log


def given_up(log, day, hours, prefix):
    for number, each in enumerate(hours):
        left = f"{pd.Timestamp(day) + pd.Timedelta(hours=each):%Y-%m-%d %H:%M}"
        log.run(f"{prefix}{number}", day, ("a", None), status="Archived", updated=left)
    return log


def ask(log, *columns, **options):
    return rows(answer(before_after, log, workflow="Purchase", **options), *columns)


def test_a_published_example():
    """The log-rank test of 6-MP and placebo: chi-squared 16.79 (Kleinbaum and Klein, 2012, chapter 2)."""
    log = runs(two_revisions(), "2026-09-02", PLACEBO, "p")
    log = given_up(runs(log, "2026-10-02", SIX_MP, "m"), "2026-10-02", SIX_MP_CENSORED, "c")
    frame = answer(before_after, log, workflow="Purchase")
    assert frame.columns[:5].tolist() == ["revision", "runs", "median_hours", "difference", "p_value"]
    assert rows(frame, "revision", "runs", "median_hours", "difference", "finished") == [
        ("1.0", 21, 8.0, None, 21),
        ("2.0", 21, 23.0, 15.0, 9),
    ]
    chi_squared, p_value = survdiff(
        np.array(PLACEBO + SIX_MP + SIX_MP_CENSORED), np.repeat([1, 0], [30, 12]), np.repeat([0, 1], 21)
    )
    assert chi_squared == pytest.approx(16.79, abs=0.005)
    assert rows(frame, "p_value") == [(None,), (pytest.approx(p_value),)]


def test_a_run_belongs_to_the_revision_that_was_in_force_when_it_was_started():
    log = runs(runs(two_revisions(), "2026-09-30 23:59", [1], "a"), "2026-10-01 00:00", [1, 2], "b")
    runs(log, "2026-08-01", [3], "before the first")
    assert ask(log, "revision", "runs", "in_force_from") == [
        ("1.0", 2, "2026-09-01 00:00"),
        ("2.0", 2, "2026-10-01 00:00"),
    ]


@pytest.mark.parametrize(
    ("revisions", "from_when"),
    [
        # each was updated last when it was published; a draft is older than its publication
        ([("2026-09-01", "2026-09-03"), ("2026-09-10", "2026-09-15"), ("2026-09-20", "2026-09-25")], ["09-03", "09-15", "09-25"]),
        # each was updated last when the next was published
        ([("2026-09-01", "2026-09-15"), ("2026-09-10", "2026-09-25"), ("2026-09-20", "2026-09-25")], ["09-01", "09-15", "09-25"]),
        # nothing tells: from when it was created
        ([("2026-09-01", "2026-11-01"), ("2026-09-10", "2026-11-02"), ("2026-09-20", "2026-09-25")], ["09-01", "09-10", "09-25"]),
    ],
)  # fmt: skip
def test_when_a_revision_was_published(revisions, from_when):
    log = Log()
    for number, (created, updated) in enumerate(revisions, 1):
        log.revision(f"{number}.0", created, updated, "Finished" if number == len(revisions) else "Revised")
        log.run(f"r{number}", f"2026-{from_when[number - 1]} 12:00", ("a", "2026-10-30"))
    assert ask(log, "revision", "runs", "in_force_from") == [
        (f"{number}.0", 1, f"2026-{day} 00:00") for number, day in enumerate(from_when, 1)
    ]


def test_a_draft_is_not_in_force_and_what_was_never_used_is_left_out():
    log = two_revisions().revision("3.0", "2026-10-20", status="Draft")
    runs(runs(log, "2026-09-05", [1], "a"), "2026-11-01", [1], "b")
    assert ask(log, "revision") == [("1.0",), ("2.0",)]
    log = (
        Log()
        .revision("1.0", "2026-09-01")
        .revision("1.1", "2026-09-02")
        .revision("2.0", "2026-10-01", status="Finished")
    )
    runs(runs(log, "2026-09-05", [2] * 5, "a"), "2026-11-01", [3] * 5, "b")
    assert ask(log, "revision", "difference") == [("1.1", None), ("2.0", 1.0)]


@pytest.mark.parametrize("status", ["Scheduled", "Migrating"])
def test_a_run_that_is_being_migrated_is_left_out_and_counted(status):
    log = runs(runs(two_revisions(), "2026-09-05", [1, 1], "a"), "2026-09-05", [90], "m", migration=status)
    assert ask(log, "runs", "migrated") == [(2, 1)]


@pytest.mark.parametrize(
    ("change", "migrated"),
    [
        (("runs", "a0", "migrationStatus", '"Inactive"', '"Scheduled"'), 1),
        (("runs", "a0", "migrationStatus", '"Migrating"', '"Inactive"'), 1),
        (("runs", "a0", "migrationStatus", None, '"Inactive"'), 0),
        (("tasks", "a0", "", '{"id": "old"}', None), 1),
        (("tasks", "a0", "", None, '{"id": "b"}'), 1),
        (("tasks", "a0", "hidden", "false", "true"), 0),
        (("runs", "a0", "", None, "{}"), 0),
    ],
)
def test_what_the_copy_saw_of_a_migration(change, migrated):
    log = runs(two_revisions(), "2026-09-05", [1, 1], "a")
    log._task("a0", "b", "2026-09-05")
    log.changed(*change, "2026-10-02", key="b")
    assert ask(log, "runs", "migrated") == [(2 - migrated, migrated)]


def test_a_list_of_tasks_that_was_refused_at_first_is_no_migration():
    log = runs(two_revisions(), "2026-09-05", [1], "a").changed("tasks", "a0", "", None, "{}", "2026-10-02", key="a")
    assert ask(log, "runs", "migrated") == [(1, 0)]


def test_runs_that_were_open_at_the_next_revision_may_have_been_migrated_unseen():
    log = runs(runs(two_revisions(), "2026-09-30", [1, 23, 25], "a"), "2026-10-05", [900], "b")
    log.run("open", "2026-09-30", ("a", None), status="Active")
    assert ask(log, "revision", "open_at_next") == [("1.0", 2), ("2.0", 0)]


def test_under_five_runs_there_is_neither_median_nor_test():
    log = runs(runs(two_revisions(), "2026-09-05", [1, 2, 3, 4], "a"), "2026-10-05", [5] * 9, "b")
    assert ask(log, "runs", "median_hours", "difference", "p_value") == [(4, None, None, None), (9, 5.0, None, None)]


def test_times_that_are_all_equal_or_all_open_make_no_test():
    log = runs(runs(two_revisions(), "2026-09-05", [5] * 5, "a"), "2026-10-05", [5] * 5, "b")
    assert ask(log, "difference", "p_value")[1] == (0.0, None)
    log = given_up(given_up(two_revisions(), "2026-09-05", [5] * 5, "a"), "2026-10-05", [5] * 5, "b")
    assert ask(log, "runs", "median_hours", "difference", "p_value")[1] == (5, None, None, None)


def test_no_revision_or_no_run():
    log = runs(two_revisions(), "2026-09-05", [1], "a")
    assert ask(log, "revision", since="2026-11-10") == []
    log = runs(two_revisions(), "2026-09-05", [1], "a")
    assert ask(log, "revision", since="2026-11-10") == []
    log = runs(Log().revision("1.0", "2026-09-01", workflow="Other"), "2026-09-05", [1], "a")
    assert ask(log, "revision") == []


@pytest.mark.parametrize("options", [{}, {"workflow": ["Purchase", "Other"]}])
def test_it_is_about_one_workflow(options):
    log = runs(runs(two_revisions(), "2026-09-05", [1], "a"), "2026-09-05", [1], "b", workflow="Other")
    with pytest.raises(ArgumentError, match=r"is about one workflow, and (none was|2 were) named\. Expected workflow="):
        answer(before_after, log, **options)


def test_it_needs_revisions():
    with pytest.raises(ArgumentError, match="needs the table 'revisions'"):
        answer(before_after, runs(Log(), "2026-09-05", [1], "a"), workflow="Purchase")
