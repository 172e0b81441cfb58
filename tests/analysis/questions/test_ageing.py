"""How old open runs are beside finished ones."""

import pytest

from psauth.analysis import ageing
from tests.analysis.logs import Log, answer, rows


def finished(log, *hours, workflow="Purchase"):
    for number, each in enumerate(hours):
        log.run(f"{workflow}-{number}", "2026-11-02 00:00", ("a", f"2026-11-02 {each:02}:00"), workflow=workflow)
    return log


def test_the_percentile_is_that_of_finished_runs():
    log = finished(Log(), 1, 2, 3, 4, 10)
    log.run("new", "2026-11-20 12:00", ("a", None), ("b", None), status="Active")
    log.run("old", "2026-11-20 08:00", ("a", "2026-11-20 09:00"), ("b", None), status="Active")
    frame = answer(ageing, log)
    assert frame.columns[:5].tolist() == ["run_id", "name", "age_hours", "share_done", "percentile"]
    assert rows(frame, "run_id", "age_hours", "share_done", "percentile", "count") == [
        ("old", 4.0, 0.5, 80.0, 5),
        ("new", 0.0, 0.0, 0.0, 5),
    ]
    assert rows(frame, "p50_hours")[0] == (3.0,)
    assert frame["p85_hours"].iloc[0] == pytest.approx(6.4)


def test_few_finished_runs_make_no_percentile():
    log = finished(Log(), 1, 2, 3, 4).run("new", "2026-11-20 10:00", status="Active")
    assert rows(answer(ageing, log), "run_id", "percentile", "count", "p50_hours", "share_done") == [
        ("new", None, 4, None, None)
    ]


def test_without_a_finished_run_the_count_says_so():
    log = Log().run("new", "2026-11-20 10:00", ("a", None), status="Active")
    assert rows(answer(ageing, log), "age_hours", "percentile", "count") == [(2.0, None, 0)]


def test_other_workflows_say_nothing():
    log = finished(finished(Log(), 1, 2, 3, 4, 5), 20, 20, 20, 20, 20, workflow="Slow")
    log.run("new", "2026-11-20 10:00", ("a", None), status="Active")
    expected = [("new", 40.0, 5)]
    assert rows(answer(ageing, log), "run_id", "percentile", "count") == expected
    assert (
        rows(answer(ageing, log, workflow="Purchase", since="2026-11-20"), "run_id", "percentile", "count") == expected
    )
