"""What a search finds: what stands on the screen."""

from __future__ import annotations

import pandas as pd
import pytest

from psauth.dashboard.parts import columns
from psauth.dashboard.parts.columns import Column
from psauth.dashboard.parts.search import fold, matching

COLUMNS = {
    "name": columns.text("Name"),
    "status": columns.status("Status"),
    "created": columns.moment("Created"),
    "needed": columns.day("Needed by"),
    "price": Column("Price", "number"),
    "tags": Column("Tags", "list"),
    "link": columns.link(),
}


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "zone", lambda: "Europe/Berlin")


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "name": pd.Series(["Beatriz Gonçalves", "GRÖSSE Łódź", None], dtype="str"),
            "status": pd.Categorical(["NotCompleted", "Completed", None]),
            "created": pd.to_datetime(["2026-07-01T23:30Z", "2026-01-15T08:00Z", None]),
            "needed": pd.to_datetime(["2027-01-01T00:00Z", None, None], utc=True),
            "price": [12345.5, 1250.0, None],
            "tags": pd.Series([["ERP", {"name": "plan.pdf"}], [], None], dtype="object"),
            "link": ["https://service.example/open", None, None],
        }
    )


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", "abc"),
        ("   ", "abc"),
        ("goncalves", "a"),
        ("GONÇALVES", "a"),
        ("gonc\u0327alves", "a"),  # the same, typed as letter and accent
        ("grosse", "b"),
        ("größe", "b"),
        ("lodz", "b"),
        ("beatriz 2026", "a"),
        ("beatriz completed", "a"),
        ("not completed", "a"),
        ("notcompleted", ""),  # the service's word, which stands nowhere
        ("2026-07-02", "a"),  # in Berlin it is the next day
        ("2026-07-01", ""),
        ("01:30", "a"),
        ("2027-01-01", "a"),  # a day is the same in every zone
        ("12345.5", "a"),
        ("12,345.5", "a"),
        ("12.345,5", "a"),
        ("12345,5", "a"),
        ("1250", "b"),
        ("1,250", "b"),
        ("1.250", "b"),
        ("1250.0", ""),
        ("plan.pdf", "a"),
        ("erp", "a"),
        ("open", ""),  # the same word in every row
        ("service.example", ""),
        ("nan", ""),
        ("none", ""),
        ("nat", ""),
        ("beatriz łódź", ""),
    ],
)
def test_words_find_the_rows_in_which_they_stand(rows: pd.DataFrame, words: str, ids: str) -> None:
    assert "".join(matching(rows, COLUMNS, words)["id"]) == ids


def test_a_column_that_the_rows_lack_is_no_matter(rows: pd.DataFrame) -> None:
    assert matching(rows.drop(columns="price"), COLUMNS, "lodz")["id"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Ørsted", "orsted"), ("Æsir", "aesir"), ("Nguyễn", "nguyen"), ("İstanbul", "istanbul"), ("Straße", "strasse")],
)
def test_accents_and_case_are_folded(text: str, plain: str) -> None:
    assert fold(text) == plain
