"""What the views of data sets and of their records show."""

from __future__ import annotations

import psauth
from tests.dashboard.conftest import as_read, texts
from tests.dashboard.views.conftest import Visit


def test_data_sets_say_which_fields_they_have(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("data_sets")
    table = page.dataframe[0].value
    assert table["data_set_id"].tolist() == ps.data_sets(progress=False)["data_set_id"].tolist()
    assert all(table["psauth:holds"].str.len() > 0)


def test_the_records_of_a_data_set_stand_a_column_a_field(visit: Visit, ps: psauth.ProcessStreet) -> None:
    data_set = ps.data_sets(progress=False).iloc[0]
    page = visit("records", data_set=data_set["data_set_id"])
    truth = ps.records(data_set["data_set_id"], progress=False)
    assert [as_read(t.value) for t in page.title] == [data_set["name"]]
    assert page.dataframe[0].value.columns.tolist() == truth.columns.tolist()
    assert len(page.dataframe[0].value) == len(truth)


def test_records_without_a_data_set_lead_back_to_the_choice(visit: Visit) -> None:
    assert "Choose one of the data sets" in texts(visit("records"))
