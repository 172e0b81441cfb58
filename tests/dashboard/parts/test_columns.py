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
    looks = columns.by_kind(days, "Needed by").config(days)["type_config"]
    assert (looks["format"], looks["timezone"]) == ("YYYY-MM-DD", "UTC")


def test_every_status_has_a_colour_of_its_own_word() -> None:
    from psauth.reading.endpoints import RUN_STATUSES, TASK_STATUSES

    assert {*RUN_STATUSES, *TASK_STATUSES} <= set(columns.COLOURS)
