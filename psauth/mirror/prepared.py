"""Prepared: expressions that are compiled once and then answered for one month after another, in memory."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import pyarrow as pa
from ibis.expr.types import Table
from ibis.formats.pyarrow import PyArrowSchema

from psauth.mirror.engine import Compiler, in_memory


class Prepared:
    """Tables in DuckDB's memory, and the SQL of what is made of them."""

    def __init__(self) -> None:
        self._engine = in_memory()
        self._made: dict[str, tuple[Table, str]] = {}

    def close(self) -> None:
        """Let go of the memory."""
        self._engine.disconnect()

    def put(self, name: str, rows: pa.Table) -> Table:
        """Rows as a table of this name, in the place of those before; what the table is called in expressions."""
        self._engine.con.register(name, rows)
        return ibis.table(PyArrowSchema.to_ibis(rows.schema), name=name)

    def prepare(self, name: str, expression: Table) -> Table:
        """What `make` makes a table of this name of; what that table is called in expressions."""
        self._engine._register_in_memory_tables(expression)  # a calendar's days; they live as long as the expression
        query = Compiler().to_sqlglot(expression).sql(dialect=Compiler.dialect)
        self._made[name] = expression, query
        return ibis.table(expression.schema(), name=name)

    def make(self, name: str) -> None:
        """Answer an expression out of the rows that are there now."""
        self._engine.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {self._made[name][1]}')

    def rows(self, name: str, schema: pa.Schema, size: int) -> Iterator[pa.Table]:
        """The rows of a table that was made, so many at a time."""
        for batch in self._engine.con.table(name).to_arrow_reader(size):
            yield pa.Table.from_batches([batch]).cast(schema)
