"""Running: the one place that has an expression answered, and shows its SQL. Analyses know nothing of an engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

import ibis.expr.operations as ops
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.expr.types import Table

from psauth.exceptions import ArgumentError
from psauth.mirror.columns import TYPES, to_pandas
from psauth.mirror.engine import Compiler, Frames, in_memory


class _Spark(PySparkCompiler):  # type: ignore[misc] # Ibis ships no types
    """Ibis' SQL for Spark, but for what it asks options that are there only where pyspark is."""

    def visit_Field(self, op: Any, *, rel: Any, name: Any) -> Any:  # noqa: N802 - Ibis calls it so
        return SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802 - as above
        of_any = SQLGlotCompiler if dtype.is_floating() else PySparkCompiler
        return of_any.visit_NonNullLiteral(self, op, value=value, dtype=dtype)


COMPILERS: Final[Mapping[str, Any]] = {"duckdb": Compiler, "spark": _Spark}
"""The dialects in which SQL is shown, and what writes each."""

_local: Final = threading.local()


def run(expression: Table) -> pd.DataFrame:
    """The answer as a frame: by the engine that has the tables (that of the copy, Spark, …), or, of frames alone, in memory."""
    if (rows := _in_memory(expression)) is not None:
        return to_pandas(rows, ())
    engines, _ = expression._find_backends()
    if len(engines) > 1:
        raise ArgumentError("The tables of an analysis are in two places. Expected all of one copy, or frames.")
    if not engines and not hasattr(_local, "frames"):
        _local.frames = in_memory()
    engine = engines[0] if engines else _local.frames
    if isinstance(engine, Frames):
        frame: pd.DataFrame = engine.execute(expression)
        return frame
    return to_pandas(_in_utc(_answer(engine, expression)), ())


def _in_memory(expression: Table) -> pa.Table | None:
    """The rows of a table in memory that is only to be sorted, as statistics leave one: no engine is needed for that."""
    sort = expression.op()
    if not isinstance(sort, ops.Sort) or not isinstance(sort.parent, ops.InMemoryTable):
        return None
    if not all(isinstance(key.arg, ops.Field) and not key.nulls_first for key in sort.keys):
        return None
    rows: pa.Table = sort.parent.data.to_pyarrow(sort.parent.schema)
    keys = [(key.arg.name, "ascending" if key.ascending else "descending") for key in sort.keys]
    return rows.take(pc.sort_indices(rows, sort_keys=keys))  # what is missing comes last


def _answer(engine: Any, expression: Table) -> pa.Table:
    """What another engine than ours answers."""
    if engine.name != "pyspark":
        return engine.to_pyarrow(expression)
    engine._run_pre_execute_hooks(expression)
    # Ibis would take it through pandas, where a missing count makes all counts of its column floats.
    return engine.raw_sql(engine.compile(expression)).toArrow()


def _in_utc(answer: pa.Table) -> pa.Table:
    """Moments of an engine that names no time zone are those of UTC, in which Ibis has Spark's session."""
    is_bare = [pa.types.is_timestamp(field.type) and field.type.tz is None for field in answer.schema]
    fields = [
        field.with_type(TYPES["time"]) if bare else field for field, bare in zip(answer.schema, is_bare, strict=True)
    ]
    return answer.cast(pa.schema(fields))


def sql(expression: Table, dialect: str = "duckdb") -> str:
    """The SQL of an expression. Tables that are made of frames, or of a calendar, stand in it by the names that Ibis gives them."""
    if dialect not in COMPILERS:
        raise ArgumentError(f"There is no dialect {dialect!r} here. Expected one of {', '.join(COMPILERS)}.")
    compiler = COMPILERS[dialect]()
    return str(compiler.to_sqlglot(expression.unbind()).sql(dialect=compiler.dialect, pretty=True))
