"""Arguments: one or several, texts or frames; and what is none of them is said before any request."""

from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import pytest

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import ID_SHAPE, ids, known, moment, one_or_more, pairs

A, B = "abcdefghijklmnopqrstuv", "ABCDEFGHIJKLMN-_012345"


@pytest.mark.parametrize(
    "given",
    [
        [A, B, A],
        (A, B),
        iter([A, B]),
        {A: 1, B: 2},
        pd.Series([A, B, B]),
        pd.Index([A, B]),
        pd.DataFrame({"run_id": [A, B, A], "name": ["x", "y", "z"]}),
        pd.DataFrame({"run_id": [A, B]}, index=[7, 9]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_several_ids_each_once_in_their_order(given):
    assert ids(given, "run_id") == [A, B]


def test_one_text_is_one_id():
    assert ids(A, "run_id") == [A]


@pytest.mark.parametrize("kind", [pd.Series, dict])
def test_a_row_of_a_frame_stands_for_its_id(kind):
    row = kind({"run_id": A, "task_id": "t1", "name": "x"})
    assert ids(row, "run_id") == [A]
    assert pairs(row, ("run_id", "task_id"), "tasks") == [(A, "t1")]


@pytest.mark.parametrize(
    "given", [[], pd.Series([], dtype="str"), pd.DataFrame({"run_id": []})], ids=["list", "series", "frame"]
)
def test_none_is_none(given):
    assert ids(given, "run_id") == []


@pytest.mark.parametrize("odd", [None, 7, float("nan"), "", "  ", b"x", [A], pd.NA])
def test_what_is_no_text_is_said(odd):
    with pytest.raises(ValueError, match="is not a run_id"):
        ids([A, odd], "run_id")


def test_a_frame_without_the_column_is_told_where_there_is_one():
    with pytest.raises(ValueError, match=r"no column 'run_id'.*ps\.runs\(\)"):
        ids(pd.DataFrame({"workflow_id": [A]}), "run_id")


@pytest.mark.parametrize(
    "read",
    [
        lambda ps, frame: ps.tasks(frame),
        lambda ps, frame: ps.assignments(tasks=frame),
        lambda ps, frame: ps.tasks(assignee=frame),
        lambda ps, frame: ps.plan("tasks", runs=frame),
    ],
)
def test_a_frame_that_has_the_column_twice_is_said(ps, requests_mock, read):
    frame = pd.DataFrame([[A, B, A, B, "x", "y"]], columns=["run_id", "run_id", "task_id", "task_id", "email", "email"])
    with pytest.raises(ArgumentError, match=r"The frame has the column '\w+' 2 times\. Expected it once\."):
        read(ps, frame)
    assert not requests_mock.called


def test_a_missing_id_in_a_frame_is_said():
    with pytest.raises(ValueError, match="is not a run_id"):
        ids(pd.DataFrame({"run_id": pd.Series([A, None], dtype="str")}), "run_id")


def test_pairs_come_each_once_in_their_order():
    frame = pd.DataFrame({"task_id": ["t1", "t2", "t1", "t1"], "run_id": ["r1", "r1", "r2", "r1"]})
    assert pairs(frame, ("run_id", "task_id"), "tasks") == [("r1", "t1"), ("r1", "t2"), ("r2", "t1")]
    assert pairs(frame.head(0), ("run_id", "task_id"), "tasks") == []


@pytest.mark.parametrize(
    "odd", [pd.DataFrame({"run_id": [A]}), [A], A, None, 7], ids=["frame", "list", "text", "none", "number"]
)
def test_pairs_need_both_columns(odd):
    with pytest.raises(ValueError, match=r"Expected run_id and task_id, as in ps\.tasks\(\)"):
        pairs(odd, ("run_id", "task_id"), "tasks")


def test_what_is_no_frame_is_not_called_one():
    with pytest.raises(ValueError, match=r"A str is no frame .* as in ps\.form_fields\(\)"):
        pairs("Salary", ("workflow_id", "field_id"), "form_fields")


def test_pairs_with_a_missing_half_are_said():
    frame = pd.DataFrame({"run_id": pd.Series([A, None], dtype="str"), "task_id": ["t1", "t2"]})
    with pytest.raises(ValueError, match="is not a run_id"):
        pairs(frame, ("run_id", "task_id"), "tasks")


def test_documented_values_are_known_in_any_case_and_each_once():
    assert known("active", ("Active", "Completed"), "status") == ["Active"]
    assert known(iter(["Completed", "Active", "completed"]), ("Active", "Completed"), "status") == [
        "Completed",
        "Active",
    ]


@pytest.mark.parametrize("odd", ["Actve", "", "Active,Completed", None, 7, ["Active", None]])
def test_other_values_are_not_known(odd):
    with pytest.raises(ValueError, match=r"There is no status .*\. Expected Active, Completed"):
        known(odd, ("Active", "Completed"), "status")


def test_one_or_more_is_a_list():
    assert one_or_more("ab") == ["ab"]
    assert one_or_more(x for x in "ab") == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(2026, 11, 1, 7), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        ("2026-11-01T09:00:00+02:00", datetime(2026, 11, 1, 7, tzinfo=UTC)),
        ("2026-11-01T07:00:00Z", datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (datetime(2026, 11, 1, 9, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (pd.Timestamp("2026-11-01T07:00:00Z"), datetime(2026, 11, 1, 7, tzinfo=UTC)),
    ],
)
def test_moments_in_any_usual_form(given, expected):
    assert moment(given) == expected
    assert moment(given).tzinfo is not None


@pytest.mark.parametrize("odd", ["", "yesterday", "01.11.2026", "2026-13-01"])
def test_what_is_no_date_is_said(odd):
    with pytest.raises(ValueError, match="is not a date. Expected ISO 8601"):
        moment(odd)


@pytest.mark.parametrize("odd", [None, 7, pd.NaT])
def test_what_is_no_moment_at_all_is_said_too(odd):
    with pytest.raises(ValueError, match="is not a date"):
        moment(odd)


def test_the_shape_tells_an_id_from_a_name():
    assert ID_SHAPE.fullmatch(A)
    assert ID_SHAPE.fullmatch(B)
    assert not ID_SHAPE.fullmatch("Employee Onboarding")
    assert not ID_SHAPE.fullmatch(A + "x")


PERSON = pd.DataFrame({"user_id": ["p1"], "email": ["ada@example.com"]})
LONG = ["x" * 30] * 30


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda ps: ps.workflows(PERSON), "name takes one text. It was given a DataFrame."),
        (lambda ps: ps.workflows(7), "name takes one text. It was given 7."),
        (lambda ps: ps.pages(["a"]), "name takes one text. It was given ['a']."),
        (lambda ps: ps.search_runs(PERSON), "name takes one text. It was given a DataFrame."),
        (lambda ps: ps.search_runs(LONG), "name takes one text. It was given a list."),
        (lambda ps: ps.search_runs(b"x"), "name takes one text. It was given b'x'."),
        (
            lambda ps: ps.runs(status=PERSON),
            "There is no run status a DataFrame. Expected Active, Completed, Archived.",
        ),
        (lambda ps: ps.runs(status=None, since=7), "7 is not a date. Expected a date, a datetime, or a text in ISO"),
        (lambda ps: ps.runs(since=PERSON), "A DataFrame is not a date. Expected a date"),
        (lambda ps: ps.runs(workflow=7), "7 is not a workflow_id. Expected a text, several, or a frame that has"),
        (lambda ps: ps.runs(workflow=b"x"), "b'x' is not a workflow_id. Expected a text, several, or a frame"),
        (lambda ps: ps.workflow_tasks(None), "None is not a workflow_id. Expected a text, several, or a frame"),
        (
            lambda ps: ps.workflow_tasks(PERSON),
            "The frame has no column 'workflow_id'. Expected one, as in ps.workflows().",
        ),
        (lambda ps: ps.tasks(assignee=7), "7 is not an e-mail address. Expected one, as in ps.users()['email']."),
        (lambda ps: ps.tasks(assignee=[None]), "None is not an e-mail address."),
        (lambda ps: ps.tasks(assignee=["Ada"]), "'Ada' is not an e-mail address."),
        (
            lambda ps: ps.tasks(assignee=PERSON[["user_id"]]),
            "The frame has no column 'email'. Expected one, as in ps.users().",
        ),
        (lambda ps: ps.work_stats(assignee=PERSON), "A DataFrame is not an e-mail address."),
        (lambda ps: ps.comments(runs=["r1"], task=7), "7 is not a task_id. Expected letters, digits, - and _"),
        (
            lambda ps: ps.tasks(["r1"], progress="yes"),
            "progress='yes' cannot be shown. Expected True, False or a function.",
        ),
        (lambda ps: ps.tasks(["r1"], on_error="ignore"), "There is no on_error='ignore'. Expected 'raise' or 'keep'."),
        (lambda ps: ps.records([]), "0 data sets were given. Expected one."),
        (lambda ps: ps.plan("tasks", runs=7), "7 is not a run_id. Expected a text, several, or a frame that has"),
        (lambda ps: ps.get("/users", of=PERSON), "of=… cannot be asked for: it was given a DataFrame."),
        (lambda ps: ps.get("/users", of={"a": 1}), "of=… cannot be asked for: it was given {'a': 1}."),
        (lambda ps: next(ps.iterate("/users", of=[["a"]])), "of=… cannot be asked for: it was given ['a']."),
        (lambda ps: ps.search_runs(fields=PERSON), "fields=a DataFrame cannot be searched."),
    ],
)
def test_a_wrong_argument_is_one_clear_sentence_before_any_request(ps, requests_mock, call, said):
    with pytest.raises(ArgumentError) as error:
        call(ps)
    assert str(error.value).startswith(said)
    assert not requests_mock.called
