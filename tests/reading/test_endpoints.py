"""The table of endpoints: declared once, and complete enough to read a noun as a frame."""

import string

import pytest

from psauth.reading.endpoints import (
    APP_LINK,
    ASSIGNED_TASKS,
    ENDPOINTS,
    FIELD_OPTIONS,
    RUN_ASSIGNMENTS,
    RUN_SEARCH,
    RUNS,
    TASK_ASSIGNMENTS,
    TASKS,
)

each = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def test_the_nouns_of_the_public_face_are_there():
    assert set(ENDPOINTS) == {
        *("workflows", "workflow_tasks", "form_fields", "field_options", "revisions"),
        *("runs", "tasks", "form_values", "approvals", "assignments", "comments", "attachments"),
        *("data_sets", "records", "users", "folders", "pages", "schedules", "work_items", "one_off_tasks"),
    }
    assert all(noun == endpoint.noun for noun, endpoint in ENDPOINTS.items())


OTHER_IDS = {
    "workflow_tasks": "task_id",
    "one_off_tasks": "task_id",
    "form_fields": "field_id",
    "form_values": "field_id",
    "field_options": "field_id",
    "assignments": "user_id",
}
"""The nouns that are several views of one thing, or say something about another: they lead with that thing's id."""


@each
def test_the_first_column_is_the_nouns_own_id(endpoint):
    first = endpoint.columns[0]
    assert first.name == OTHER_IDS.get(endpoint.noun, f"{endpoint.noun.removesuffix('s')}_id")
    assert first.path == ("@field_id" if endpoint is FIELD_OPTIONS else "id")  # an option has no id of its own


@each
def test_column_names_are_snake_case_and_single(endpoint):
    names = [column.name for column in endpoint.columns]
    assert len(names) == len(set(names))
    assert all(set(name) <= {*string.ascii_lowercase, "_"} for name in names)


@each
def test_a_record_is_told_from_another_by_its_id_and_what_the_id_repeats_in(endpoint):
    assert endpoint.key[-1:] == (() if endpoint is FIELD_OPTIONS else ("id",))
    assert endpoint.path.startswith("/")
    assert endpoint.list_key
    repeats = endpoint.noun in ("tasks", "form_values")  # the template's ids, the same in every run
    assert ("workflowRunId" in endpoint.key) == repeats


@each
def test_a_name_in_the_path_is_a_column_where_the_records_do_not_repeat_it(endpoint):
    names = {name for _, name, _, _ in string.Formatter().parse(endpoint.path) if name}
    taken = {c.path.removeprefix("@") for c in endpoint.columns if c.path.startswith("@")}
    filled_in = {"workflow_name", "run_name", "created_by_username"}  # see test_names.py
    assert taken - filled_in <= names | ({"task_id"} if endpoint is RUN_ASSIGNMENTS else set())
    assert names <= {c.name for c in endpoint.columns}


@each
def test_dates_are_times_and_statuses_categories_with_their_documented_values(endpoint):
    for column in endpoint.columns:
        assert (column.dtype == "time") == column.name.endswith(("_date", "_until")), column
        assert (column.dtype == "category") == bool(column.known), column
        if column.name.endswith(("status", "_type")) and column.name != "mime_type":  # of those there is no end
            assert column.dtype == "category", column


def test_what_a_person_can_open_has_a_link():
    for noun in ("workflows", "runs", "tasks"):
        assert ENDPOINTS[noun].columns[-1].path == APP_LINK


def test_the_two_lists_of_one_noun_give_the_same_columns():
    for one, other in ((RUNS, RUN_SEARCH), (TASKS, ASSIGNED_TASKS), (RUN_ASSIGNMENTS, TASK_ASSIGNMENTS)):
        assert (one.noun, one.columns, one.key) == (other.noun, other.columns, other.key)
