"""Unreadable: cells of a frame whose text is no value of their column's type. They are shown as missing and are not lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

ATTR: Final = "unreadable"
"""Where they stand in the `attrs` of a frame, as texts by row within their column: that is JSON, which Parquet keeps."""
SHOWN: Final = 5
"""Cells that are printed; all of them are in the value."""


class Unreadable(Mapping[tuple[str, str], str]):
    """The texts of cells that could not be read, by (row, column). It cannot be changed.

    A row is named by its `record_id` in a frame of `records`, by its `run_id` in a wide frame of `form_values`, and by
    "run_id/field_id" in a tidy one. `Unreadable.of(frame)` is empty, and false, where everything could be read.
    `write_records` leaves these cells as they are at the service.

    >>> psauth.Unreadable.of(ps.records("Vendors"))
    Every cell could be read.
    >>> psauth.Unreadable({("h1Qv8nT2Rk-eU5sLw0xYzA", "Rating"): "1.250,00"})
    1 cell could not be read:
      Rating of h1Qv8nT2Rk-eU5sLw0xYzA: '1.250,00'
    """

    def __init__(self, texts: Mapping[tuple[str, str], str]) -> None:
        self._texts = dict(texts)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Unreadable:
        """The cells of a frame that could not be read; of one stored as Parquet and read again, too."""
        kept = frame.attrs.get(ATTR)
        columns = kept.items() if isinstance(kept, Mapping) else ()
        return cls(
            {
                (str(row), str(column)): str(text)
                for column, texts in columns
                if isinstance(texts, Mapping)
                for row, text in texts.items()
            }
        )

    def mark(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same frame, which says from now on that these cells could not be read; nothing where there are none."""
        frame.attrs.pop(ATTR, None)
        columns: dict[str, dict[str, str]] = {}
        for (row, column), text in self._texts.items():
            columns.setdefault(column, {})[row] = text
        if columns:
            frame.attrs[ATTR] = columns
        return frame

    def __getitem__(self, cell: tuple[str, str]) -> str:
        return self._texts[cell]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(frozenset(self._texts.items()))

    def __repr__(self) -> str:
        if not self:
            return "Every cell could be read."
        lines = [f"{len(self):,} {'cell' if len(self) == 1 else 'cells'} could not be read:"]
        lines += [f"  {column} of {row}: {text!r}" for (row, column), text in list(self.items())[:SHOWN]]
        if len(self) > SHOWN:
            lines.append(f"  and {len(self) - SHOWN:,} more")
        return "\n".join(lines)
