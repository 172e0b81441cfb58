"""What counts as done: each write against answers that do not say so. Nothing of it was done, and nothing is taken for it."""

from datetime import UTC, datetime

import pytest

from psauth import ApiError, OutcomeUnknown
from psauth.api.retrying import ATTEMPTS
from tests.flow.filled import fields_of, run_with
from tests.flow.parts import WRITTEN

pytestmark = pytest.mark.usefixtures("short_pauses")

DUE = datetime(2099, 3, 4, 10, tzinfo=UTC)
PAGE = "<!doctype html><title>Sign in</title>"
NOWHERE = [
    # status and body of answers that say of no write that it was done
    *[(status, body) for status in (202, 203, 205, 206, 207, 226, 299) for body in ("", "{}", PAGE)],
    *[(status, body) for status in (300, 301, 302, 303, 304, 399, 600, 999) for body in ("", "{}", PAGE)],
    *[(status, PAGE) for status in (200, 201)],
    *[
        (200, body)
        for body in (
            *("[]", "null", '"done"', "1", "OK", '{"id": "tru'),
            *('{"error": "No"}', '{"errorCode": "No"}', '{"id": "x", "errors": ["No"]}'),
        )
    ],
]
NO_RECORD = [(200, ""), (201, ""), (200, "{}"), (200, '{"id": ""}'), (200, '{"id": 7}'), (200, '{"status": "UP"}')]
"""What says nothing where a record belongs."""
NO_FIELDS = [(200, ""), (200, '{"status": "UP"}'), (200, '{"fields": 1}')]
MORE = [(200, "{}"), (200, '{"status": "UP"}')]
"""What says too much where nothing belongs."""


def start_run(box, ps, run, task_id, somebody):
    return lambda: ps.start_run(run.template.id, name="Ana")


def complete_task(box, ps, run, task_id, somebody):
    return lambda: ps.complete_task(run.id, task_id)


def set_due_date_of_a_task(box, ps, run, task_id, somebody):
    return lambda: ps.set_due_date(run.id, DUE, task=task_id)


def set_due_date_of_a_run(box, ps, run, task_id, somebody):
    return lambda: ps.set_due_date(run.id, DUE)


def set_form_values(box, ps, run, task_id, somebody):
    other = run_with(box, "Text")
    field_id = fields_of(other, "Text")[0][0]
    return lambda: ps.set_form_values(other.id, {field_id: "never seen before"})


def assign_to_a_run(box, ps, run, task_id, somebody):
    return lambda: ps.assign(run.id, somebody)


def assign_to_a_task(box, ps, run, task_id, somebody):
    return lambda: ps.assign(run.id, somebody, task=task_id)


def unassign_from_a_run(box, ps, run, task_id, somebody):
    ps.assign(run.id, somebody)
    return lambda: ps.unassign(run.id, somebody)


def unassign_from_a_task(box, ps, run, task_id, somebody):
    ps.assign(run.id, somebody, task=task_id)
    return lambda: ps.unassign(run.id, somebody, task=task_id)


CALLS = {
    start_run: NO_RECORD,
    complete_task: MORE,
    set_due_date_of_a_task: MORE,
    set_due_date_of_a_run: MORE,
    set_form_values: NO_FIELDS,
    assign_to_a_run: MORE,
    assign_to_a_task: MORE,
    unassign_from_a_run: MORE,
    unassign_from_a_task: MORE,
}


def clear(box):
    """No fault is left, and nothing in the log."""
    box.knobs.faults.clear()
    box.requests.clear()


def fail(box, status, body, **how):
    """Answer all that is written so, and do nothing."""
    kind = "text/html" if body == PAGE else "application/json"
    for method in WRITTEN:
        box.knobs.fault(
            "/v1/", "body", method=method, status=status, body=body, content_type=kind, times=ATTEMPTS + 1, **how
        )


@pytest.mark.parametrize("prepare", CALLS, ids=lambda prepare: prepare.__name__)
def test_a_write_is_done_when_its_answer_says_so_and_never_else(box, ps, run, task_id, somebody, prepare):
    call = prepare(box, ps, run, task_id, somebody)
    for status, body in (*NOWHERE, *CALLS[prepare]):
        fail(box, status, body)
        with pytest.raises(OutcomeUnknown, match="nobody knows whether it was written") as caught:
            call()
        assert str(caught.value).isprintable(), (status, body)
        clear(box)
    call()  # nothing of it was done
    assert [r.method for r in box.requests if r.method in WRITTEN], "so it is done now"


@pytest.mark.parametrize("prepare", [p for p in CALLS if p is not start_run], ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("answer", [(202, ""), (303, ""), (200, PAGE), (999, "{}")])
def test_a_look_tells_that_it_was_done_all_the_same(box, ps, run, task_id, somebody, prepare, answer):
    call = prepare(box, ps, run, task_id, somebody)
    clear(box)
    fail(box, *answer, when="after")
    call()
    assert len([r for r in box.requests if r.method in WRITTEN]) == 1


@pytest.mark.parametrize("action", ["add", "change", "remove"])
def test_a_record_is_written_when_its_answer_says_so_and_never_else(box, ps, action):
    frame = ps.records("Cost centres")
    wanted = frame.copy()
    if action == "remove":
        wanted = frame.drop(index=0)
    else:
        wanted.loc[0, "Name" if action == "add" else "Owner"] = "9999 Łódź"
    if action == "add":
        wanted = wanted.drop(columns="record_id")

    def write():
        report = ps.write_records("Cost centres", wanted, key="Name", remove=action == "remove", progress=False)
        return report[report["action"] == action]["outcome"].tolist()

    for status, body in (*NOWHERE, *NO_RECORD):
        fail(box, status, body)
        assert write() == ["failed"], (status, body)
        clear(box)
    fail(box, 202, "", when="after")
    assert write() == ["done"]


@pytest.mark.parametrize("status", [*range(201, 209), 226, 299, *range(300, 309), 399, 600, 799, 999])
def test_a_read_is_answered_with_200(box, ps, status):
    for body in ("", PAGE, '{"users": [{"id": "u1"}], "links": []}'):
        box.knobs.fault("/v1/users", "body", status=status, body=body, times=ATTEMPTS)
        with pytest.raises(ApiError):
            ps.users()
        box.knobs.faults.clear()


@pytest.mark.parametrize("body", ["", "null", "[]", "[1]", '"users"', "3", "true", PAGE, '{"users": [', '{"users": NaN}',
                                  '{"users": null}', '{"users": {}}', '{"users": [1]}', '{"users": "x"}'])  # fmt: skip
@pytest.mark.parametrize("known", [False, True])
def test_a_read_of_another_shape_is_an_error_and_never_an_empty_result(box, ps, body, known):
    if known:
        ps.data_sets()
    box.knobs.fault("/v1/users", "body", status=200, body=body, times=ATTEMPTS)
    with pytest.raises(ApiError):
        ps.users()
