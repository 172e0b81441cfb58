"""Parquet files hold what the frame holds."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from psauth.export.parquet import to_parquet


def written(values: pd.Series) -> list[object]:
    return list(pd.read_parquet(io.BytesIO(to_parquet(pd.DataFrame({"x": values}))))["x"])


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_texts_are_as_they_were_whatever_their_dtype(dtype: str) -> None:
    texts = ["=1+1", "-abc", "two\rlines", "Grüße", None]
    read = written(pd.Series(texts, dtype=dtype))
    assert read[:4] == texts[:4]
    assert pd.isna(read[4])


def test_lists_are_lists_of_texts() -> None:
    lists = pd.Series([["a", "b"], None, [{"name": "x"}], float("nan")], dtype="object")
    read = written(lists)
    assert [None if value is None else list(value) for value in read] == [["a", "b"], None, ['{"name": "x"}'], None]


def test_what_a_frame_says_of_itself_is_kept() -> None:
    frame = pd.DataFrame({"x": ["a"]})
    frame.attrs["field_ids"] = {"x": "f"}
    assert pd.read_parquet(io.BytesIO(to_parquet(frame))).attrs == frame.attrs
