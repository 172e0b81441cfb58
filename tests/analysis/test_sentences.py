"""What answers say in plain words: with few rows and many, with nothing known, and with names that somebody made up."""

import inspect

import pandas as pd
import pytest

from psauth.analysis import sentences
from psauth.analysis.questions.template_health import BROKEN_ORDER, EMPTY_FIELD, NOBODYS_TASK

NOW = pd.Timestamp("2026-11-20 12:00", tz="UTC")


def run_times(*hours, active=0, archived=0, estimated=0):
    status = ["Completed"] * len(hours) + ["Active"] * active + ["Archived"] * archived
    ends = [n < estimated for n in range(len(status))]
    frame = pd.DataFrame({"status": status, "hours": [*hours, *[None] * (active + archived)]})
    return frame.astype({"hours": "float64"}).assign(finished_estimated=pd.Series(ends, dtype="boolean"))


def tasks(*rows):
    return pd.DataFrame(rows, columns=["name", "count", "median_hours", "share"]).astype({"median_hours": "float64"})


def periods(*counts, until="2026-11-16", every="W-MON", in_progress=12):
    at = pd.date_range(end=until, periods=len(counts), freq=every, tz="UTC")
    arrivals, departures = zip(*counts, strict=True) if counts else ((), ())
    return pd.DataFrame(
        {"period": at, "arrivals": arrivals, "departures": departures, "in_progress": in_progress},
    )


def risk(**verdicts):
    names = {
        "already": "already late",
        "likely": "likely late",
        "in_time": "likely in time",
        "unknown": "not enough history",
    }
    return pd.DataFrame({"verdict": [names.get(key, key) for key, many in verdicts.items() for _ in range(many)]})


def overdue(*late):
    return pd.DataFrame(late, columns=["late_hours", "user_emails"]).astype({"late_hours": "float64"})


def drift(*moved):
    return pd.DataFrame(moved, columns=["drift_hours", "owner_email"]).astype({"drift_hours": "float64"})


def on_time(count, in_time, moved=0, unobserved=0):
    return pd.DataFrame([{"count": count, "on_time": in_time, "moved": moved, "unobserved": unobserved}])


def rule(name, met, count, suggested=None, offset=24.0, day_handling="AllDays"):
    return {
        "name": name, "met": met, "count": count, "share_met": met / count if count else None, "offset_hours": offset,
        "suggested_hours": suggested, "day_handling": day_handling,
    }  # fmt: skip


def sla_fit(*rules):
    return pd.DataFrame(rules, columns=list(rule("", 0, 0))).astype(
        {"suggested_hours": "float64", "share_met": "float64"}
    )


def revisions(*rows):
    frame = pd.DataFrame(rows, columns=["revision", "runs", "difference", "p_value", "migrated"])
    return frame.astype({"difference": "float64", "p_value": "float64"})


def driver(label, answer, ratio, p, runs=30, others=90):
    return {"label": label, "answer": answer, "ratio": ratio, "p_corrected": p, "runs": runs, "other_runs": others}


def approval(name, decided, rejected, median=None, timed=0, repeated=None):
    return {
        "name": name, "decided": decided, "rejected": rejected, "median_hours": median, "timed": timed, "repeated": repeated,
    }  # fmt: skip


def approvals(*rows):
    frame = pd.DataFrame(rows, columns=list(approval("", 0, 0)))
    return frame.astype({"median_hours": "float64", "repeated": "Int64"})


def conforming(runs, follow):
    return pd.DataFrame([{"runs": runs, "conforming": follow}])


def pairs(*rows):
    return pd.DataFrame(rows, columns=["earlier", "later", "count", "broken"])


def health(**kinds):
    return pd.DataFrame({"kind": [kind for kind, many in kinds.items() for _ in range(many)]})


def people(*rows):
    return pd.DataFrame(rows, columns=["user_email", "open", "overdue"])


def load(**of_people):
    days = pd.date_range("2026-11-20", periods=2, tz="UTC")
    rows = [(email or None, day, due, usual) for email, (due, usual) in of_people.items() for day in days]
    return pd.DataFrame(rows, columns=["user_email", "day", "due", "usual"])


SAID = [
    # Time
    (sentences.run_times(run_times()), "No run was started."),
    (sentences.run_times(run_times(active=1)), "No run is finished yet; 1 is open."),
    (
        sentences.run_times(run_times(9, 2, active=6)),
        "Only 2 runs are finished, too few for a median: they took 2 hours and 9 hours; 6 are open.",
    ),
    (
        sentences.run_times(run_times(1, archived=1)),
        "Only 1 run is finished, too few for a median: it took 1 hour; none is open and 1 was archived.",
    ),
    (
        sentences.run_times(run_times(10, 20, 30, 40, 50, active=6, estimated=1)),
        "Half of the 5 finished runs took at most 30 hours, 85% at most 44 hours; 6 are open. Of 1 of the finished ones the "
        "end is an estimate.",
    ),
    (
        sentences.run_times(run_times(*[99] * 77, active=6)),
        "Half of the 77 finished runs took at most 4.1 days, 85% at most 4.1 days; 6 are open.",
    ),
    (sentences.bottlenecks(tasks()), "No task was completed, or none took any time."),
    (sentences.bottlenecks(tasks(("A", 9, 0.0, None))), "No task was completed, or none took any time."),
    (
        sentences.bottlenecks(tasks(("Approve budget", 77, 31.0, 0.6), ("Pay", 70, 1.0, 0.4))),
        "The most time goes into the wait until 'Approve budget' is done, 60% of all task time; the median of 77 times is 31 "
        "hours.",
    ),
    (
        sentences.bottlenecks(tasks(("Approve budget", 1, None, 1.0))),
        "The most time goes into the wait until 'Approve budget' is done, 100% of all task time (completed 1 time, too few for "
        "a median).",
    ),
    (sentences.throughput(periods(), "week", NOW), "No run was started or ended."),
    (
        sentences.throughput(periods((3, 2), (4, 1), in_progress=1), "week", NOW),
        "There are not yet two whole weeks to compare; 1 run is under way.",
    ),
    (
        sentences.throughput(periods((9, 9), (10, 8), (12, 7), (2, 2)), "week", NOW),
        "In the last whole week 12 runs were started, 2 more than in the week before, and 7 ended, 1 fewer; 12 runs are under "
        "way.",
    ),
    (
        sentences.throughput(periods(*[(5, 1)] * 4, *[(5, 2)] * 4, (1, 1)), "week", NOW),
        "In the last 4 whole weeks 20 runs were started, as many as in the 4 weeks before, and 8 ended; 12 runs are under way.",
    ),
    (
        sentences.throughput(periods((1, 5), (1, 8), (0, 0), every="D", until="2026-11-20"), "day", NOW),
        "In the last whole day 1 run was started, and 8 ended, 3 more than in the day before; 12 runs are under way.",
    ),
    (
        sentences.throughput(periods((4, 1), (9, 3), (0, 0), every="MS", until="2026-11-01"), "month", NOW),
        "In the last whole month 9 runs were started, and 3 ended, too few to compare with the month before; 12 runs are under "
        "way.",
    ),
    (
        sentences.median_run_time(
            pd.DataFrame([{"median_hours": 30.0, "lower": 20.0, "upper": 40.0, "finished": 9, "unfinished": 1}])
        ),
        "With unfinished runs counted for what is known of them (1 of 10), half take at most 30 hours (with 95% certainty "
        "between 20 hours and 40 hours).",
    ),
    (
        sentences.median_run_time(
            pd.DataFrame([{"median_hours": float("nan"), "lower": None, "upper": None, "finished": 1, "unfinished": 5}])
        ),
        "What half of 6 runs take cannot be said yet: 1 is finished.",
    ),
    # Late
    (sentences.at_risk(risk()), "No open run has a due date."),
    (
        sentences.at_risk(risk(likely=9, in_time=32), tasks(("Approve budget", 77, 31.0, 0.6))),
        "9 of 41 open runs with a due date will likely be late; the most time goes into the wait until 'Approve budget' is "
        "done, 60% of all task time.",
    ),
    (
        sentences.at_risk(risk(likely=1, already=3, unknown=5)),
        "1 of 9 open runs with a due date will likely be late, 3 more are late already; of 5 too little is known.",
    ),
    (
        sentences.at_risk(risk(already=1, open=1)),
        "1 of 2 open runs with a due date is late already, and no other is likely to be.",
    ),
    (
        sentences.at_risk(risk(in_time=1), tasks(("Approve budget", 77, 31.0, 0.6))),
        "None of 1 open run with a due date is likely to be late.",
    ),
    (
        sentences.at_risk(risk(unknown=1)),
        "Whether 1 open run with a due date will be late cannot be said: under 20 runs like it were finished.",
    ),
    (sentences.overdue(overdue()), "No task is overdue."),
    (
        sentences.overdue(overdue((3, "ann@example.com, bo@example.com"), (5, "bo@example.com"), (30, None))),
        "3 tasks are overdue, by 3 hours, 5 hours and 30 hours; the most are with bo@example.com: 2; 1 is assigned to nobody.",
    ),
    (
        sentences.overdue(overdue((3, "ann@example.com, bo@example.com, cy@example.com"))),
        "1 task is overdue, by 3 hours; the most are with ann@example.com and 2 others: 1 each.",
    ),
    (
        sentences.overdue(overdue(*[(30, None)] * 1200)),
        "1,200 tasks are overdue, half of them by 30 hours or more; 1,200 are assigned to nobody.",
    ),
    (sentences.workload(people()), "No task is open."),
    (
        sentences.workload(people(("ann@example.com", 12, 0), ("bo@example.com", 3, 3), (None, 1, 1))),
        "2 people have open tasks; the most are with ann@example.com: 12; of those that are overdue the most are with "
        "bo@example.com: 3; 1 is assigned to nobody.",
    ),
    (
        sentences.workload(people(("ann@example.com", 1, 0))),
        "1 person has open tasks; the most are with ann@example.com: 1; none of theirs is overdue.",
    ),
    (sentences.workload(people((None, 2, 1))), "2 open tasks are assigned to nobody, and none to anybody."),
    (sentences.load_ahead(load()), "Nothing is due in the next days."),
    (sentences.load_ahead(load(**{"": (1, None)})), "2 tasks are due in the next 2 days, assigned to nobody."),
    (
        sentences.load_ahead(load(ann=(4, 1.4), bo=(1, 1.0))),
        "1 of 2 people has more due in the next 2 days than usually completed in that time; furthest over is ann: 8 due, and "
        "usually 3 completed.",
    ),
    (
        sentences.load_ahead(load(ann=(1, 1.4))),
        "None of 1 person has more due in the next 2 days than usually completed in that time.",
    ),
    (sentences.drift(drift()), "No due date was seen to move."),
    (
        sentences.drift(drift((48, "ann@example.com"), (-4, "bo@example.com"), (0, None), (None, "ann@example.com"))),
        "4 due dates were seen to move: 1 to a later date (by 48 hours), 1 to an earlier date, 1 there and back and 1 was taken "
        "away; the most are in runs of ann@example.com: 2.",
    ),
    (
        sentences.drift(drift(*[(48, None)] * 6)),
        "6 due dates were seen to move: 6 to a later date, half of these by 48 hours or more.",
    ),
    (sentences.on_time(on_time(0, 0)), "No completed task has a due date."),
    (
        sentences.on_time(on_time(80, 62, 9, 5)),
        "71 of 80 completed tasks with a due date were in time (89%), 9 of these (13%) only because the date moved; of 5 it is "
        "not known whether it did.",
    ),
    (
        sentences.on_time(on_time(1, 0, 1)),
        "1 of 1 completed task with a due date was in time, and only because the date moved.",
    ),
    (sentences.on_time(on_time(3, 0)), "None of 3 completed tasks with a due date was in time."),
    (
        sentences.on_time(pd.concat([on_time(3, 3), on_time(3, 1)])),
        "4 of 6 completed tasks with a due date were in time (67%), none of them only because the date was seen to move.",
    ),
    (
        sentences.on_time(on_time(143, 118, unobserved=143)),
        "118 of 143 completed tasks with a due date were in time (83%), by the dates as they stand: whether these moved before "
        "is not known.",
    ),
    (sentences.at_risk(risk(already=6)), "All 6 open runs with a due date are late already."),
    (sentences.at_risk(risk(already=2)), "Both open runs with a due date are late already."),
    (sentences.at_risk(risk(already=1)), "The only open run with a due date is late already."),
    (sentences.sla_fit(sla_fit()), "No rule sets a due date."),
    (
        sentences.sla_fit(sla_fit(rule("Pay", 1, 3))),
        "How well 1 rule for due dates fits cannot be said: none was seen 5 times.",
    ),
    (
        sentences.sla_fit(sla_fit(rule("Pay", 12, 40, 96.0), rule("Order", 9, 9, 3.0))),
        "1 of 2 rules for due dates was met in under 85% of the cases; least that of 'Pay', 24 hours: by 12 of 40. 85% took at "
        "most 4 days.",
    ),
    (
        sentences.sla_fit(sla_fit(rule("Pay", 0, 40, 12.0, offset=-24.0, day_handling="BusinessDaysOnly"))),
        "1 of 1 rule for due dates was met in under 85% of the cases; least that of 'Pay', 24 hours of Monday to Friday before "
        "the date it counts from: by 0 of 40. 85% took at most 12 hours of Monday to Friday.",
    ),
    (
        sentences.sla_fit(sla_fit(rule("Order", 9, 9, 3.0))),
        "Of 1 rule for due dates none was met in under 85% of the cases.",
    ),
    (
        sentences.calibration(
            pd.DataFrame({"verdict": ["likely late", "likely in time"], "share_late": [0.75, None], "count": [20, 0]})
        ),
        "Looking back, of 20 runs called likely late, 15 ended late.",
    ),
    (
        sentences.calibration(pd.DataFrame({"verdict": ["likely late"], "share_late": [1.0], "count": [4]})),
        "What these chances were worth in the past cannot be said: of too few runs is known what became of them.",
    ),
    # Changes and causes
    (sentences.before_after(revisions()), "No run was started under a revision that is known."),
    (
        sentences.before_after(revisions(("1", 9, None, None, 0))),
        "Runs were started under one revision of the template alone: there is nothing to compare.",
    ),
    (
        sentences.before_after(revisions(("1", 9, None, None, 0), ("2", 1, None, None, 0))),
        "What the latest revision changed cannot be said yet: there are 1 run under 2, and 9 runs under 1.",
    ),
    (
        sentences.before_after(revisions(("1", 41, None, None, 1), ("2", 23, -8.0, 0.00001, 0))),
        "Under revision 2 the median run takes 8 hours less than under 1: more than chance would explain (p < 0.001; 23 runs "
        "under 2, and 41 runs under 1). 1 run that was migrated is left out.",
    ),
    (
        sentences.before_after(revisions(("1", 41, None, None, 0), ("2", 23, 0.0, 0.8, 0))),
        "Under revision 2 the median run takes as long as under 1 (p = 0.8; 23 runs under 2, and 41 runs under 1).",
    ),
    (
        sentences.before_after(revisions(("1", 41, None, None, 0), ("2", 23, 8.0, 0.4, 1), ("3", 23, 8.0, 0.4, 1))),
        "Under revision 3 the median run takes 8 hours more than under 2, which chance alone may explain (p = 0.4; 23 runs "
        "under 3, and 23 runs under 2). 2 runs that were migrated are left out.",
    ),
    (
        sentences.drivers(pd.DataFrame(columns=list(driver("", "", 1, 1)))),
        "No answer was given often enough to compare the runs that have it with others.",
    ),
    (
        sentences.drivers(pd.DataFrame([driver("Site", "Berlin", 1.84, 0.001), driver("Site", "Rome", 0.6, 0.001)])),
        "Of 2 answers that were compared, 1 goes with slower runs, most surely 'Site': 'Berlin', with which 30 runs took 1.8 "
        "times as long as 90 others, by their medians. This is an association, and not a cause.",
    ),
    (
        sentences.drivers(pd.DataFrame([driver("Site", "Berlin", 1.84, 0.2)])),
        "None of 1 answer that was compared goes with slower runs more clearly than chance may explain.",
    ),
    (
        sentences.drivers(pd.DataFrame([driver("Site", "Berlin", None, None), driver("Site", "Rome", 2.0, None)])),
        "None of 2 answers that were compared goes with slower runs more clearly than chance may explain.",
    ),
    (sentences.approval_loops(approvals()), "No approval was decided."),
    (
        sentences.approval_loops(
            approvals(approval("Budget", 20, 7, 5.0, 18, 2), approval("Contract", 30, 2, 9.0, 30))
        ),
        "9 of 50 decisions are rejections (18%), the most at 'Budget': 7 of 20; decisions take longest at 'Contract', 9 hours in "
        "the median of 30; 2 were seen decided more than once.",
    ),
    (sentences.approval_loops(approvals(approval("Budget", 1, 0))), "None of 1 decision is a rejection."),
    # The process
    (
        sentences.conformance(conforming(41, 30), pairs(("A", "B", 40, 8), ("A", "C", 40, 1))),
        "30 of 41 finished runs follow the order of the template (73%); the most often 'B' is completed before 'A', in 8 of 40 "
        "runs.",
    ),
    (
        sentences.conformance(conforming(1, 1), pairs(("A", "B", 1, 0))),
        "1 of 1 finished run follows the order of the template.",
    ),
    (
        sentences.conformance(conforming(0, 0), pairs()),
        "No finished run completed two tasks of the template, so none can follow or break its order.",
    ),
    (sentences.variants(pd.DataFrame({"count": [], "covered": []})), "No run is finished yet."),
    (
        sentences.variants(pd.DataFrame({"count": [4], "covered": [1.0]})),
        "Every one of 4 finished runs went the same way.",
    ),
    (
        sentences.variants(pd.DataFrame({"count": [8, 1, 1], "covered": [0.8, 0.9, 1.0]})),
        "10 finished runs went 3 ways: 8 the most frequent one; 1 way makes up 80%.",
    ),
    (
        sentences.variants(pd.DataFrame({"count": [1, 1], "covered": [0.5, 1.0]})),
        "2 finished runs went 2 ways: 1 the most frequent one; 2 ways make up 80%.",
    ),
    (
        sentences.ageing(pd.DataFrame({"age_hours": [50.0, 2.0], "count": [77, 77], "percentile": [100.0, 3.0]})),
        "1 of 2 open runs is older than 95% of the 77 finished ones were; the oldest is 50 hours old.",
    ),
    (
        sentences.ageing(pd.DataFrame({"age_hours": [50.0], "count": [1], "percentile": [None]})),
        "The oldest of 1 open run is 50 hours old; 1 finished run is too few to compare with.",
    ),
    (
        sentences.ageing(pd.DataFrame({"age_hours": [50.0], "count": [9], "percentile": [40.0]})),
        "None of 1 open run is older than 95% of the 9 finished ones were; the oldest is 50 hours old.",
    ),
    (sentences.template_health(health()), "Nothing in templates that was seen 5 times or more is unused."),
    (
        sentences.template_health(health(**{EMPTY_FIELD: 2, BROKEN_ORDER: 1})),
        "3 findings about templates: 2 fields that nobody filled in and 1 pair of tasks whose order was never followed.",
    ),
    (
        sentences.template_health(health(**{NOBODYS_TASK: 1})),
        "1 finding about templates: 1 task that is assigned to nobody in open runs.",
    ),
]


@pytest.mark.parametrize(("said", "expected"), SAID, ids=[expected[:40] for _, expected in SAID])
def test_what_is_said(said, expected):
    assert said == expected


def test_no_sentence_is_forgotten_here():
    functions = [
        function
        for name, function in vars(sentences).items()
        if inspect.isfunction(function) and function.__module__ == sentences.__name__ and not name.startswith("_")
    ]
    source = inspect.getsource(inspect.getmodule(test_no_sentence_is_forgotten_here))
    assert [f.__name__ for f in functions if f"sentences.{f.__name__}(" not in source] == []


def test_no_sentence_shows_what_is_missing_and_each_is_one_line_that_ends():
    for said, _ in SAID:
        assert "nan" not in said.lower().replace("finance", "")
        assert said[:1].isupper() or said[:1].isdigit()
        assert said.endswith(".")
        assert "\n" not in said


def test_what_it_is_about_stands_before_it():
    said = sentences.about("Purchase Request", sentences.overdue(overdue()))
    assert said == "Purchase Request: no task is overdue."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>Pay</b>\nnow", "'<b>Pay</b> now'"),
        ("\u202eyaP", "'yaP'"),
        (None, "'(no name)'"),
        (float("nan"), "'(no name)'"),
        ("", "'(no name)'"),
        ("x" * 300, f"'{'x' * 59}…'"),
        ("👩‍💻 Prüfung", "'👩 💻 Prüfung'"),
    ],
)
def test_names_of_the_service_are_one_line_and_not_endless(name, shown):
    said = sentences.bottlenecks(tasks((name, 77, 31.0, 0.6)))
    assert f"the wait until {shown} is done" in said
