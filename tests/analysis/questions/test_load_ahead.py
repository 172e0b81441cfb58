"""What is due in the next days, by person."""

import pytest

from psauth import Calendar
from psauth.analysis import load_ahead
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

UTC = Calendar(zone="UTC")
ANN, BO = "ann@example.com", "bo@example.com"


def open_task(due, *people, task_id="a", **more):
    return {"task_id": task_id, "due": due, "to": people} | more


def ahead(log, **options):
    """The days on which something is due, of all those in the answer. Now is the 20th at noon."""
    frame = answer(load_ahead, log, **({"calendar": UTC} | options))
    return rows(frame[frame["due"] > 0], "user_email", "day", "due", "scheduled", "overdue")


def an_open_run(*tasks):
    return Log().run("r", "2026-11-02", *tasks, status="Active")


def test_everybody_has_every_day():
    log = an_open_run(open_task("2026-11-21 08:00", "Ann@example.com", BO), open_task("2026-11-21", ANN, task_id="b"))
    frame = answer(load_ahead, log, calendar=UTC)
    assert frame.columns.tolist() == ["user_email", "day", "due", "usual", "scheduled", "overdue"]
    assert frame.groupby("user_email").size().tolist() == [14, 14]
    assert rows(frame, "user_email", "day", "due", "usual")[:3] == [
        (ANN, "2026-11-20 00:00", 0, 0.0), (ANN, "2026-11-21 00:00", 2, 0.0), (ANN, "2026-11-22 00:00", 0, 0.0)
    ]  # fmt: skip
    assert rows(frame, "day")[-1] == ("2026-12-03 00:00",)
    assert ahead(log) == [(ANN, "2026-11-21 00:00", 2, 0, 0), (BO, "2026-11-21 00:00", 1, 0, 0)]


def test_what_is_overdue_is_due_today():
    log = an_open_run(
        open_task("2026-09-01", ANN), open_task("2026-11-20 08:00", ANN, task_id="b"),
        open_task("2026-11-20 18:00", ANN, task_id="c"),
    )  # fmt: skip
    assert ahead(log) == [(ANN, "2026-11-20 00:00", 3, 0, 2)]


@pytest.mark.parametrize(
    "task",
    [open_task("2026-11-21", ANN, completed="2026-11-19"), open_task("2026-11-21", ANN, hidden=True),
     open_task(None, ANN), open_task("2026-12-04", ANN)],
    ids=["completed", "hidden", "never due", "due after the last day"],
)  # fmt: skip
def test_what_does_not_count(task):
    assert answer(load_ahead, an_open_run(task, open_task(None, ANN, task_id="x")), calendar=UTC).empty


@pytest.mark.parametrize("status", ["Completed", "Archived"])
def test_runs_that_are_over_have_nothing_due(status):
    assert answer(load_ahead, Log().run("r", "2026-11-02", open_task("2026-11-21", ANN), status=status)).empty


def test_days_are_those_of_the_zone_and_as_many_as_asked():
    log = an_open_run(open_task("2026-11-21 03:00", ANN))
    new_york = Calendar(zone="America/New_York")
    assert ahead(log, calendar=new_york, days=1) == [(ANN, "2026-11-20 05:00", 1, 0, 0)]
    assert answer(load_ahead, log, calendar=UTC, days=1).empty
    night = ahead(log, calendar=new_york, now="2026-11-20 03:00")  # still the 19th
    assert night == [(ANN, "2026-11-20 05:00", 1, 0, 0)]


def test_a_task_of_nobody():
    log = an_open_run(open_task("2026-11-21"), open_task("2026-11-21", ANN, task_id="b"))
    assert ahead(log) == [(ANN, "2026-11-21 00:00", 1, 0, 0), (None, "2026-11-21 00:00", 1, 0, 0)]
    frame = answer(load_ahead, log, calendar=UTC)
    assert frame.loc[frame["user_email"].isna(), "usual"].isna().all()


def test_what_is_usual_is_of_the_last_sixty_days():
    log = an_open_run(open_task("2026-11-21", ANN))
    done = [{"task_id": f"t{n}", "completed": f"2026-11-{n:02}", "by": "Ann@example.com"} for n in range(1, 16)]
    early = {"task_id": "early", "completed": "2026-09-20", "by": ANN}
    hidden = {"task_id": "hidden", "completed": "2026-11-10", "by": ANN, "hidden": True}
    log.run("done", "2026-09-01", early, hidden, *done)
    frame = answer(load_ahead, log, calendar=UTC, since="2026-11-01")  # chooses open tasks only
    assert set(frame["usual"]) == {15 / 60}


def finished(log, hours, number, *, by=BO, extra=()):
    """A Completed run: its order takes an hour, its payment so many more."""
    order = {"task_id": "order", "completed": "2026-06-01 01:00", "by": ANN}
    pay = {"task_id": "pay", "completed": f"2026-06-01 {1 + hours:02}:00", "by": by}
    return log.run(f"f{number}", "2026-06-01 00:00", order, pay, *extra)


def a_scheduled_log(hours=(2, 4, 20, 22, 22)):
    log = Log().template("order", "pay")
    for number, each in enumerate(hours):
        finished(log, each, number, by=BO if number else ANN)
    log._rows["assignments"].append({"run_id": "x", "task_id": "x", "email": ANN})
    return log


def test_a_schedule_starts_tasks_that_take_their_median_time():
    log = a_scheduled_log().schedule("2026-11-24 10:00")
    # An hour after the start the order is done, 20 hours later the payment, which Bo does most often.
    assert ahead(log) == [(ANN, "2026-11-24 00:00", 1, 1, 0), (BO, "2026-11-25 00:00", 1, 1, 0)]


def test_few_completions_foretell_nothing():
    assert ahead(a_scheduled_log((2, 4, 20, 22)).schedule("2026-11-24 10:00")) == []


def test_tasks_that_few_runs_have_are_not_foretold():
    log = a_scheduled_log((2,) * 11)
    for number in range(5):  # in 5 of 11 runs
        log._rows["tasks"].append(log._rows["tasks"][0] | {"run_id": f"f{number}", "task_id": "rare"})
    log.template("order", "pay", "rare")
    same_day = [(ANN, "2026-11-24 00:00", 1, 1, 0), (BO, "2026-11-24 00:00", 1, 1, 0)]
    assert ahead(log.schedule("2026-11-24 10:00")) == same_day


def test_a_task_that_the_template_has_no_more_is_not_started():
    log = a_scheduled_log((2,) * 5).schedule("2026-11-24 10:00")
    log._rows["workflow_tasks"] = [row for row in log._rows["workflow_tasks"] if row["task_id"] == "order"]
    assert ahead(log) == [(ANN, "2026-11-24 00:00", 1, 1, 0)]


def test_runs_that_are_not_completed_say_nothing_of_what_is_usual_in_one():
    log = a_scheduled_log((2, 4, 20, 22)).schedule("2026-11-24 10:00")
    for status in ("Active", "Archived"):
        log.run(status, "2026-06-01 00:00", ("order", "2026-06-01 01:00"), ("pay", "2026-06-01 03:00"), status=status)
    assert ahead(log) == []


@pytest.mark.parametrize("start", ["2026-11-20 11:00", "2026-12-05"])
def test_a_start_that_is_past_or_far_off(start):
    assert ahead(a_scheduled_log().schedule(start)) == []


def test_another_workflow_starts_nothing_here():
    log = a_scheduled_log().schedule("2026-11-24 10:00", workflow="Hiring")
    assert ahead(log) == []
    log.run("h", "2026-11-01", workflow="Hiring").schedule("2026-11-24 10:00")
    assert ahead(log, workflow="Hiring") == []


def test_a_person_and_robots_choose_with_whom_tasks_are():
    log = an_open_run(open_task("2026-11-21", ANN, "api-1@process.st")).users(ann=ANN)
    assert ahead(log, person="ANN@example.com") == [(ANN, "2026-11-21 00:00", 1, 0, 0)]
    assert ahead(log, robots=False) == [(ANN, "2026-11-21 00:00", 1, 0, 0)]
    assert ahead(log, robots=True) == [("api-1@process.st", "2026-11-21 00:00", 1, 0, 0)]


@pytest.mark.parametrize("days", [0, 367, 1.5, "14", True])
def test_a_number_of_days_that_is_none(days):
    with pytest.raises(ArgumentError, match="Expected a whole number from 1 to 366"):
        answer(load_ahead, an_open_run(), days=days)


def test_assignments_are_needed():
    with pytest.raises(ArgumentError, match="needs the table 'assignments'"):
        answer(load_ahead, an_open_run())
