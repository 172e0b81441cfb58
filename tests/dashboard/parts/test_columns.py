"""How values look, by what they are."""

from __future__ import annotations

import pandas as pd
import pytest

from psauth.dashboard.parts import columns


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.to_datetime(["2026-12-12T10:15Z", "2026-12-13T00:00Z", None]), "datetime"),
        (pd.Series([1.5, None]), "number"),
        (pd.Series([["a"], None], dtype="object"), "list"),
        (pd.Series(["a", None], dtype="str"), "text"),
    ],
)
def test_the_data_decide(values: pd.Series | pd.DatetimeIndex, kind: str) -> None:
    assert columns.by_kind(pd.Series(values), "Label").config(pd.Series(values))["type_config"]["type"] == kind


def test_a_calendar_day_is_the_same_day_in_every_zone() -> None:
    days = pd.Series(pd.to_datetime(["2026-12-12T00:00Z", None]))
    looks = columns.day("Needed by").config(days)["type_config"]
    assert (looks["format"], looks["timezone"]) == ("YYYY-MM-DD", "UTC")


def test_every_status_has_a_colour_of_its_own_word() -> None:
    from psauth.reading.endpoints import RUN_STATUSES, TASK_STATUSES

    assert {*RUN_STATUSES, *TASK_STATUSES} <= set(columns.COLOURS)


def test_a_header_fits_with_the_arrow_of_a_sorted_column_beside_it() -> None:
    nothing = pd.Series([None, None], dtype="str")
    for label in ("Completed by", "Number of approvals per month"):
        look = columns.text(label)
        assert look.width(nothing) >= len(label) * columns.LETTER + 30


def test_a_column_is_as_wide_as_its_words_wherever_in_the_table_they_stand() -> None:
    late = pd.Series([None] * 990 + ["maximiliana.featherstonehaugh@example.com"] * 40, dtype="str")
    assert columns.text("By").width(late) >= 41 * columns.LETTER
    assert columns.text("By").width(pd.Series(["x" * 5000])) == columns.WIDEST


def test_the_kind_of_a_column_says_whether_the_zone_is_named() -> None:
    assert columns.says_times([columns.text("a"), columns.moment("b")])
    assert not columns.says_times([columns.text("a"), columns.day("b")])


def test_a_list_without_any_list_in_it_is_shown_as_text() -> None:
    texts = pd.Series(["a", None], dtype="object")
    assert columns.by_kind(texts, "Label").kind == "text"


def test_yes_and_no_are_words_and_no_boxes_that_look_as_if_they_could_be_ticked() -> None:
    flags = pd.Series([True, None, False], dtype="boolean")
    look = columns.by_kind(flags, "Shared")
    assert look.kind == "text"
    assert look.texts(flags).tolist() == ["Yes", "", "No"]
    assert look.cells(flags).fillna("").tolist() == ["Yes", "", "No"]


@pytest.mark.parametrize("dtype", ["Int64", "float64"])
def test_counts_that_are_all_missing_are_empty_cells(dtype: str) -> None:
    nothing = pd.Series([None, None], dtype=dtype)
    count = columns.Column("Of runs like it", "number")
    assert count.texts(nothing).tolist() == count.findable(nothing).tolist() == ["", ""]
