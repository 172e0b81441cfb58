"""Which open runs are likely to end late, and what such chances were worth in the past."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from psauth.analysis import at_risk, calibration
from psauth.exceptions import ArgumentError
from tests.analysis.logs import NOW, Log, answer, rows

START = "2026-10-01 00:00"


def at(hours, since=START):
    return f"{pd.Timestamp(since) + pd.Timedelta(hours=hours):%Y-%m-%d %H:%M}"


def before_now(hours):
    return at(-hours, NOW)


def history(log, hours, first_task=1, **options):
    """Finished runs of two tasks: the first is done after so many hours, the second at the end."""
    for each in hours:
        number = len(log._rows["runs"])
        log.run(f"h{number}", START, ("a", at(min(first_task, each))), ("b", at(each)), **options)
    return log


def open_run(log, run_id="r", age=10, due=10, done=1, **options):
    """An Active run of this age, due in so many hours from now, of whose two tasks so many are done."""
    done_at = before_now(age - 1)
    tasks = [(name, done_at if number < done else None) for number, name in enumerate("ab")]
    return log.run(run_id, before_now(age), *tasks, status="Active", due=before_now(-due), **options)


def thirty():
    """Thirty runs that took 11 to 40 hours."""
    return history(Log(), range(11, 41))


def test_the_chance_is_the_share_of_those_that_took_longer():
    """Ten hours old and due at twenty: of thirty that took 11 to 40 hours, twenty took more."""
    frame = answer(at_risk, open_run(thirty()))
    assert frame.columns[:5].tolist() == ["run_id", "name", "chance_late", "verdict", "based_on"]
    assert rows(frame, "run_id", "name", "chance_late", "verdict", "based_on") == [
        ("r", "Run r", pytest.approx(2 / 3), "likely late", 30)
    ]
    assert rows(frame, "due_date", "hours_left", "age_hours", "share_done", "workflow_name") == [
        ("2026-11-20 22:00", 10.0, 10.0, 0.5, "Purchase")
    ]
    assert frame["lower"].iloc[0] < 2 / 3 < frame["upper"].iloc[0]


@pytest.mark.parametrize(
    ("due", "chance", "verdict"),
    [
        (0, 1.0, "likely late"),
        (0.5, 1.0, "likely late"),
        (15, 0.5, "open"),
        (20, 1 / 3, "likely in time"),
        (40, 0.0, "likely in time"),
    ],
)
def test_verdicts(due, chance, verdict):
    assert rows(answer(at_risk, open_run(thirty(), due=due)), "chance_late", "verdict") == [
        (pytest.approx(chance), verdict)
    ]


def test_a_run_that_is_due_is_late_already():
    log = open_run(Log(), due=-1)
    assert rows(answer(at_risk, log), "chance_late", "verdict", "based_on", "hours_left") == [
        (1.0, "already late", 0, -1.0)
    ]


def test_runs_that_were_finished_younger_say_nothing():
    log = open_run(thirty())
    for number in range(50):
        log.run(f"quick{number}", START, ("a", at(2)))
    assert rows(answer(at_risk, log), "chance_late", "based_on") == [(pytest.approx(2 / 3), 30)]


def test_runs_that_had_other_tasks_done_say_nothing():
    """Fifty that had nothing done at this age took long; thirty that were as far as this one did not."""
    log = open_run(history(thirty(), [60] * 50, first_task=20))
    assert rows(answer(at_risk, log), "chance_late", "based_on") == [(pytest.approx(2 / 3), 30)]
    log = open_run(history(thirty(), [60] * 50, first_task=20), done=0)
    assert rows(answer(at_risk, log), "chance_late", "based_on") == [(1.0, 50)]


def test_where_few_were_as_far_those_that_were_about_as_far_count_too():
    log = open_run(history(history(Log(), [15] * 19), [60] * 19, first_task=20))
    assert rows(answer(at_risk, log), "chance_late", "based_on") == [(0.5, 38)]
    log = history(history(Log(), [15] * 19), [60] * 19)  # two tasks more than nothing are too many
    for run in log._rows["tasks"]:
        run["completed_date"] = (
            at(1) if run["task_id"] == "b" and run["completed_date"] == at(60) else run["completed_date"]
        )
    for number in range(38):
        log._task(f"h{number}", "c", at(15 if number < 19 else 60))
    assert rows(answer(at_risk, open_run(log, done=0)), "verdict", "based_on") == [("not enough history", 19)]


def test_under_twenty_finished_runs_are_not_enough():
    log = open_run(history(Log(), [15] * 19))
    assert rows(answer(at_risk, log), "chance_late", "verdict", "based_on", "lower") == [
        (None, "not enough history", 19, None)
    ]
    assert rows(answer(at_risk, history(log, [15])), "verdict", "based_on") == [("likely in time", 20)]


def test_open_runs_count_for_as_long_as_they_have_been_open():
    """Twenty took 15 hours; twenty have been open for 12: they say nothing of 15, so that all took 15."""
    log = history(Log(), [15] * 20)
    for number in range(20):
        open_run(log, f"o{number}", age=12, due=900)
    frame = answer(at_risk, open_run(log, age=10, due=4.5))
    assert rows(frame[frame["run_id"] == "r"], "chance_late", "based_on") == [(1.0, 20)]
    for number in range(20, 40):
        open_run(log, f"o{number}", age=17, due=900)
    frame = answer(at_risk, open_run(log, "s", age=10, due=6))
    assert rows(frame[frame["run_id"] == "s"], "chance_late", "based_on") == [(0.5, 20)]


def test_beyond_what_was_observed_nothing_is_said():
    log = history(Log(), [15] * 20)
    open_run(log, "old", age=17, due=900)
    frame = answer(at_risk, open_run(log, age=10, due=8))
    assert rows(frame[frame["run_id"] == "r"], "chance_late", "verdict", "based_on") == [
        (None, "not enough history", 20)
    ]


def test_archived_runs_left_unfinished():
    log = history(Log(), [15] * 20)
    for number in range(20):
        log.run(f"x{number}", START, ("a", at(1)), ("b", None), status="Archived", updated=at(30))
    assert rows(answer(at_risk, open_run(log, due=6)), "chance_late", "based_on") == [(0.5, 20)]


def test_hidden_tasks_count_nowhere():
    log = thirty()
    for number in range(30):
        log._task(f"h{number}", "h", at(1), hidden=True)
    assert rows(answer(at_risk, open_run(log)), "based_on") == [(30,)]


def test_other_workflows_say_nothing_and_filters_choose_only_the_open_runs():
    log = open_run(history(thirty(), [60] * 50, workflow="Slow"))
    expected = [("r", pytest.approx(2 / 3), 30)]
    assert rows(answer(at_risk, log), "run_id", "chance_late", "based_on") == expected
    assert (
        rows(answer(at_risk, log, since="2026-11-20", workflow="Purchase"), "run_id", "chance_late", "based_on")
        == expected
    )


def test_who_is_asked_about():
    log = thirty().run("never due", before_now(3), ("a", None), status="Active")
    log.run("archived", before_now(3), ("a", None), status="Archived", due=before_now(-3))
    log.run("no tasks", before_now(3), status="Active", due=before_now(-3))
    assert rows(answer(at_risk, log), "run_id", "share_done", "verdict") == [("no tasks", None, "likely late")]


def test_a_run_without_history_of_its_workflow():
    log = open_run(thirty(), workflow="New")
    assert rows(answer(at_risk, log), "chance_late", "verdict", "based_on") == [(None, "not enough history", 0)]


def test_no_runs():
    assert answer(at_risk, Log()).empty
    assert answer(calibration, Log(), at="2026-11-01").empty


def test_the_likeliest_first_and_those_of_which_nothing_is_known_last():
    log = open_run(open_run(open_run(thirty(), "sure", due=40), "late", due=-1), "new", workflow="New")
    assert answer(at_risk, open_run(log, "half", due=15))["run_id"].tolist() == ["late", "half", "sure", "new"]


THEN = "2026-10-20 00:00"


def past(log, ends, *, due=10, age=10, name="p", **options):
    """Runs that were ten hours old THEN and due ten hours after it; `ends`: how long each took, None: it is open still."""
    for number, each in enumerate(ends):
        start = at(-age, THEN)
        end = None if each is None else at(each, start)
        tasks = [("a", at(1, start)), ("b", end)]
        status = "Completed" if end else "Active"
        log.run(f"{name}{number}", start, *tasks, status=status, due=at(due, THEN), **options)
    return log


def test_of_the_runs_that_were_called_likely_late_so_many_were():
    log = past(thirty(), [12, 25, 30, None])
    frame = answer(calibration, log, at=THEN)
    assert frame.columns[:5].tolist() == ["chance", "share_late", "count", "lower", "upper"]
    assert rows(frame, *frame) == [
        (
            pytest.approx(2 / 3),
            0.75,
            4,
            *map(pytest.approx, proportion_confint(3, 4, method="wilson")),
            "likely late",
            0,
        )
    ]


def test_the_past_is_a_month_ago_unless_somebody_says_another_moment():
    log = past(thirty(), [12, 25, 30])
    now = at(30 * 24, THEN)
    assert answer(calibration, log, now=now).equals(answer(calibration, log, now=now, at=THEN))
    assert len(answer(calibration, log, now=now)) == 1


def test_what_was_not_known_then_changes_nothing_that_was_said():
    """Runs that were finished afterwards, and tasks that were completed afterwards, are open as of then."""
    log = past(thirty(), [25, 25])
    for number in range(60):
        log.run(f"later{number}", at(-9.5, THEN), ("a", at(-9, THEN)), ("b", at(90, THEN)))
        log.run(f"new{number}", at(1, THEN), ("a", at(2, THEN)), ("b", at(14, THEN)))
    assert rows(answer(calibration, log, at=THEN), "chance", "count") == [(pytest.approx(2 / 3), 2)]


def test_what_became_of_a_run_may_not_be_known():
    log = past(thirty(), [25])
    log.run("away", at(-10, THEN), ("a", at(-9, THEN)), status="Archived", updated=at(5, THEN), due=at(10, THEN))
    log.run("left late", at(-10, THEN), ("a", at(-9, THEN)), status="Archived", updated=at(15, THEN), due=at(10, THEN))
    assert rows(answer(calibration, log, at=THEN), "share_late", "count", "unknown") == [(1.0, 2, 1)]
    frame = answer(calibration, log, at=THEN, now=at(7, THEN))
    assert rows(frame, "chance", "share_late", "count", "lower", "unknown") == [(None, None, 0, None, 3)]


def test_the_due_date_is_that_of_then():
    log = past(thirty(), [25, 25, 25])
    log.changed("runs", "p0", "dueDate", f'"{at(20, THEN).replace(" ", "T")}:00.000Z"', '"x"', at(3, THEN))
    log.changed("runs", "p0", "dueDate", f'"{at(99, THEN).replace(" ", "T")}:00.000Z"', '"x"', at(4, THEN))
    log.changed("runs", "p1", "dueDate", None, '"x"', at(3, THEN))
    log.changed("runs", "p2", "dueDate", f'"{at(20, THEN).replace(" ", "T")}:00.000Z"', '"x"', at(-3, THEN))
    assert rows(answer(calibration, log, at=THEN), "verdict", "chance", "share_late", "count") == [
        ("likely late", pytest.approx(2 / 3), 1.0, 1),
        ("likely in time", pytest.approx(1 / 3), 0.0, 1),
    ]


def test_a_run_that_was_late_then_or_over_is_not_asked_about():
    log = past(past(thirty(), [25], due=-1), [9], name="over")
    assert answer(calibration, log, at=THEN).empty


def test_chances_hold_where_runs_are_as_they_were():
    """A thousand runs of an exponential time: what is said and what happens agree."""
    rng = np.random.default_rng(1)
    log = Log()
    for number in range(600):
        log.run(f"h{number}", START, ("a", at(0)), ("b", at(rng.exponential(30))))
    for number in range(400):
        age = rng.uniform(0, 30)
        start = at(-age, THEN)
        end, due = at(age + rng.exponential(30), start), at(rng.exponential(25), THEN)
        log.run(f"p{number}", start, ("a", start), ("b", end), due=due)
    frame = answer(calibration, log, at=THEN)
    assert frame["count"].sum() == 400
    assert (frame["lower"] <= frame["chance"]).all()
    assert (frame["chance"] <= frame["upper"]).all()


@pytest.mark.parametrize("moment", [NOW, "2026-12-01"])
def test_the_past_is_past(moment):
    with pytest.raises(ArgumentError, match=r"is not past: the runs are known until 2026-11-20 12:00"):
        answer(calibration, thirty(), at=moment)
