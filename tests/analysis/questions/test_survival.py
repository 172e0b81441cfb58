"""How many runs are still open after how long: open and archived ones count for what is known of them."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from psauth.analysis import median_run_time, survival
from psauth.exceptions import ArgumentError
from tests.analysis.logs import NOW, Log, answer, rows

FREIREICH = [6, 6, 6, 7, 10, 13, 16, 22, 23]
FREIREICH_OPEN = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
"""Weeks of remission under 6-MP of 21 children, and those that were censored (Freireich and others, 1963)."""


def after(hours):
    return f"{pd.Timestamp(NOW) - pd.Timedelta(hours=hours):%Y-%m-%d %H:%M}"


def lasting(finished, still_open=(), log=None, workflow="Purchase"):
    """Runs that were finished after so many hours, and runs that have been open for so many."""
    log = log or Log()
    for number, hours in enumerate(finished):
        end = f"{pd.Timestamp('2026-11-01') + pd.Timedelta(hours=hours):%Y-%m-%d %H:%M}"
        log.run(f"{workflow}-{number}", "2026-11-01 00:00", ("a", end), workflow=workflow)
    for number, hours in enumerate(still_open):
        log.run(f"{workflow}-open-{number}", after(hours), ("a", None), status="Active", workflow=workflow)
    return log


def test_five_runs_by_hand():
    frame = answer(survival, lasting([1, 2, 3, 5], [3]))
    assert frame.columns.tolist() == ["hours", "share_open", "lower", "upper", "at_risk"]
    assert rows(frame, "hours", "share_open", "at_risk") == [
        (0.0, 1.0, 5),
        (1.0, 0.8, 5),
        (2.0, 0.6, 4),
        (3.0, 0.4, 3),
        (5.0, 0.0, 1),
    ]


def test_a_published_example():
    """Kaplan-Meier of the 6-MP arm, and its median, as textbooks print them (Klein and Moeschberger, 2003, table 4.1B)."""
    log = lasting(FREIREICH, FREIREICH_OPEN)
    frame = answer(survival, log)
    assert frame["hours"].tolist() == [0, 6, 7, 10, 13, 16, 22, 23]
    assert frame["share_open"].round(3).tolist() == [1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert frame["at_risk"].tolist() == [21, 21, 17, 15, 12, 11, 7, 6]
    # by hand: 0.4482 to the power of exp(1.96 * 0.1346 / (0.4482 * ln 0.4482)), and of 1 over that
    assert frame.loc[7, ["lower", "upper"]].astype("float64").round(3).tolist() == [0.188, 0.680]
    assert rows(answer(median_run_time, log), "median_hours", "finished", "unfinished") == [(23.0, 9, 12)]


def test_it_is_what_statsmodels_says():
    rng = np.random.default_rng(5)
    finished, still_open = rng.integers(0, 200, 60).tolist(), rng.integers(0, 200, 25).tolist()
    log = lasting(finished, still_open)
    expected = SurvfuncRight(np.array(finished + still_open), np.repeat([1, 0], [60, 25]))
    frame = answer(survival, log)[1:]
    assert frame["share_open"].tolist() == pytest.approx(expected.surv_prob.tolist())
    assert frame["hours"].tolist() == expected.surv_times.tolist()
    with np.errstate(all="ignore"):
        limits = expected.quantile_ci(0.5)
    assert rows(answer(median_run_time, log), "median_hours", "lower", "upper") == [(expected.quantile(0.5), *limits)]


def test_the_interval_of_the_median_is_where_that_of_the_curve_has_a_half():
    log = lasting(list(range(1, 41)))
    frame = answer(survival, log)
    with_half = frame[(frame["lower"] <= 0.5) & (frame["upper"] >= 0.5)]
    ((lower, upper),) = rows(answer(median_run_time, log), "lower", "upper")
    assert (lower, upper) == (with_half["hours"].min(), with_half["hours"].max() + 1)


def test_archived_runs_count_until_they_left():
    log = lasting([1, 2, 3, 5]).run(
        "away", "2026-11-01 00:00", ("a", None), status="Archived", updated="2026-11-01 03:00"
    )
    assert rows(answer(survival, log), "share_open")[-2:] == [(0.4,), (0.0,)]


def test_hidden_tasks_and_reopened_runs():
    log = Log().run(
        "r", "2026-11-19", ("a", "2026-11-19 02:00"), {"task_id": "h", "completed": "2026-11-19 09:00", "hidden": True}
    )
    log.run("again", "2026-11-19", ("a", "2026-11-19 01:00"), ("b", None), status="Active")
    assert rows(answer(survival, log), "hours", "share_open", "at_risk") == [(0.0, 1.0, 2), (2.0, 0.5, 2)]


def test_a_run_without_tasks_ends_with_its_last_update():
    assert answer(survival, Log().run("r", "2026-11-19", updated="2026-11-19 04:00"))["hours"].tolist() == [0, 4]


def test_runs_that_end_as_they_begin_or_before():
    log = Log().run("r", "2026-11-19", ("a", "2026-11-19")).run("s", "2026-11-19", ("a", "2026-11-18"))
    log.run("t", "2026-11-19", ("a", "2026-11-19 01:00"))
    assert rows(answer(survival, log), "hours", "share_open") == [
        (0.0, 1.0),
        (0.0, pytest.approx(1 / 3)),
        (1.0, 0.0),
    ]


def test_where_no_run_is_open_any_more_there_is_no_interval():
    assert rows(answer(survival, lasting([4])), "hours", "share_open", "lower", "upper") == [
        (0.0, 1.0, 1.0, 1.0),
        (4.0, 0.0, None, None),
    ]


def test_open_runs_alone_have_only_a_start():
    log = lasting([], [3, 4])
    assert rows(answer(survival, log), "hours", "share_open", "at_risk") == [(0.0, 1.0, 2)]
    assert rows(answer(median_run_time, log), "median_hours", "finished", "unfinished") == [(None, 0, 2)]


def test_no_runs():
    assert answer(survival, Log()).empty
    assert answer(median_run_time, Log()).empty


def test_what_happened_after_now_is_not_known_yet():
    log = lasting([1, 2, 3, 5, 300]).run("later", "2026-11-10", ("a", "2026-11-11"))
    frame = answer(survival, log, now="2026-11-01 04:00")
    assert rows(frame, "hours", "at_risk") == [(0.0, 5), (1.0, 5), (2.0, 4), (3.0, 3)]


def test_four_runs_make_no_median():
    assert rows(answer(median_run_time, lasting([1, 2, 3, 4])), "median_hours", "finished") == [(None, 4)]


def test_where_most_runs_are_open_there_is_no_median():
    assert rows(answer(median_run_time, lasting([1, 2], [9, 9, 9, 9])), "median_hours", "lower", "upper") == [
        (None, None, None)
    ]


def test_slow_runs_that_are_still_open_make_the_median_longer():
    log = lasting([1, 2, 3, 4, 5], [50, 50])
    assert rows(answer(median_run_time, log), "median_hours") == [(4.0,)]


def test_a_half_is_a_half_and_not_under_one():
    for count in (6, 10, 14, 50):
        assert answer(median_run_time, lasting(range(1, count + 1)))["median_hours"].tolist() == [count / 2 + 1]


def test_each_workflow_has_its_median():
    log = lasting([1] * 5, log=lasting([7] * 5), workflow="Onboarding")
    frame = answer(median_run_time, log)
    assert frame.columns[:5].tolist() == ["workflow_id", "workflow_name", "median_hours", "lower", "upper"]
    assert rows(frame, "workflow_name", "median_hours") == [("Onboarding", 1.0), ("Purchase", 7.0)]
    assert answer(survival, log, workflow="Onboarding")["hours"].tolist() == [0, 1]


def test_a_workflow_that_there_is_not():
    with pytest.raises(ArgumentError, match="No workflow is called 'Purchas'"):
        answer(survival, lasting([1]), workflow="Purchas")
