"""The sandbox's company has a story, and the analyses find it: `psauth/sandbox/company/plot.py` tells it.

Here is the company of `psauth.Sandbox()`, on a day of its own, so that each test finds the same numbers each time.
"""

from collections.abc import Iterator

import pandas as pd
import pytest

import psauth
from psauth.client import ProcessStreet

NOW = pd.Timestamp("2026-11-26T12:00", tz="UTC")
PURCHASES = "Purchase Request"
APPROVAL = "Approve the purchase"


def connected() -> Iterator[tuple[psauth.Sandbox, ProcessStreet]]:
    with psauth.Sandbox(now=NOW.isoformat()) as box:
        box.knobs.budget = 100_000
        with psauth.connect(settings=box.settings) as ps:
            yield box, ps


@pytest.fixture(scope="module")
def ps():
    """The whole company, looked at once."""
    for _, ps in connected():
        ps.sync(progress=False)
        yield ps


@pytest.fixture(scope="module")
def looked_at_twice():
    """Its purchases, looked at before and after deadlines slipped."""
    for box, ps in connected():
        ps.sync(workflows=PURCHASES, progress=False)
        box.company.let_deadlines_slip()
        ps.sync(workflows=PURCHASES, progress=False)
        yield ps


# A bottleneck


def test_most_task_time_passes_until_the_purchase_is_approved(ps):
    tasks = ps.analysis.bottlenecks(workflow=PURCHASES).set_index("name")["share"]
    assert tasks.index[0] == APPROVAL
    assert tasks[APPROVAL] > 0.55
    assert tasks[APPROVAL] > 3 * tasks.drop(APPROVAL).max()


def test_it_is_the_approval_that_does_not_keep_to_its_due_date(ps):
    rules = ps.analysis.sla_fit(workflow=PURCHASES)
    worst, *others = rules["share_met"]
    assert rules["name"].iloc[0] == APPROVAL
    assert worst < 0.8 < 0.85 < min(others)


# A revision that made things better


def test_runs_are_faster_since_the_latest_revision(ps):
    before, after = ps.analysis.before_after(workflow=PURCHASES, now=NOW).itertuples()
    assert (before.revision, after.revision) == ("2.0", "3.0")
    assert min(before.runs, after.runs) > 150
    assert after.difference < -48
    assert after.p_value < 1e-4


def test_runs_that_are_being_migrated_are_left_out_of_that(ps):
    revisions = ps.analysis.before_after(workflow=PURCHASES, now=NOW)
    assert revisions["migrated"].sum() >= 4


def test_the_approval_is_the_task_that_became_faster(ps):
    since = ps.analysis.before_after(workflow=PURCHASES, now=NOW)["in_force_from"].iloc[-1]
    after = ps.analysis.bottlenecks(workflow=PURCHASES, since=since).set_index("name")["median_working_hours"]
    before = ps.analysis.bottlenecks(workflow=PURCHASES, until=since).set_index("name")["median_working_hours"]
    change = (after / before).sort_values()
    assert change.index[0] == APPROVAL
    assert change.iloc[0] < 0.5 < 0.6 < change.iloc[1]


# An office that goes with slow runs


def test_what_sao_paulo_buys_takes_about_twice_as_long(ps):
    answers = ps.analysis.drivers(workflow=PURCHASES, now=NOW)
    [office] = answers[answers["answer"] == "São Paulo"].itertuples()
    assert office.label == "Office"
    assert office.runs > 80
    assert office.p_corrected < 0.001
    assert office.ratio > 1.5
    assert office.lower > 1.2
    assert (answers["p_corrected"] >= office.p_corrected).all()


def test_no_other_question_has_an_answer_that_goes_with_slow_runs(ps):
    answers = ps.analysis.drivers(workflow=PURCHASES, now=NOW)
    assert len(answers) > 25
    assert set(answers[answers["p_corrected"] < 0.05]["label"]) == {"Office"}


# Deadlines that drift


def test_due_dates_move_mostly_in_the_runs_of_one_person(looked_at_twice):
    moved = looked_at_twice.analysis.drift(workflow=PURCHASES)
    assert len(moved) > 20
    assert (moved["drift_hours"] > 24).all()
    assert (moved["owner_email"] == "rafael.nunez@example.com").mean() > 0.8


def test_some_work_is_in_time_only_because_the_date_moved(looked_at_twice):
    [purchases] = looked_at_twice.analysis.on_time(workflow=PURCHASES).itertuples()
    assert purchases.moved >= 3
    assert purchases.runs_moved >= 1


def test_who_looks_once_sees_no_drift(ps):
    assert ps.analysis.drift(workflow=PURCHASES).empty


# An approver who rejects


def test_one_of_two_approvers_rejects_far_more(ps):
    people = ps.analysis.approvers(workflow=PURCHASES).set_index("user_email")
    strict, mild = people.loc["desmond.achebe@example.com"], people.loc["margit.halvorsen@example.com"]
    assert len(people) == 2
    assert strict["decided"] > 200
    assert strict["share_rejected"] > 0.2 > 0.06 > mild["share_rejected"]


# A rule that never fires


def test_one_rule_of_all_workflows_never_fired(ps):
    found = ps.analysis.template_health()
    [rule] = found[found["kind"] == "rule that never held"].itertuples()
    assert rule.workflow_name == PURCHASES
    assert rule.name == "Shows 'Quotes' for 4105 Print shop"
    assert rule.count == rule.of > 300


# A person overloaded next week


@pytest.mark.parametrize("workflow", [None, PURCHASES])
def test_who_stands_in_for_others_has_far_more_due_than_usual(ps, workflow):
    ahead = ps.analysis.load_ahead(now=NOW, **({"workflow": workflow} if workflow else {}))
    people = ahead.groupby("user_email")[["due", "usual"]].sum()
    over = (people["due"] - people["usual"]).sort_values(ascending=False)
    assert over.index[0] == "yusuf.alsayed@example.com"
    assert people["due"][over.index[0]] > 3 * people["usual"][over.index[0]] + 10


# What will be late


def test_what_will_be_late_is_not_the_same_for_all_open_purchases(ps):
    verdicts = ps.analysis.at_risk(workflow=PURCHASES, now=NOW)["verdict"].value_counts()
    assert {"already late", "likely late", "open", "likely in time"} <= set(verdicts.index)
    assert verdicts.max() < 0.7 * verdicts.sum()


@pytest.fixture(scope="module")
def said(ps):
    """What was said at noon of some past days, and what became of it: one row a day and verdict."""
    days = [NOW - pd.Timedelta(days=days) for days in (15, 30, 45, 60, 75, 90)]
    return pd.concat([ps.analysis.calibration(at=day, now=NOW).assign(day=day) for day in days])


def test_of_what_was_called_likely_late_so_many_were(said):
    """On each of these days, within the interval; and of all that was said, nearly so many."""
    likely = said[said["verdict"] == "likely late"]
    assert len(likely) == 6
    assert ((likely["lower"] <= likely["chance"]) & (likely["chance"] <= likely["upper"])).all()
    assert likely["count"].sum() > 40
    assert (likely["chance"] * likely["count"]).sum() == pytest.approx(
        (likely["share_late"] * likely["count"]).sum(), rel=0.15
    )


def test_what_was_called_likely_in_time_seldom_was_late(said):
    shares = said.groupby("verdict").apply(lambda of: (of["share_late"] * of["count"]).sum() / of["count"].sum())
    assert shares["likely in time"] < 1 / 3 < shares["open"] < 2 / 3 < shares["likely late"]
