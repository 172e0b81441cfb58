"""The table of endpoints: declared once, and complete enough to read a noun as a frame."""

import string

import pytest

from psauth.endpoints import APP_LINK, ENDPOINTS

each = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def test_the_nouns_of_the_public_face_are_there():
    assert set(ENDPOINTS) >= {"workflows", "runs", "tasks", "users"}
    assert all(noun == endpoint.noun for noun, endpoint in ENDPOINTS.items())


@each
def test_the_first_column_is_the_nouns_own_id(endpoint):
    first = endpoint.columns[0]
    assert (first.name, first.path) == (f"{endpoint.noun.removesuffix('s')}_id", "id")


@each
def test_column_names_are_snake_case_and_single(endpoint):
    names = [column.name for column in endpoint.columns]
    assert len(names) == len(set(names))
    assert all(set(name) <= {*string.ascii_lowercase, "_"} for name in names)


@each
def test_a_record_is_told_from_another_by_its_id_and_what_the_id_repeats_in(endpoint):
    assert endpoint.key[-1] == "id"
    assert endpoint.path.startswith("/")
    assert endpoint.list_key
    if endpoint.noun == "tasks":
        assert endpoint.key == ("workflowRunId", "id")


@each
def test_dates_are_times_and_statuses_categories_with_their_documented_values(endpoint):
    for column in endpoint.columns:
        assert (column.dtype == "time") == column.name.endswith("_date"), column
        assert (column.dtype == "category") == bool(column.known), column
        if column.name.endswith(("status", "_type")):
            assert column.dtype == "category", column


def test_what_a_person_can_open_has_a_link():
    for noun in ("workflows", "runs", "tasks"):
        assert ENDPOINTS[noun].columns[-1].path == APP_LINK
