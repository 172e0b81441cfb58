"""Days: which dates of a frame are calendar days. They stand as midnight UTC and are the same day in every time zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

ATTR: Final = "days"
"""Where they stand in the `attrs` of a frame: by column, the rows that hold a moment, which are few where days stand."""


@dataclass(frozen=True)
class Days:
    """The columns of a frame that hold calendar days, each with the rows that hold a moment instead.

    Whether a date is a day or a moment is said by the value itself, never by the values around it: a form's date whose
    time is hidden is a day, and so is a date written without a time. A day is shown as it stands in UTC, a moment in the
    reader's time zone. Rows are named as in `Unreadable`. In a tidy frame of `form_values` the column `date_only` says
    the same.

    >>> psauth.Days.of(ps.form_values(workflow="Employee Onboarding", wide=True)).columns
    ['Start date']
    """

    moments: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Days:
        """The days of a frame; of one stored as Parquet and read again, too."""
        kept = frame.attrs.get(ATTR)
        columns = kept.items() if isinstance(kept, Mapping) else ()
        return cls({str(c): frozenset(map(str, rows)) for c, rows in columns if isinstance(rows, list)})

    @classmethod
    def among(cls, columns: Mapping[str, Iterable[tuple[str, bool]]]) -> Days:
        """From the dates that are there: by column, the row of each and whether it is a day."""
        moments: dict[str, frozenset[str]] = {}
        for column, dates in columns.items():
            rows = list(dates)
            if any(day for _, day in rows):
                moments[column] = frozenset(row for row, day in rows if not day)
        return cls(moments)

    def of_rows(self, rows: Iterable[Any]) -> Days:
        """The same of some rows alone."""
        some = frozenset(map(str, rows)) if any(self.moments.values()) else frozenset()
        return Days({column: moments & some for column, moments in self.moments.items()})

    def mark(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same frame, which says from now on where its days stand; nothing where there are none."""
        frame.attrs.pop(ATTR, None)
        if self.moments:
            frame.attrs[ATTR] = {column: sorted(rows) for column, rows in self.moments.items()}
        return frame

    @property
    def columns(self) -> list[str]:
        """The columns in which there is a day."""
        return list(self.moments)

    def flags(self, column: str, rows: Iterable[Any]) -> list[bool]:
        """For each of these rows of a column whether its date, if it has one, is a day."""
        if column not in self.moments:
            return [False for _ in rows]
        return [str(row) not in self.moments[column] for row in rows]
