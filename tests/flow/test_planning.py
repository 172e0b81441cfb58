"""Plans: the requests a long read will make, told before it is begun."""

import pytest

import psauth
from psauth.reading.plan import PLANNED


@pytest.fixture(scope="module")
def many():
    """A company with workflows of several pages, and a client of it."""
    with psauth.Sandbox(runs=300) as box:
        yield box, psauth.connect(settings=box.settings)


@pytest.mark.parametrize("nouns", [("tasks",), ("form_values",), ("tasks", "form_values", "approvals")])
def test_the_plan_is_what_is_then_asked(many, nouns):
    _, ps = many
    runs = ps.runs()
    plan = ps.plan(*nouns, runs=runs)
    before = ps.requests_sent
    for noun in nouns:
        getattr(ps, noun)(runs=plan.run_ids)
    asked = ps.requests_sent - before
    assert abs(plan.requests - asked) <= 0.05 * asked
    assert plan.run_ids == tuple(runs["run_id"])


def test_making_one_costs_a_few_requests_once(many):
    _, ps = many
    runs = ps.runs()
    first = ps.plan("tasks", runs=runs)
    assert first.asked <= 40
    assert ps.plan("tasks", runs=runs).asked == 0


def test_the_runs_of_a_workflow_are_counted_and_not_asked_for_again(many):
    box, ps = many
    template = box.company.runs[0].template
    ids = [r.id for r in box.company.runs if r.template is template]
    plan = ps.plan("tasks", workflow=template.blueprint.name)
    assert sorted(plan.run_ids) == sorted(ids)
    before = ps.requests_sent
    ps.tasks(runs=plan.run_ids)
    assert ps.requests_sent - before == plan.requests


def test_ids_without_their_workflow_are_planned_by_one_of_them(many):
    _, ps = many
    runs = ps.runs()
    ids = runs[runs["workflow_id"] == runs["workflow_id"][0]]["run_id"].tolist()
    assert len(ids) > 10
    plan = ps.plan("form_values", runs=ids)
    before = ps.requests_sent
    ps.form_values(runs=ids)
    assert ps.requests_sent - before == plan.requests


def test_it_says_what_is_left(many):
    _, ps = many
    runs = ps.runs()
    plan = ps.plan("tasks", runs=runs)
    assert str(plan).startswith(f"tasks of {len(runs)} runs: about {plan.requests} requests, ")
    assert f"{ps.budget.remaining:,} of 2,500 are left" in str(plan)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ps: ps.plan(),
        lambda ps: ps.plan("taskz", runs=["a" * 22]),
        lambda ps: ps.plan("workflows", runs=["a" * 22]),
        lambda ps: ps.plan("tasks"),
        lambda ps: ps.plan("tasks", runs=["a" * 22], workflow="b" * 22),
        lambda ps: ps.plan("tasks", runs=["Onboarding Ana"]),
    ],
)
def test_what_cannot_be_planned_is_said_before_any_request(many, wrong):
    _, ps = many
    before = ps.requests_sent
    with pytest.raises(ValueError, match="xpected"):
        wrong(ps)
    assert ps.requests_sent == before


def test_every_noun_of_runs_can_be_planned():
    assert [*PLANNED] == ["approvals", "assignments", "form_values", "tasks"]


def test_the_time_is_about_what_it_then_takes_where_the_budget_is_tight():
    with psauth.Sandbox(runs=200) as box:
        box.knobs.budget, box.knobs.window = 100, 2.0
        with psauth.connect(settings=box.settings) as ps:
            runs = ps.runs(progress=False)
            plan = ps.plan("tasks", runs=runs)
            assert 2 <= plan.seconds <= 40, plan
