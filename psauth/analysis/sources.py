"""Sources: the tables that an analysis is made of, those of the local copy or frames in their place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import ibis
import pandas as pd
from ibis.expr.types import Table

from psauth.calendars.calendars import Calendars
from psauth.exceptions import ArgumentError
from psauth.mirror.columns import CHANGES, FACTS, LAYOUTS, RULES, TYPES, Field, to_arrow
from psauth.reading.arguments import moment, shown

if TYPE_CHECKING:
    from psauth.mirror.engine import Engine
    from psauth.mirror.gaps import Gaps
    from psauth.mirror.tables import Mirror

Tables: TypeAlias = "Mirror | Mapping[str, pd.DataFrame | Table]"
"""What an analysis is made of: the local copy, or frames (or Ibis tables) by the names of its tables."""

MOMENT: Final = "timestamp('UTC', 6)"
"""The type of moments, as the tables have them."""
OPTIONAL: Final = frozenset({"gone", "hidden", "stopped", "order_tree"})
"""Columns that a frame may lack: those of the copy alone, flags that are then taken for no, and an order that is then unknown."""
OF_COPY: Final = frozenset({RULES.name, CHANGES.name, *FACTS})
"""Tables that the copy alone has: no reader gives them."""
IBIS_TYPES: Final = {"text": "string", "category": "string", "flag": "boolean", "count": "int64", "number": "float64"}


class Sources:
    """`ps.mirror`, or a mapping of the names of tables to frames or to Ibis tables."""

    def __init__(self, tables: Tables, now: Any = None) -> None:
        """`now`: the moment at which open runs are looked at; that of the copy by default, for frames the present."""
        if not hasattr(tables, "__getitem__") or isinstance(tables, pd.DataFrame | Table | str | bytes | list | tuple):
            raise ArgumentError(
                f"An analysis is made of tables, and was given {shown(tables)}. Expected ps.mirror, or frames by name, like "
                "{'runs': ps.runs(), 'tasks': ps.tasks()}."
            )
        self._tables = tables
        of_copy = getattr(tables, "as_of", None) or getattr(tables, "published_at", None)
        self.now: Final[datetime] = moment(now) if now is not None else of_copy or datetime.now(UTC)
        """The moment of which the tables are."""
        self.engine: Final[Engine | None] = getattr(tables, "engine", None)
        """What answers questions of the copy; None for frames."""
        self.calendars: Final[Calendars | None] = getattr(tables, "calendars", None)
        """What the copy counts working hours by; None for frames."""
        self.gaps: Final[Gaps | None] = getattr(tables, "gaps", None)
        """What the copy lacks; None for frames."""

    def __contains__(self, name: str) -> bool:
        return name in set(self._tables)

    def table(self, name: str, *columns: str) -> Table:
        """These columns of a table; ArgumentError where the tables lack it, or one of them."""
        if name not in self:
            names = ", ".join(sorted(map(str, self._tables))) or "none"
            raise ArgumentError(
                f"This analysis needs the table {name!r}; the tables it was given are {names}. Expected ps.mirror, or a "
                f"mapping that has it: {{{name!r}: {_source(name)}, …}}."
            )
        kept = self._tables[name]
        if not isinstance(kept, pd.DataFrame | Table):
            raise ArgumentError(
                f"This analysis needs the table {name!r}, and was given {shown(kept)} for it. Expected a frame as "
                f"{_source(name)} gives it, or an Ibis table."
            )
        missing = [column for column in columns if column not in kept.columns and column not in OPTIONAL]
        if missing:
            raise ArgumentError(
                f"This analysis needs the columns {', '.join(missing)} of {name!r}, which the frame lacks: it has "
                f"{', '.join(map(str, kept.columns))}. Expected a frame as {_source(name)} gives it."
            )
        fields = {field.name: field for field in LAYOUTS[name].fields if field.name in columns}
        there = [column for column in columns if column in kept.columns]
        table = kept.select(*there) if isinstance(kept, Table) else _memtable(kept, [fields[c] for c in there])
        absent = {column: _absent(fields[column]) for column in columns if column not in there}
        return table.mutate(**absent).select(*columns)


def _source(name: str) -> str:
    """What gives such a frame: the client, but for tables that the copy alone has."""
    return f"ps.mirror.{name}.to_pandas()" if name in OF_COPY else f"ps.{name}(…)"


def _absent(field: Field) -> Any:
    return ibis.literal(False) if field.kind == "flag" else ibis.null(IBIS_TYPES[field.kind])


def _memtable(frame: pd.DataFrame, fields: list[Field]) -> Table:
    """A frame as an Ibis table, its columns of the same types as in the copy. (Of frames, Ibis asks pandas what is deprecated.)"""
    try:
        return ibis.memtable(to_arrow(frame, fields))
    except (TypeError, ValueError) as error:  # Arrow's own errors are among them
        kinds = ", ".join(f"{field.name} ({TYPES[field.kind]})" for field in fields)
        raise ArgumentError(f"A frame cannot be read: {error}. Expected the columns {kinds}.") from None
