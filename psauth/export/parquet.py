"""Parquet: a frame as programs read it, with every type and every character as it is."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd


def to_parquet(frame: pd.DataFrame) -> bytes:
    """The frame as a Parquet file; a list holds texts, anything else in it stands there as its JSON."""
    plain = frame.copy(deep=False)
    for column in frame.columns:
        if frame[column].dtype == "object" and any(isinstance(value, list) for value in frame[column]):
            plain[column] = pd.Series([_texts(value) for value in frame[column]], index=frame.index, dtype="object")
    buffer = io.BytesIO()
    plain.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _texts(value: Any) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str) for v in value]
