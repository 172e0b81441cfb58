"""Columns in the order in which people read them."""

from __future__ import annotations

import pandas as pd

from psauth.export.order import names_first


def order(*columns: str) -> list[str]:
    return list(names_first(pd.DataFrame(columns=list(columns))).columns)


def test_names_stand_before_ids_and_a_name_where_its_id_stood() -> None:
    frame = ("run_id", "name", "workflow_id", "status", "created_by_id", "workflow_name", "created_by_username")
    assert order(*frame, "created_by_email") == [
        "name",
        "workflow_name",
        "status",
        "created_by_username",
        "created_by_email",
        "run_id",
        "workflow_id",
        "created_by_id",
    ]


def test_a_person_is_read_by_name_then_by_address() -> None:
    assert order("updated_by_email", "updated_by_id", "updated_by_username") == [
        "updated_by_username",
        "updated_by_email",
        "updated_by_id",
    ]


def test_a_form_field_stays_where_the_form_has_it() -> None:
    assert order("run_id", "customer_id", "Name", "order_name") == ["customer_id", "Name", "order_name", "run_id"]


def test_a_frame_with_two_columns_of_one_name_is_left_as_it_is() -> None:
    assert order("run_id", "a", "a") == ["run_id", "a", "a"]


def test_rows_and_types_stay() -> None:
    frame = pd.DataFrame({"run_id": ["r"], "name": ["n"], "created_date": pd.to_datetime(["2026-01-01T10:00Z"])})
    pd.testing.assert_frame_equal(names_first(frame)[list(frame.columns)], frame)
