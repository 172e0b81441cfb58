"""How a table looks, and how names and choices are told apart."""

from __future__ import annotations

import pandas as pd
import pytest

from psauth.dashboard.parts import tables

ITEMS = [
    ["ERP", "Mail"],
    None,
    [{"name": "plan.pdf", "url": "https://files.example/plan.pdf"}],
    [{"Item": "Screw", "#": 3}],
]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": pd.Series(list("abcd"), dtype="str"),
            "name": pd.Series(["Grüße", None, "x", "y"], dtype="str"),
            "status": pd.Categorical(["Active", None, "Active", "Completed"]),
            "created_date": pd.to_datetime(["2026-11-01T10:00Z"] * 4),
            "items": pd.Series(ITEMS, dtype="object"),
        }
    )


def test_a_table_leaves_the_frame_as_it_was(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    tables._shown(frame, {})
    pd.testing.assert_frame_equal(frame, before)
    assert frame["items"].tolist() == ITEMS


def test_a_table_shows_files_by_name_and_statuses_as_chips(frame: pd.DataFrame) -> None:
    shown = tables._shown(frame, {})
    assert shown["items"].tolist() == [["ERP", "Mail"], None, ["plan.pdf"], ['{"Item": "Screw", "#": 3}']]
    assert shown["status"].tolist() == [["Active"], [], ["Active"], ["Completed"]]


def test_other_rows_are_another_table_and_the_same_rows_the_same(frame: pd.DataFrame) -> None:
    assert tables._key(frame, "runs") == tables._key(frame.copy(), "runs")
    assert tables._key(frame, "runs") != tables._key(frame.iloc[1:], "runs")
    assert tables._key(frame, "runs") != tables._key(frame, "tasks")
    assert tables._key(frame, "runs") != tables._key(frame.iloc[::-1], "runs")


def test_names_and_people_come_by_their_ids() -> None:
    frame = pd.DataFrame({"workflow_id": ["w", "v"], "created_by_id": ["u", "gone"]})
    workflows = pd.DataFrame({"workflow_id": ["v", "w"], "name": ["Offboarding", "Onboarding"]})
    people = pd.DataFrame({"user_id": ["u"], "username": ["Ann"], "email": ["ann@example.com"]})
    named = tables.with_people(tables.with_names(frame, workflows, "workflow"), people, "created_by")
    assert named["workflow_name"].tolist() == ["Onboarding", "Offboarding"]
    assert named["created_by_username"].iloc[0] == "Ann"
    assert named["created_by_email"].iloc[0] == "ann@example.com"
    assert pd.isna(named["created_by_username"].iloc[1])


@pytest.mark.parametrize("name", [None, "", "  ", float("nan")])
def test_a_thing_without_a_name_says_so(name: object) -> None:
    assert tables.called(pd.Series({"name": name})) == "Without a name"


def test_a_name_stands_without_the_spaces_around_it_which_markdown_would_take_amiss() -> None:
    assert tables.called(pd.Series({"name": " Month-End Close "})) == "Month-End Close"
