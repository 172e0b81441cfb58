"""Frames: whole frames are compared, because a wrong dtype is as wrong as a wrong value."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from psauth.reading.endpoints import ATTACHMENTS, ENDPOINTS, RUNS, TASKS, USERS, WORKFLOWS
from psauth.reading.frames import FITTED, TIME_DTYPE, _fitting, frame, times
from tests.dtypes import TEXT

ADA = {"id": "p1", "email": "ada@example.com", "username": "Ada Łovelace"}


def time(*values):
    return pd.Series(pd.to_datetime([*values], utc=True, format="ISO8601")).astype("datetime64[us, UTC]")


def text(*values):
    return pd.Series([*values], dtype="str")


def test_workflows_become_this_frame():
    records = [
        {
            "id": "w1",
            "name": "Employee Onboarding ✓",
            "description": "",
            "audit": {
                "createdDate": "2026-11-20T09:14:03.120Z",
                "createdBy": ADA,
                "updatedDate": "2026-11-21T00:00:00+02:00",
                "updatedBy": {"id": "p2"},
            },
            "links": [
                {"name": "self", "href": "https://api.example/v1/workflows/w1", "type": "Api"},
                {"name": "app", "href": "https://app.example/workflows/w1", "type": "App"},
            ],
            "aFieldOfNextYear": {"deep": [1, 2]},
        },
        {"id": "w2", "name": None},
    ]
    expected = pd.DataFrame(
        {
            "workflow_id": text("w1", "w2"),
            "name": text("Employee Onboarding ✓", None),
            "description": text("", None),
            "created_date": time("2026-11-20T09:14:03.120Z", None),
            "created_by_username": text("Ada Łovelace", None),
            "created_by_email": text("ada@example.com", None),
            "created_by_id": text("p1", None),
            "updated_date": time("2026-11-20T22:00:00Z", None),
            "updated_by_username": text(None, None),
            "updated_by_email": text(None, None),
            "updated_by_id": text("p2", None),
            "link": text("https://app.example/workflows/w1", None),
        }
    )
    assert_frame_equal(frame(records, WORKFLOWS), expected)


def test_runs_become_this_frame_with_unknown_statuses_kept():
    records = [
        {"id": "r1", "name": "Ünal", "workflowId": "w1", "status": "Active", "shared": True, "dueDate": "2026-12-24"},
        {
            "id": "r2",
            "status": "Paused",
            "shared": False,
            "migrationStatus": "Inactive",
            "audit": {"createdById": "p1"},
        },
        {"id": "r3", "status": None, "audit": None},
    ]
    expected = pd.DataFrame(
        {
            "run_id": text("r1", "r2", "r3"),
            "name": text("Ünal", None, None),
            "workflow_name": text(None, None, None),
            "workflow_id": text("w1", None, None),
            "status": pd.Categorical(
                ["Active", "Paused", None], categories=["Active", "Completed", "Archived", "Paused"]
            ),
            "created_date": time(None, None, None),
            "created_by_username": text(None, None, None),
            "created_by_id": text(None, "p1", None),
            "updated_date": time(None, None, None),
            "updated_by_id": text(None, None, None),
            "due_date": time("2026-12-24T00:00:00Z", None, None),
            "shared": pd.array([True, False, None], dtype="boolean"),
            "migration_status": pd.Categorical(
                [None, "Inactive", None], categories=["Inactive", "Scheduled", "Migrating"]
            ),
            "link": text(None, None, None),
        }
    )
    assert_frame_equal(frame(records, RUNS), expected)


def test_the_same_task_in_two_runs_is_two_rows_in_the_order_they_came():
    records = [
        {"id": "t1", "workflowRunId": run, "status": status, "hidden": False, "completedBy": ADA}
        for run, status in [("r2", "Completed"), ("r1", "NotCompleted")]
    ]
    result = frame(records, TASKS)
    assert result[["task_id", "run_id", "completed_by_email"]].values.tolist() == [
        ["t1", "r2", "ada@example.com"],
        ["t1", "r1", "ada@example.com"],
    ]
    assert result["status"].tolist() == ["Completed", "NotCompleted"]


@pytest.mark.parametrize("noun", ENDPOINTS)
def test_an_empty_frame_has_the_same_columns_and_dtypes(noun):
    endpoint = ENDPOINTS[noun]
    empty = frame([], endpoint)
    assert empty.shape == (0, len(endpoint.columns))
    assert_frame_equal(empty, frame([{"id": "x"}], endpoint).iloc[:0])
    by_dtype = {
        "text": TEXT,
        "time": "datetime64[us, UTC]",
        "flag": "boolean",
        "count": "Int64",
        "category": "category",
    }
    assert [str(d) for d in empty.dtypes] == [by_dtype[c.dtype] for c in endpoint.columns]


@pytest.mark.parametrize("noun", ENDPOINTS)
def test_frames_of_two_pages_can_be_put_together(noun):
    endpoint = ENDPOINTS[noun]
    one, none = frame([{"id": "x"}], endpoint), frame([], endpoint)
    assert_frame_equal(pd.concat([one, none], ignore_index=True), one)


@pytest.mark.parametrize("odd", [7, 1.5, True, ["a", "ü"], {"value": "x"}, {}, [], 2**80])
def test_a_value_of_an_odd_type_is_kept_as_its_json(odd):
    result = frame([{"id": odd, "username": "u"}], USERS)
    assert json.loads(result.loc[0, "user_id"]) == odd
    assert result.loc[0, "username"] == "u"


def test_a_category_of_an_odd_type_is_kept_as_its_json():
    assert frame([{"status": {"name": "Active"}}], RUNS).loc[0, "status"] == '{"name": "Active"}'


@pytest.mark.parametrize("odd", ["true", 1, 0, "no", [], {}])
def test_a_flag_that_is_no_flag_is_missing_rather_than_guessed(odd):
    assert frame([{"id": "t", "hidden": odd}], TASKS)["hidden"].isna().all()


@pytest.mark.parametrize("odd", ["7", 1.5, True, [], {}, 2**63])
def test_a_count_that_is_no_count_is_missing_rather_than_guessed(odd):
    result = frame([{"id": "a", "size": odd}, {"id": "b", "size": 2**40}], ATTACHMENTS)["size"]
    assert result.isna().tolist() == [True, False]
    assert result[1] == 2**40


@pytest.mark.parametrize("odd", ["text", 7, [], ["createdDate"], None])
def test_a_way_that_breaks_off_leads_to_missing(odd):
    result = frame([{"id": "w", "audit": odd, "links": odd}], WORKFLOWS)
    assert result.loc[0, "workflow_id"] == "w"
    assert result.drop(columns="workflow_id").isna().all(axis=None)


@pytest.mark.parametrize(
    "odd",
    [{"id": 7}, {"audit": "text"}, {"audit": {"createdBy": [1]}}, {"shared": "no"}, {"dueDate": 2026}, {"name": "\ud83d"},
     {"dueDate": "soon"}, {"status": ["Active"]}],
)  # fmt: skip
def test_an_odd_record_changes_nothing_for_its_neighbours(odd):
    fine = {
        "id": "r1", "name": "Ünal", "status": "Active", "shared": True, "dueDate": "2026-12-24T10:00:00Z",
        "audit": {"createdDate": "2026-11-20T09:14:03.120Z", "createdById": "p1"},
    }  # fmt: skip
    alone, beside = frame([fine, fine], RUNS), frame([fine, odd, fine], RUNS).iloc[[0, 2]].reset_index(drop=True)
    assert_frame_equal(alone, beside, check_categorical=False)


def test_one_odd_record_among_many_costs_its_neighbourhood_alone(monkeypatch):
    made_to_fit = []

    def fitting(value, kind):
        if isinstance(value, dict):
            made_to_fit.append(value)
        return _fitting(value, kind)

    monkeypatch.setattr("psauth.reading.frames._fitting", fitting)
    records = [{"id": f"u{n}", "username": "Ada"} for n in range(4 * FITTED)]
    result = frame([*records[:-1], {"id": 7, "username": "Odd"}], USERS)
    assert len(made_to_fit) == FITTED
    assert_frame_equal(result.iloc[:-1], frame(records[:-1], USERS))
    assert result["user_id"].iloc[-1] == "7"


def test_half_a_surrogate_pair_does_not_cost_the_frame():
    name = json.loads(r'"cut in the emoji \ud83d"')
    result = frame([{"id": "w1", "name": name}, {"id": "w2", "name": "whole 🎉"}], WORKFLOWS)
    assert result["name"].tolist() == [r"cut in the emoji \ud83d", "whole 🎉"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T09:14:03.120Z", "2026-11-20T09:14:03.120"),
        ("2026-11-20T09:14:03Z", "2026-11-20T09:14:03"),
        ("2026-11-20T09:14:03.123456789Z", "2026-11-20T09:14:03.123456"),
        ("2026-11-20T09:14:03+05:30", "2026-11-20T03:44:03"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999"),
        ("2026-11-20T09:14:03-0800", "2026-11-20T17:14:03"),
        ("2026-11-20T09:14:03", "2026-11-20T09:14:03"),
        ("2026-11-20", "2026-11-20T00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
    ],
)
def test_times_with_any_offset_or_a_date_alone_are_utc(value, expected):
    mixed = times(["2020-01-01T00:00:00.000Z", value, None])
    assert mixed.dtype == TIME_DTYPE
    assert mixed[1] == pd.Timestamp(expected, tz="UTC")


@pytest.mark.parametrize(
    "value", ["", "soon", "now", "today", "20.11.2026", "2026-13-45", "2026-02-30T00:00:00Z", 1763629200, True, [], {}]
)
def test_what_is_no_time_is_missing_and_spoils_no_neighbour(value):
    expected = pd.Series([pd.Timestamp("2026-01-01", tz="UTC"), pd.NaT]).astype(TIME_DTYPE)
    assert_series_equal(times(["2026-01-01", value]), expected)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
names = st.sampled_from(["id", "name", "status", "audit", "links", "dueDate", "hidden", "completedBy", "workflowRunId"])


@pytest.mark.slow
@given(st.lists(st.dictionaries(names, values), max_size=4), st.sampled_from([*ENDPOINTS.values()]))
def test_whatever_the_service_sends_the_frame_has_its_shape(records, endpoint):
    result = frame(records, endpoint)
    assert len(result) == len(records)
    plain = [c.name for c in endpoint.columns if c.dtype != "category"]
    assert result[plain].dtypes.equals(frame([], endpoint)[plain].dtypes)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//app.example",
        "http://[::1",
        "http://",
        "https:///path",
        "",
        7,
        None,
    ],
)
def test_a_link_that_is_no_web_address_is_not_offered_for_clicking(href):
    assert frame([{"links": [{"type": "App", "href": href}]}], RUNS)["link"].isna().all()


@pytest.mark.parametrize("href", ["https://app.example/r?a=1#b", "HTTP://localhost:8501/", "http://[::1]:8080/app"])
def test_a_web_address_is_a_link(href):
    assert frame([{"links": [{"type": "App", "href": href}]}], RUNS).loc[0, "link"] == href


def test_the_link_is_the_one_for_people_wherever_it_stands():
    links = [
        "odd",
        None,
        {"type": "Api", "href": "https://api.example/"},
        {"type": "App", "href": "https://app.example/r"},
    ]
    assert frame([{"links": links}], RUNS).loc[0, "link"] == "https://app.example/r"
