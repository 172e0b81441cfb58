"""ps.analysis: the questions answered out of a real local copy."""

from datetime import timedelta

import pandas as pd
import pytest

import psauth
from psauth import analysis
from psauth.analysis.answers import EXPRESSIONS, OF_RULES
from psauth.exceptions import ArgumentError, MirrorError


@pytest.fixture(scope="module")
def ps():
    with psauth.Sandbox(runs=60, seed=5) as box:
        box.knobs.budget = 100_000
        with psauth.connect(settings=box.settings) as ps:
            ps.sync(progress=False)
            yield ps


pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_question_has_an_answer_and_its_sql(ps, name):
    frame = getattr(ps.analysis, name)(workflow="Purchase Request")
    assert len(frame.columns) >= 3
    assert len(frame) or "note" in frame.attrs
    for dialect in ("duckdb", "spark"):
        assert "SELECT" in ps.analysis.sql(name, dialect=dialect, workflow="Purchase Request")


def test_run_times_are_those_of_the_frames(ps):
    runs, tasks = ps.runs(progress=False), ps.tasks(ps.runs(progress=False), progress=False)
    tasks = tasks[~tasks["hidden"].fillna(False)]
    last = tasks.groupby("run_id")["completed_date"].max()
    completed = runs[runs["status"] == "Completed"].set_index("run_id")
    expected = (last.reindex(completed.index) - completed["created_date"]).dt.total_seconds() / 3600
    frame = ps.analysis.run_times(status="Completed").set_index("run_id")
    there = expected.dropna()
    assert frame.loc[~frame["finished_estimated"], "hours"].sort_index().to_dict() == pytest.approx(
        there.sort_index().to_dict()
    )
    assert set(frame.index[frame["finished_estimated"]]) == set(expected.index[expected.isna()])


def test_an_answer_takes_no_request(ps):
    sent = ps.requests_sent
    ps.analysis.bottlenecks(workflow="Purchase Request")
    assert ps.requests_sent == sent


def test_nothing_to_answer_with_is_said(ps):
    frame = ps.analysis.run_times(workflow="Purchase Request", until="2015-01-01")
    assert frame.empty
    assert frame.attrs["note"] == (
        "The local copy has nothing to answer run_times(workflow='Purchase Request', until='2015-01-01') with."
    )


def test_what_one_looks_for_can_be_found(ps):
    assert set(analysis.__all__) < set(dir(ps.analysis))
    assert not [name for name in dir(ps.analysis) if name.startswith("_")]
    assert ps.analysis.overdue.__doc__.startswith(analysis.overdue.__doc__.splitlines()[0])
    assert "robots: False leaves out" in ps.analysis.overdue.__doc__
    assert set(analysis.Filters.__annotations__) >= {"workflow", "person", "robots", "now"}
    with pytest.raises(
        AttributeError, match=r"There is no analysis 'bottleneck'\. Did you mean bottlenecks\? There are ageing, "
    ):
        _ = ps.analysis.bottleneck
    with pytest.raises(ArgumentError, match="There is no analysis 'median'"):
        ps.analysis.sql("median")
    assert "median" not in dir(ps.analysis)
    assert not hasattr(ps.analysis, "_repr_html_")


def test_what_an_answer_is_about_has_a_name(ps):
    with pytest.raises(ArgumentError, match=r"Expected run_times\(workflow='Purchase Request'\)"):
        ps.analysis.run_times("Purchase Request")


@pytest.mark.parametrize("name", analysis.__all__)
def test_the_sql_that_is_shown_can_be_asked(ps, name):
    statements = ps.analysis.sql(name, workflow="Purchase Request").split(";")
    answers = [ps.sql(statement) for statement in statements]
    if name in EXPRESSIONS | OF_RULES:
        (answer,) = answers
        frame = getattr(ps.analysis, name)(workflow="Purchase Request")
        assert answer.columns.tolist() == frame.columns.tolist()
        assert len(answer) == len(frame)
    else:
        assert all("ibis_" not in statement for statement in statements)  # what is read, and not what was made of it


def test_an_old_copy_is_said_to_be_old(ps, monkeypatch):
    monkeypatch.setattr("psauth.analysis.answers.OLD", timedelta(0))
    with pytest.warns(
        psauth.PsauthWarning, match=r"The local copy is of \d{4}-\d\d-\d\d: .* Bring it up to date with ps\.sync\(\)"
    ):
        ps.analysis.overdue()


def test_no_copy_is_an_error():
    with (
        psauth.Sandbox(runs=12, seed=1) as box,
        psauth.connect(settings=box.settings) as ps,
        pytest.raises(MirrorError, match=r"There is no local copy .* ps\.sync\(\)"),
    ):
        ps.analysis.overdue()


def test_of_one_workflow_it_is_about_that(ps):
    names = ps.analysis.run_times(workflow="Purchase Request")["workflow_name"]
    assert set(names) == {"Purchase Request"}
    assert isinstance(ps.analysis.throughput(every="month"), pd.DataFrame)


ALWAYS = psauth.Calendar("Mon-Sun", "00:00-24:00", zone="UTC")


@pytest.fixture
def calendars(ps):
    """Sets calendars of the copy, which has those of before again afterwards."""
    before = ps.analysis.calendars
    yield ps.analysis.set_calendar
    ps.analysis.set_calendar(None, workflow="Purchase Request")
    ps.analysis.set_calendar(before.default)


def test_a_calendar_is_kept_with_the_copy(ps, calendars):
    sent = ps.requests_sent
    calendars(ALWAYS)
    assert ps.analysis.calendars.default == ALWAYS
    done = ps.analysis.run_times(status="Completed")
    assert done["working_hours"].tolist() == pytest.approx(done["hours"].tolist())
    assert ps.requests_sent == sent


def test_a_calendar_of_one_workflow_is_for_that_one(ps, calendars):
    calendars(ALWAYS, workflow="Purchase Request")
    done = ps.analysis.run_times(status="Completed").dropna(subset="hours")
    is_own = done["workflow_name"] == "Purchase Request"
    assert done.loc[is_own, "working_hours"].tolist() == pytest.approx(done.loc[is_own, "hours"].tolist())
    assert (done.loc[~is_own, "working_hours"] < done.loc[~is_own, "hours"]).all()


def test_the_calendar_of_one_answer_counts_as_the_one_that_is_kept(ps, calendars):
    night = psauth.Calendar("Mon-Fri", "22:00-06:00", ["2026-10-05"], "Europe/Berlin")
    asked = [ps.analysis.run_times(calendar=night), ps.analysis.bottlenecks(calendar=night)]
    calendars(night)
    kept = [ps.analysis.run_times(), ps.analysis.bottlenecks()]
    for once, always in zip(asked, kept, strict=True):
        pd.testing.assert_frame_equal(once, always)


def test_what_is_no_calendar_and_no_workflow_is_refused(ps):
    with pytest.raises(ArgumentError, match=r"'DE' is no calendar\. Expected psauth\.Calendar\("):
        ps.analysis.set_calendar("DE")
    with pytest.raises(ArgumentError, match="No workflow is called 'Purchas'"):
        ps.analysis.set_calendar(ALWAYS, workflow="Purchas")
