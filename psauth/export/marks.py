"""Marks: what a frame says of its own cells in `attrs`. Which dates are days, and what stood where nothing could be read."""

from __future__ import annotations

from typing import Final

import pandas as pd

from psauth.reading.days import Days
from psauth.reading.endpoints import ENDPOINTS
from psauth.reading.unreadable import Unreadable

MOMENTS: Final = frozenset(
    column.name for endpoint in ENDPOINTS.values() for column in endpoint.columns if column.dtype == "time"
)
"""Columns of the service's own timestamps: midnight in them is a time of day, not a day alone."""


def days(dates: pd.Series, frame: pd.DataFrame) -> pd.Series:
    """For each date of a column of this frame, all in UTC, whether it is a calendar day: it stands as midnight then.

    Frames of form values and of records say of the columns of their fields which are (`Days`), a tidy frame in its column
    `date_only`. Elsewhere midnight is a day, but not in the service's timestamps.
    """
    midnight = pd.Series(dates == dates.dt.normalize())
    if dates.name == "date" and "date_only" in frame.columns:
        return midnight & frame["date_only"].fillna(False).astype(bool)
    rows = _rows(dates.name, frame)
    if rows is not None:
        return midnight & pd.Series(Days.of(frame).flags(str(dates.name), rows), index=dates.index, dtype=bool)
    return midnight & (dates.name not in MOMENTS)


def unreadable(column: object, frame: pd.DataFrame) -> dict[int, str]:
    """The texts in a column that are no value of its type, and so are missing in the frame, by the place of their row."""
    texts = {row: text for (row, name), text in Unreadable.of(frame).items() if name == column}
    return {place: texts[row] for place, row in enumerate(_rows(column, frame) or ()) if row in texts}


def _rows(column: object, frame: pd.DataFrame) -> list[str] | None:
    """What the marks call the rows; None for a column that is no field of a form or data set, of which they say nothing."""
    key = "record_id" if "record_id" in (frame.index.name, *frame.columns) else "run_id"
    if column not in frame.attrs.get("field_ids", {}):
        return None
    if frame.index.name == key:
        return frame.index.astype("str").tolist()
    return frame[key].astype("str").tolist() if key in frame.columns else None
