"""Sources: the tables that an analysis is made of, those of the local copy or frames in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import ibis
import pandas as pd
from ibis.expr.types import Table

from psauth.exceptions import ArgumentError
from psauth.mirror.columns import LAYOUTS, Layout, to_arrow
from psauth.reading.arguments import shown

if TYPE_CHECKING:
    from psauth.mirror.tables import Mirror

    Tables: TypeAlias = "Mirror | Mapping[str, pd.DataFrame | Table]"

OPTIONAL: Final = frozenset({"gone", "hidden", "stopped"})
"""Columns that a frame may lack: those of the copy alone, and flags that are then taken for no."""


class Sources:
    """`ps.mirror`, or a mapping of the names of tables to frames or to Ibis tables."""

    def __init__(self, tables: Tables) -> None:
        if not hasattr(tables, "__getitem__") or isinstance(tables, pd.DataFrame | str | bytes):
            raise ArgumentError(
                f"An analysis is made of tables. Expected ps.mirror, or frames by name like {{'runs': ps.runs()}}, "
                f"and was given {shown(tables)}."
            )
        self._tables = tables
        as_of = getattr(tables, "as_of", None) or getattr(tables, "published_at", None)
        self.as_of: Final[datetime] = as_of or datetime.now(UTC)
        """The moment of which the tables are: that of the copy; for frames, now."""

    def __contains__(self, name: str) -> bool:
        return name in set(self._names())

    def table(self, name: str, *columns: str) -> Table:
        """These columns of a table; ArgumentError where the tables lack it, or one of them."""
        if name not in self:
            raise ArgumentError(
                f"This analysis needs the table {name!r}, and the tables are {', '.join(sorted(self._names())) or 'none'}. "
                f"Expected ps.mirror, or a mapping that has it: {{{name!r}: ps.{name}(), …}}."
            )
        kept = self._tables[name]
        missing = [column for column in columns if column not in kept.columns and column not in OPTIONAL]
        if missing:
            raise ArgumentError(
                f"This analysis needs the columns {', '.join(missing)} of {name!r}, which the frame lacks. It has "
                f"{', '.join(map(str, kept.columns))}. Expected a frame as ps.{name}() gives it."
            )
        there = [column for column in columns if column in kept.columns]
        table = kept.select(*there) if isinstance(kept, Table) else _memtable(kept, LAYOUTS[name], there)
        for field in LAYOUTS[name].fields:
            if field.name in columns and field.name not in there:
                absent = ibis.literal(False) if field.kind == "flag" else ibis.null("string")
                table = table.mutate(**{field.name: absent})
        return table

    def _names(self) -> Iterator[str]:
        return iter(self._tables)


def _memtable(frame: pd.DataFrame, layout: Layout, columns: list[str]) -> Table:
    """A frame as an Ibis table, its columns of the same types as in the copy."""
    fields = [field for field in layout.fields if field.name in columns]
    return ibis.memtable(to_arrow(frame, fields))
