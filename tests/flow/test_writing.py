"""Writing: every change happens once or not at all, whatever becomes of its answer."""

import math
import re
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from psauth import ApiError, NotFound, OutcomeUnknown, RateLimited, ServiceUnavailable
from psauth.api.retrying import ATTEMPTS
from psauth.api.transport import Transport
from tests.contract.table import table
from tests.flow.parts import LOST, NOT_DONE, WRITTEN, fault_name

DUE = datetime(2027, 3, 4, 10, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def writes(box):
    """What was written since the last look, as (method, path) in turn."""
    box.requests.clear()
    return lambda: [(r.method, r.path.removeprefix("/v1")) for r in box.requests if r.method in WRITTEN]


@pytest.fixture
def run(box):
    """An active run with an open task that has a due date."""
    return next(r for r in box.company.runs if r.status == "Active" and any(t.due and not t.completed for t in r.tasks))


@pytest.fixture
def at(run):
    """The number of that task."""
    return next(n for n, t in enumerate(run.tasks) if t.due and not t.completed)


@pytest.fixture
def task_id(run, at):
    return run.template.task_ids[at]


def millis(moment):
    return round(moment.timestamp() * 1000)


# Runs -----------------------------------------------------------------------------------------------------------------


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


# Tasks ----------------------------------------------------------------------------------------------------------------


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
    ps.set_due_date(run.id, date(2027, 3, 4), task=task_id)
    assert run.tasks[at].due == millis(datetime(2027, 3, 4, tzinfo=UTC))
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


# The way there --------------------------------------------------------------------------------------------------------


def test_what_was_refused_for_the_budget_is_sent_again_when_there_is_some(box, ps, run, task_id, writes):
    refusal = {"status": 429, "headers": {"Retry-After": "0"}, "body": '{"error": "Slow down"}'}
    box.knobs.fault("/v1/workflow-runs", method="PUT", **refusal)
    ps.complete_task(run.id, task_id)
    assert len(writes()) == 2


def test_a_long_wait_for_the_budget_is_left_to_the_person(box, ps, run, task_id, writes):
    box.knobs.fault("/v1/workflow-runs", method="PUT", status=429, headers={"Retry-After": "1800"})
    with pytest.raises(RateLimited, match="try again in 1800 seconds"):
        ps.complete_task(run.id, task_id)
    assert len(writes()) == 1


def test_a_token_that_ended_is_renewed_and_the_write_sent_again(box, ps, run, at, task_id, writes):
    box._server.grants.expire_access_tokens()
    ps.set_form_values(run.id, {})
    box._server.grants.expire_access_tokens()
    ps.complete_task(run.id, task_id)
    assert run.tasks[at].completed is not None


def test_a_write_follows_no_redirect(box, ps, run, writes):
    there = f"{box.api_url}/elsewhere"
    box.knobs.fault("/v1/workflow-runs", "redirect", method="PUT", status=307, location=there)
    with pytest.raises(ApiError, match="redirects a PUT elsewhere.*nothing was written"):
        ps.set_due_date(run.id, DUE)
    assert not box.requests.matching("/v1/elsewhere")


def test_without_a_connection_nothing_was_written_and_it_is_tried_again(box, ps, run, task_id, naps):
    box._server.stop()
    with pytest.raises(ServiceUnavailable, match=f"tried {ATTEMPTS} times"):
        ps._transport.send("POST", "/work/tasks", {"name": "x"})
    assert len(naps) == ATTEMPTS - 1


# Form values ----------------------------------------------------------------------------------------------------------


def fields_of(run, kind):
    return [f for f in run.template.fields if f[3].kind == kind]


def run_with(box, kind):
    return next(r for r in box.company.runs if fields_of(r, kind))


@pytest.mark.parametrize(
    ("kind", "value", "column", "read"),
    [
        ("Text", "Łódź 50 %", "value", "Łódź 50 %"),
        ("Textarea", "one\ntwo", "value", "one\ntwo"),
        ("Number", 497.5, "number", 497.5),
        ("Date", date(2026, 12, 1), "date", pd.Timestamp("2026-12-01", tz="UTC")),
        ("Email", "ana@example.com", "value", "ana@example.com"),
        ("Url", "https://example.com/a?b=1", "value", "https://example.com/a?b=1"),
        ("Table", [["a", "b"]], "value", None),
    ],
)
def test_a_value_that_is_set_is_read_back(box, ps, kind, value, column, read):
    run = run_with(box, kind)
    field_id = fields_of(run, kind)[0][0]
    answered = ps.set_form_values(run.id, {field_id: value})
    there = ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]
    assert answered["field_id"].tolist() == [field_id]
    assert there[column] == read if read is not None else there["items"][0]
    ps.set_form_values(run.id, {field_id: None})
    assert pd.isna(ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]["value"])


def test_choices_and_members_are_set_as_lists(box, ps):
    run = run_with(box, "MultiChoice")
    field_id, *_, field = fields_of(run, "MultiChoice")[0]
    ps.set_form_values(run.id, {field_id: field.options[:2]})
    assert ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]["items"] == list(field.options[:2])


def test_a_field_is_found_by_its_label(box, ps, writes):
    run = run_with(box, "Text")
    there = ps.form_values(runs=[run.id])
    text = there[(there["field_type"] == "Text") & ~there["label"].duplicated(keep=False)].iloc[0]
    ps.set_form_values(run.id, {text["label"].upper(): "by its label"})
    assert ps.form_values(runs=[run.id]).set_index("field_id").loc[text["field_id"]]["value"] == "by its label"
    assert writes() == [("POST", f"/workflow-runs/{run.id}/form-fields")]


def test_values_that_do_not_fit_are_said_before_anything_is_sent(box, ps, writes):
    run = run_with(box, "Number")
    field_id = fields_of(run, "Number")[0][0]
    with pytest.raises(ValueError, match="takes a number"):
        ps.set_form_values(run.id, {field_id: "many"})
    with pytest.raises(ValueError, match=r"No form field of the run is called 'Shoe size'\. There are: "):
        ps.set_form_values(run.id, {"Shoe size": 43})
    assert writes() == []


@pytest.mark.parametrize("body", ["", "{}", "[]"])
def test_values_that_were_set_and_not_shown_are_looked_at(box, ps, body):
    run = run_with(box, "Number")
    field_id = fields_of(run, "Number")[0][0]
    box.knobs.fault("/v1/workflow-runs", method="POST", status=200, when="after", body=body)
    rows = ps.set_form_values(run.id, {field_id: 7})
    assert rows[["field_id", "number"]].values.tolist() == [[field_id, 7.0]]


def test_what_the_service_does_not_take_names_the_field(box, ps):
    run = run_with(box, "Select")
    field_id, field = fields_of(run, "Select")[0][0], fields_of(run, "Select")[0][3]
    with pytest.raises(ApiError) as refusal:
        ps.set_form_values(run.id, {field_id: "no option"})
    assert refusal.value.status == 422
    assert "fields[0].value" in refusal.value.details
    assert f"the field {field.label!r}: " in str(refusal.value)
    assert "fields[" not in str(refusal.value)


SET = {"Text": "x", "Number": 497.50, "Date": date(2026, 12, 1), "MultiChoice": 1, "Email": None}


@pytest.mark.parametrize("fault", LOST, ids=fault_name)
@pytest.mark.parametrize("kind", SET)
def test_form_values_whose_answer_is_lost_are_looked_at_and_not_sent_again(box, ps, writes, kind, fault):
    run = run_with(box, kind)
    field_id, *_, field = fields_of(run, kind)[0]
    box.knobs.fault("/v1/workflow-runs", method="POST", **fault)
    set_to = list(field.options[:1]) if kind == "MultiChoice" else SET[kind]
    assert ps.set_form_values(run.id, {field_id: set_to})["field_id"].tolist() == [field_id]
    assert len(writes()) == 1


@pytest.mark.parametrize("fault", NOT_DONE, ids=fault_name)
@pytest.mark.parametrize("kind", SET)
def test_form_values_that_were_not_set_are_said_and_not_sent_again(box, ps, writes, kind, fault):
    run = run_with(box, kind)
    field_id, *_, field = fields_of(run, kind)[0]
    options = list(field.options[:1]) if kind == "MultiChoice" else None
    ps.set_form_values(run.id, {field_id: options or {"Email": "a@example.com"}.get(kind)})
    box.requests.clear()
    box.knobs.fault("/v1/workflow-runs", method="POST", **fault)
    with pytest.raises(OutcomeUnknown):
        ps.set_form_values(run.id, {field_id: list(field.options[1:2]) if options else SET[kind]})
    assert len(writes()) == 1


# People ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def somebody(box, run):
    return next(p for p in box.company.staff.users if p not in run.assignees).email


@pytest.mark.parametrize("fault", [None, *LOST, *NOT_DONE], ids=lambda f: fault_name(f) if f else "no fault")
@pytest.mark.parametrize("of_task", [False, True])
def test_people_are_put_on_and_taken_off(box, ps, run, at, task_id, somebody, of_task, fault):
    task = task_id if of_task else None

    def there():
        return [p.email for p in (run.tasks[at] if of_task else run).assignees].count(somebody)

    run.tasks[at].assignees = []
    if fault:
        box.knobs.fault("/v1/workflow-runs", method="PUT" if of_task else "POST", **fault)
        box.knobs.fault("/v1/workflow-runs", method="DELETE", **fault)
    ps.assign(run.id, somebody, task=task)
    assert there() == 1
    ps.assign(run.id, somebody.upper(), task=task)
    assert there() == 1
    ps.unassign(run.id, somebody, task=task)
    assert there() == 0
    ps.unassign(run.id, somebody, task=task)


def test_people_are_taken_off_by_their_address_as_the_service_writes_it(box, ps, run, somebody, writes):
    ps.assign(run.id, somebody)
    ps.unassign(run.id, somebody.upper())
    assert writes()[-1] == ("DELETE", f"/workflow-runs/{run.id}/assignees/{somebody}")


def test_a_slip_of_the_pen_invites_nobody(box, ps, run, writes):
    staff = len(box.company.staff.users)
    with pytest.raises(ValueError, match=r"'anna@exmaple.com' is nobody of this organisation.*invite=True"):
        ps.assign(run.id, "anna@exmaple.com")
    assert writes() == []
    ps.assign(run.id, "guest@example.com", invite=True)
    assert len(box.company.staff.users) == staff + 1


# Reading writes nothing -----------------------------------------------------------------------------------------------


def test_no_read_ever_writes(box, ps, writes):
    runs = ps.runs().head(3)
    ps.tasks(runs=runs), ps.form_values(runs=runs, wide=True), ps.approvals(runs=runs), ps.assignments(runs=runs)
    ps.workflows(), ps.users(), ps.data_sets(), ps.plan("tasks", runs=runs), ps.whoami(), ps.work_stats()
    assert writes() == []


# As documented --------------------------------------------------------------------------------------------------------


def test_everything_that_is_sent_is_as_documented(box, ps, run, task_id, somebody, monkeypatch):
    sent = []
    send = Transport.send

    def note(self, method, path, body=None, **how):
        sent.append((method, path, body))
        return send(self, method, path, body, **how)

    monkeypatch.setattr(Transport, "send", note)
    ps.start_run(run.template.id, name="Ana", due_date=DUE)
    ps.complete_task(run.id, task_id), ps.set_due_date(run.id, DUE, task=task_id), ps.reopen_task(run.id, task_id)
    ps.set_due_date(run.id, DUE), ps.set_due_date(run.id, None)
    ps.assign(run.id, somebody), ps.unassign(run.id, somebody)
    ps.assign(run.id, somebody, task=task_id), ps.unassign(run.id, somebody, task=task_id)
    for kind, value in {
        "Text": "x",
        "Number": 1,
        "Date": date(2026, 1, 1),
        "MultiChoice": [],
        "Table": [["a"]],
    }.items():
        other = run_with(box, kind)
        ps.set_form_values(other.id, {fields_of(other, kind)[0][0]: value})
    centres = pd.DataFrame({"Name": ["A", "B"], "Budget": [1.5, None]})
    ps.write_records("Cost centres", centres, key="Name", remove=True)
    ps.write_records("Cost centres", centres.assign(Budget=2), key="Name")

    seen = set()
    for method, path, body in sent:
        row = table().find(method, path)
        seen.add((method, row.path))
        check = table().body(row)
        assert (check is None) == (body is None), (method, path)
        if check is not None:
            check.validate(body)
    assert len(seen) == 11
