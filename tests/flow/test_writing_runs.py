"""Starting runs, due dates and ticks: every change happens once or not at all, whatever becomes of its answer."""

import math
import re
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from psauth import ApiError, NotFound, OutcomeUnknown
from psauth.api.retrying import ATTEMPTS
from tests.flow.parts import LOST, NOT_DONE, fault_name

pytestmark = pytest.mark.usefixtures("short_pauses")


DUE = datetime(2099, 3, 4, 10, tzinfo=UTC)


def millis(moment):
    return round(moment.timestamp() * 1000)


def test_a_run_is_started_and_found(box, ps, writes):
    template = box.company.templates[0]
    run_id = ps.start_run(template.blueprint.name, name="Ana Lima – Łódź", due_date=DUE)
    assert writes() == [("POST", "/workflow-runs")]
    made = ps.runs(workflow=template.id).iloc[0]
    assert (made["run_id"], made["name"], made["due_date"]) == (run_id, "Ana Lima – Łódź", pd.Timestamp(DUE))


@pytest.mark.parametrize("fault", [*LOST, *NOT_DONE], ids=fault_name)
def test_an_answer_that_is_lost_starts_one_run(box, ps, writes, fault):
    before = len(box.company.runs)
    box.knobs.fault("/v1/workflow-runs", method="POST", times=ATTEMPTS - 1, **fault)
    run_id = ps.start_run(box.company.templates[0].id)
    assert len(writes()) == ATTEMPTS
    assert len(box.company.runs) == before + 1
    assert box.company.run(run_id) is not None


@pytest.mark.parametrize("body", ["", "{}", "[]"])
def test_a_started_run_whose_id_is_not_told_is_said_with_the_way_to_it(box, ps, run, body):
    box.knobs.fault("/v1/workflow-runs", method="POST", status=201, when="after", body=body)
    with pytest.raises(ApiError, match=r"names no id.*reference_id='[\w-]+'") as caught:
        ps.start_run(run.template.id, name="Ana")
    reference = re.search(r"reference_id='([\w-]+)'", str(caught.value))[1]
    before = len(box.company.runs)
    assert ps.start_run(run.template.id, name="Ana", reference_id=reference) in {r.id for r in box.company.runs}
    assert len(box.company.runs) == before


def test_a_reference_of_one_s_own_starts_one_run_for_ever(box, ps):
    template = box.company.templates[0].id
    assert ps.start_run(template, reference_id="PO-17") == ps.start_run(template, reference_id="PO-17")
    assert ps.start_run(template) != ps.start_run(template)


def test_the_due_date_of_a_run_is_set_and_taken_away_and_nothing_else_changes(box, ps, run, writes):
    before = (run.name, run.status, run.shared)
    ps.set_due_date(run.id, DUE)
    assert run.due == millis(DUE)
    ps.set_due_date(run.id, None)
    assert run.due is None
    assert (run.name or "", run.status, run.shared) == (before[0] or "", *before[1:])
    assert writes() == [("PUT", f"/workflow-runs/{run.id}")] * 2


def test_a_task_is_ticked_off_and_reopened_and_keeps_its_due_date(box, ps, run, at, task_id, writes):
    due = run.tasks[at].due
    ps.complete_task(run.id, task_id)
    assert run.tasks[at].completed is not None
    assert run.tasks[at].due == due
    ps.reopen_task(run.id, task_id)
    assert (run.tasks[at].completed, run.tasks[at].due) == (None, due)
    assert writes() == [("PUT", f"/workflow-runs/{run.id}/tasks/{task_id}")] * 2


@pytest.mark.parametrize("body", ['{"data": {"name": "Ana", "status": "Active"}}', "[]", '{"name": "Ana"}', "null"])
def test_what_could_not_be_read_is_not_written_over(box, ps, run, writes, body):
    ps.get("/testAuth")  # from here on this client knows that the API is where it asks
    box.knobs.fault(f"/v1/workflow-runs/{run.id}", method="GET", status=200, body=body)
    with pytest.raises(ApiError, match="was read before it is changed.*Nothing was sent"):
        ps.set_due_date(run.id, DUE)
    assert writes() == []


def test_a_task_may_be_a_row_of_tasks(box, ps, run, at):
    row = ps.tasks(runs=run.id).iloc[at]
    ps.complete_task(row, row)
    assert run.tasks[at].completed


def test_a_task_is_found_by_its_name_in_any_case(box, ps, run, at, task_id):
    ps.complete_task(run.id, run.template.blueprint.steps[at].name.upper())
    assert run.tasks[at].completed is not None


def test_what_is_so_already_is_not_written(box, ps, run, at, task_id, writes):
    ps.reopen_task(run.id, task_id)
    ps.set_due_date(run.id, datetime.fromtimestamp(run.tasks[at].due / 1000, UTC), task=task_id)
    ps.set_due_date(run.id, None if run.due is None else datetime.fromtimestamp(run.due / 1000, UTC))
    assert writes() == []


def test_the_due_date_of_a_task_is_set_and_its_tick_stays(box, ps, run, at, task_id):
    ps.set_due_date(run.id, date(2099, 3, 4), task=task_id)
    assert run.tasks[at].due == millis(datetime(2099, 3, 4, tzinfo=UTC))
    assert run.tasks[at].completed is None
    ps.set_due_date(run.id, None, task=task_id)
    assert run.tasks[at].due is None


@pytest.mark.parametrize("fault", LOST, ids=fault_name)
def test_when_the_answer_is_lost_a_look_shows_that_it_was_done(box, ps, run, at, task_id, writes, fault):
    box.knobs.fault("/v1/workflow-runs", method="PUT", **fault)
    ps.complete_task(run.id, task_id)
    assert run.tasks[at].completed is not None
    assert writes() == [("PUT", f"/workflow-runs/{run.id}/tasks/{task_id}")], "never twice"


@pytest.mark.parametrize("fault", NOT_DONE, ids=fault_name)
def test_when_a_look_shows_that_it_was_not_done_it_is_sent_again(box, ps, run, at, task_id, writes, fault):
    box.knobs.fault("/v1/workflow-runs", method="PUT", **fault)
    ps.complete_task(run.id, task_id)
    assert run.tasks[at].completed is not None
    assert len(writes()) == 2


def test_what_never_gets_through_is_said_and_not_tried_for_ever(box, ps, run, at, task_id, writes):
    box.knobs.fault("/v1/workflow-runs", method="PUT", times=99)
    with pytest.raises(OutcomeUnknown, match=r"nobody knows whether it was written.*Look before you write"):
        ps.complete_task(run.id, task_id)
    assert len(writes()) == 3
    assert run.tasks[at].completed is None


def test_when_not_even_a_look_is_possible_nothing_is_sent_again(box, ps, run, task_id, writes, naps):
    box.knobs.fault("/v1/workflow-runs", method="PUT", kind="drop", when="after")
    box.knobs.fault("/v1/workflow-runs", method="GET", skip=1, times=99)
    with pytest.raises(OutcomeUnknown):
        ps.complete_task(run.id, task_id)
    assert len(writes()) == 1


def test_a_refusal_is_told_in_the_service_s_words(box, ps, run, writes):
    with pytest.raises(NotFound):
        ps.complete_task(run.id, "x" * 22)
    assert writes() == []
    with pytest.raises(ValueError, match=r"No task of the run is called 'Dance'\. There are: .*\("):
        ps.complete_task(run.id, "Dance")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ps: ps.complete_task("Onboarding Ana", "x"),
        lambda ps: ps.complete_task("a" * 22, 7),
        lambda ps: ps.unassign("a" * 22, "Bob"),
        lambda ps: ps.start_run(["a" * 22, "b" * 22]),
        lambda ps: ps.start_run("a" * 22, due_date="soon"),
        lambda ps: ps.start_run("Employee Onboarding", due_date="soon"),
        lambda ps: ps.start_run("a" * 22, name=7),
        lambda ps: ps.start_run("a" * 22, name=math.nan),
        lambda ps: ps.start_run("a" * 22, reference_id=""),
        lambda ps: ps.set_form_values("a" * 22, ["Salary"]),
        lambda ps: ps.set_form_values("a" * 22, {7: "Salary"}),
        lambda ps: ps.assign("a" * 22, "Bob", invite=True),
        lambda ps: ps.set_due_date("a" * 22, "soon"),
        lambda ps: ps.assign(["a" * 22, "b" * 22], "a@example.com"),
    ],
)
def test_what_makes_no_sense_is_said_before_any_request(box, ps, wrong):
    box.requests.clear()
    with pytest.raises(ValueError, match="xpected|takes a date"):
        wrong(ps)
    assert not box.requests.matching("/v1/")
