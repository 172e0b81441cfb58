"""Statements: what is kept of a question answers it about every workflow, as the question itself does."""

from datetime import UTC, datetime

import pandas as pd
import pytest

import psauth
from psauth import analysis
from psauth.analysis import statements
from psauth.analysis.answers import EXPRESSIONS, OF_RULES, ask
from psauth.analysis.running import run
from psauth.analysis.scope import Scope
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log

FIRST, SECOND = "Purchase Request", "Employee Onboarding"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mirror():
    with psauth.Sandbox(runs=120, seed=5) as box:
        box.knobs.budget = 100_000
        with psauth.connect(settings=box.settings) as ps:
            ps.sync(progress=False)
            yield ps.mirror


def asked_anew(mirror, name, **options):
    return run(getattr(analysis, name)(mirror, **options))


@pytest.mark.parametrize("name", analysis.__all__)
def test_what_is_kept_for_one_workflow_answers_about_each_other(mirror, name):
    ask(mirror, name, workflow=FIRST)
    pd.testing.assert_frame_equal(
        ask(mirror, name, workflow=SECOND), asked_anew(mirror, name, workflow=SECOND), rtol=1e-12
    )


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_another_workflow_writes_no_other_sql(mirror, name):
    ask(mirror, name, workflow=FIRST)
    known = len(mirror.engine.statements)
    ask(mirror, name, workflow=SECOND)
    assert len(mirror.engine.statements) == known


@pytest.mark.parametrize("name", sorted(OF_RULES))
def test_sql_that_is_made_of_rules_serves_their_workflow_alone(mirror, name):
    filters = {"since": "2001-02-03"}  # so that no other test has asked it
    ask(mirror, name, workflow=FIRST, **filters)
    known = len(mirror.engine.statements)
    ask(mirror, name, workflow=FIRST, **filters)
    assert len(mirror.engine.statements) == known
    ask(mirror, name, workflow=SECOND, **filters)
    assert len(mirror.engine.statements) == known + 1


FILTERS = [
    {},
    {"workflow": FIRST},
    {"workflow": [FIRST, SECOND]},
    {"workflow": [SECOND, FIRST], "status": "Completed"},
    {"workflow": FIRST, "status": ["Completed", "Archived"]},
    {"workflow": FIRST, "since": "2026-01-01"},
    {"workflow": FIRST, "until": "2026-01-01"},
    {"workflow": FIRST, "robots": False},
    {"workflow": FIRST, "robots": True},
    {"workflow": FIRST, "person": "desmond.achebe@example.com"},
    {"workflow": FIRST, "calendar": psauth.Calendar("Mon-Sun", "00:00-24:00", zone="UTC")},
    {"workflow": FIRST, "now": datetime(2025, 6, 1, tzinfo=UTC)},
]


@pytest.mark.parametrize("name", ["run_times", "bottlenecks", "overdue", "at_risk", "approval_loops"])
def test_each_filter_has_an_answer_of_its_own(mirror, name):
    for filters in [*FILTERS, *FILTERS[::-1]]:
        pd.testing.assert_frame_equal(ask(mirror, name, **filters), asked_anew(mirror, name, **filters), rtol=1e-12)


def test_what_a_question_takes_besides_has_an_answer_of_its_own(mirror):
    assert ask(mirror, "throughput", every="week").shape[0] != ask(mirror, "throughput", every="month").shape[0]
    ask(mirror, "load_ahead", days=1)
    with pytest.raises(ArgumentError, match="days=True cannot be used"):
        ask(mirror, "load_ahead", days=True)
    with pytest.raises(ArgumentError, match="There is no filter 'worklow'"):
        ask(mirror, "run_times", worklow=FIRST)
    with pytest.raises(ArgumentError, match=r"every=\['week'\] is no period"):
        ask(mirror, "throughput", every=["week"])


def test_frames_are_asked_as_they_are():
    tables = Log().run("r", "2026-05-04 09:00", ("a", "2026-05-04 10:00")).tables
    assert ask(tables, "run_times")["run_id"].tolist() == ["r"]


def looks_at_its_workflow(scope):
    run(scope.runs())
    return scope.runs()


def test_what_is_kept_cannot_look_at_which_workflow_it_is_asked_about(mirror):
    with pytest.raises(KeyError):
        statements.answered(Scope.of(mirror, {"workflow": FIRST}), looks_at_its_workflow)


def named(scope):
    runs = scope.sources.table("runs", "run_id")
    return runs.select(name=scope.names[0]).limit(1)


@pytest.mark.parametrize("name", ["it's", "a ''quoted'' one", 'with "both"', "back\\slash", "a\nline", "São Paulo"])
def test_no_name_ends_the_sql(mirror, name):
    scope = Scope(Scope.of(mirror, {}).sources, mirror.calendars, workflows=["w"], names=[name])
    assert statements.answered(scope, named)["name"].tolist() == [name]


def test_not_more_are_kept_than_are_of_use(mirror, monkeypatch):
    monkeypatch.setattr(statements, "MOST_KEPT", 3)
    for day in range(1, 9):
        ask(mirror, "run_times", since=f"2026-01-0{day}")
        assert len(mirror.engine.statements) <= max(3, 1)
