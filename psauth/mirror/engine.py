"""Engine: DuckDB over the files of one publication, as Ibis tables and as SQL. The only module that knows DuckDB."""

from __future__ import annotations

import errno
import os
import secrets
import threading
import weakref
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.expr import operations as ops
from ibis.expr import types as ir
from ibis.expr.schema import Schema
from ibis.formats.pyarrow import PyArrowSchema

from psauth.exceptions import ArgumentError, MirrorError
from psauth.mirror.columns import Field, Layout, to_pandas
from psauth.mirror.delta import Damaged, DeltaFolder, Version

PIECE: Final = 100_000
"""Rows in memory at once where a whole table is written somewhere."""
QUESTIONS: Final = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})
"""Statements that read and do nothing else."""
PLACE: Final = f"place-{secrets.token_hex(16)}-"
"""Begins what stands in a kept SQL where a value is to come. No value has it, for it is another in each process."""
MICRO, NANO = 6, 9
"""Digits of the seconds that moments have: those of the copy, and those that pandas 2 gives frames."""
MISTAKES: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.OutOfRangeException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
"""What DuckDB raises for a question that it cannot answer, whatever stands in the files."""


@dataclass(frozen=True)
class Statement:
    """An expression as SQL, with places for the values that it is asked with."""

    text: str
    in_memory: Sequence[tuple[ops.InMemoryTable, pa.Table]]
    """Tables that are no part of the publication, like the days of a calendar."""
    fields: Sequence[Field]
    """What the columns of its answer may be, as psauth knows them."""

    def with_values(self, values: Sequence[str]) -> str:
        """The SQL with these values in their places."""
        text = self.text
        for number, value in enumerate(values):
            text = text.replace(_literal(f"{PLACE}{number}"), _literal(value))
        return text


class Engine:
    """The tables of one publication. Threads may share it: each has a cursor of its own.

    Nothing but these files can be read through it, and nothing can be written.
    """

    def __init__(self, folder: DeltaFolder, tables: Mapping[str, tuple[Layout, Version]], spill: str) -> None:
        """`spill`: a folder for what does not fit into memory; DuckDB makes it when it needs it, and takes it away.

        Raises Damaged for a table of which a file is not one any more.
        """
        self._folder, self._tables = folder, tables
        self._local = threading.local()
        self.statements: Final[dict[Hashable, Statement]] = {}
        """What whoever asks the same again keeps here: the tables of a publication never change."""
        self.small: Final[dict[str, pd.DataFrame]] = {}
        """What whoever looks something up in a small table keeps here."""
        self.is_torn = False
        """Whether a file turned out, while it was read, not to hold what it should."""
        self._duckdb = duckdb.connect(":memory:")
        local = tables.items() if folder.is_local else ()
        self._paths = [path for name, (_, version) in local for path in folder.paths(name, version.files)]
        for setting, value in (
            ("TimeZone", "UTC"),
            ("temp_directory", spill),
            ("allowed_paths", self._paths),
            ("parquet_metadata_cache", True),  # a published file never changes
            ("python_enable_replacements", False),  # no variable of the caller is a table
            ("enable_external_access", False),
        ):
            self._duckdb.execute(f"SET {setting} = {_literal(value)}")
        for name, (layout, version) in local:
            question = _question(layout, folder.paths(name, version.files))
            try:
                self._duckdb.execute(f"CREATE VIEW {_quoted(name)} AS {question}")
            except duckdb.Error as error:  # it reads how the files end
                raise Damaged(name) from error

    def table(self, name: str) -> ir.Table:
        """A table as an Ibis expression. It belongs to the thread that asks for it."""
        return self._backend().table(name)

    def sql(self, text: str) -> pd.DataFrame:
        """The answer to a question in DuckDB's SQL. ArgumentError with DuckDB's own words where it has a mistake."""
        if not isinstance(text, str) or not text.strip():
            raise ArgumentError(
                'Expected a question in SQL, like ps.sql("select status, count(*) from runs group by 1").'
            )
        cursor = self._cursor()
        with self.explained():
            statements = cursor.extract_statements(text)
            if len(statements) != 1 or statements[0].type not in QUESTIONS:
                raise ArgumentError(
                    "The local copy answers one question at a time, and nothing can be changed in it. Expected one SELECT."
                )
            try:
                answer = cursor.sql(text).to_arrow_table()
            except duckdb.ProgrammingError:
                cursor.execute(text)  # fails the same, and shows where
                raise
        return to_pandas(answer, ())

    def prepare(self, expression: ir.Table, parameters: Sequence[ir.Scalar]) -> Statement:
        """An expression of these tables as SQL, with a place for each of its parameters, which are texts."""
        backend = self._backend()
        places = {parameter: f"{PLACE}{number}" for number, parameter in enumerate(parameters)}
        tables = sorted(expression.op().find(ops.InMemoryTable), key=lambda table: table.name)
        return Statement(
            backend.compile(expression, params=places),
            [(table, table.data.to_pyarrow(table.schema)) for table in tables],
            list(backend._fields_of(expression)),
        )

    def answer(self, statement: Statement, values: Sequence[str]) -> pd.DataFrame:
        """What a prepared expression answers when it is asked with these values."""
        cursor = self._cursor()
        with self.explained():
            for table, rows in statement.in_memory:
                cursor.register(table.name, rows)
            return to_pandas(cursor.sql(statement.with_values(values)).to_arrow_table(), statement.fields)

    def keep_in_memory(self, expressions: Iterable[ir.Table]) -> None:
        """Have `sql` know the tables that are in no file, and that the SQL of these expressions names."""
        tables = {table.name: table for each in expressions for table in each.op().find(ops.InMemoryTable)}
        cursor = self._open_cursor()
        try:
            for name, table in tables.items():
                cursor.register("rows", table.data.to_pyarrow(table.schema))
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(name)} AS SELECT * FROM rows")
                cursor.unregister("rows")
        finally:
            cursor.close()

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The rows of a table, some at a time."""
        cursor = self._open_cursor()  # of its own: whoever takes a piece may ask something else before the next one
        try:
            with self.explained():
                for batch in cursor.sql(f"SELECT * FROM {_quoted(name)}").to_arrow_reader(PIECE):
                    yield pa.Table.from_batches([batch])
        finally:
            cursor.close()

    def copy_to(self, path: str) -> None:
        """All tables as a DuckDB database in a new file; OSError where that cannot be written."""
        try:
            with duckdb.connect(path) as copy:
                for name, (layout, _) in self._tables.items():
                    copy.register("piece", layout.schema().empty_table())
                    copy.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM piece")
                    for piece in self.pieces(name):
                        copy.register("piece", piece)
                        copy.execute(f"INSERT INTO {_quoted(name)} SELECT * FROM piece")
                copy.unregister("piece")
                copy.execute("CHECKPOINT")  # closing would do it, and say nothing of a full disk
        except duckdb.Error as error:
            raise _as_os_error(error) from error

    def _open_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._duckdb.cursor()
        if not self._folder.is_local:
            for name, (layout, version) in self._tables.items():
                cursor.register(name, self._folder.dataset(layout, version))
        return cursor

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """That of this thread."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._open_cursor()
        return cursor

    def _backend(self) -> _Backend:
        """That of this thread, kept by the tables that were taken out of it: they keep the engine, and nothing keeps them."""
        known: weakref.ref[_Backend] | None = getattr(self._local, "backend", None)
        backend = None if known is None else known()
        if backend is None:
            backend = _Backend.over(self._cursor(), self)
            self._local.backend = weakref.ref(backend)
        return backend

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """The columns of the tables, by name."""
        return {name: layout for name, (layout, _) in self._tables.items()}

    def _is_damaged(self) -> bool:
        """Whether a byte of the files is not as it was written."""
        return any(self._folder.damaged(name, version, thorough=True) for name, (_, version) in self._tables.items())

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns an error of DuckDB into one of ours, with its own words and its caret, and without a traceback of ours.

        What goes wrong while pieces of an answer are taken comes through Arrow, as an error of its or of the system.
        """
        try:
            yield
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            words = str(error).strip()
            if any(path in words for path in self._paths) or (not isinstance(error, MISTAKES) and self._is_damaged()):
                self.is_torn = True
                raise MirrorError(
                    f"A file of the published tables is damaged ({words.splitlines()[0]}). Ask again: ps.mirror derives it from "
                    "what was answered before, with no request."
                ) from None
            raise ArgumentError(f"DuckDB cannot answer that.\n{words}") from None


class Compiler(DuckDBCompiler):  # type: ignore[misc] # Ibis ships no types
    """Ibis' SQL for DuckDB, but for three things.

    The time between two moments: DATE_DIFF takes sixty times as long as EPOCH_US, which knows no nanoseconds. What is done
    with each value of a list: DuckDB 2 refuses the arrow (`x -> …`) that Ibis writes. The smallest few values of a group: MIN
    keeps no more than these, and a list keeps all before it is sorted and cut.
    """

    def visit_TimestampDelta(self, op: Any, *, left: Any, right: Any, part: Any) -> Any:  # noqa: N802 - Ibis calls it so
        if part.this != "microsecond":
            return super().visit_TimestampDelta(op, left=left, right=right, part=part)
        if op.left.dtype.scale == NANO:
            left = self.cast(left, op.left.dtype.copy(scale=MICRO))
        if op.right.dtype.scale == NANO:
            right = self.cast(right, op.right.dtype.copy(scale=MICRO))
        return self.f.epoch_us(left) - self.f.epoch_us(right)

    def visit_ArraySlice(self, op: Any, *, arg: Any, start: Any, stop: Any) -> Any:  # noqa: N802 - as above
        is_of_group = isinstance(op.arg, ops.ArraySort) and isinstance(op.arg.arg, ops.ArrayCollect)
        if not is_of_group or not isinstance(op.stop, ops.Literal) or not (op.start.value == 0 < op.stop.value):
            return super().visit_ArraySlice(op, arg=arg, start=start, stop=stop)
        every = arg.find(sge.ArrayAgg)
        every.replace(self.f.anon.min(every.this, stop))
        return arg.this

    def visit_ArrayMap(self, op: Any, *, arg: Any, body: Any, param: Any, index: Any) -> Any:  # noqa: N802 - as above
        if index is not None:
            return super().visit_ArrayMap(op, arg=arg, body=body, param=param, index=index)
        return sge.Array(expressions=[sge.Comprehension(this=body, expression=param, iterator=arg)])


def in_memory() -> Frames:
    """A database without tables, for expressions that are made of frames alone."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    engine: Frames = Frames.from_connection(connection)
    return engine


class Frames(DuckDB):  # type: ignore[misc] # Ibis ships no types
    """Ibis' DuckDB, whose frames are as psauth's frames are; and without what it does that warns of deprecation."""

    compiler = Compiler()

    def execute(
        self,
        expr: ir.Expr,
        /,
        *,
        params: Mapping[ir.Scalar, Any] | None = None,
        limit: int | str | None = None,
        **kwargs: Any,
    ) -> Any:
        answer = self._to_duckdb_relation(expr, params=params, limit=limit, **kwargs).to_arrow_table()
        frame = to_pandas(answer, self._fields_of(expr))
        if isinstance(expr, ir.Table):
            return frame
        if isinstance(expr, ir.Column):
            return frame.iloc[:, 0]
        return None if answer.column(0).null_count else frame.iloc[0, 0]

    def _fields_of(self, expr: ir.Expr) -> Iterable[Field]:
        """The columns that an expression is made of, as psauth knows them; a frame's are known by their types alone."""
        return ()


class _Backend(Frames):
    """The same over the files of one publication."""

    engine: Engine
    layouts: Mapping[str, Layout]

    @classmethod
    def over(cls, cursor: duckdb.DuckDBPyConnection, engine: Engine) -> _Backend:
        backend: _Backend = cls.from_connection(cursor)
        backend.engine, backend.layouts = engine, engine.layouts
        return backend

    def get_schema(self, table_name: str, *, catalog: str | None = None, database: str | None = None) -> Schema:
        if table_name in self.layouts:
            return PyArrowSchema.to_ibis(self.layouts[table_name].schema())
        return super().get_schema(table_name, catalog=catalog, database=database)

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:
        with self.engine.explained():
            return super().execute(expr, **options)

    def _fields_of(self, expr: ir.Expr) -> Iterable[Field]:
        """The columns of the tables that an expression is made of; where two have one of a name, those of the first."""
        fields: dict[str, Field] = {}
        for table in expr.op().find(ops.DatabaseTable):
            for field in self.layouts[table.name].fields if table.name in self.layouts else ():
                fields.setdefault(field.name, field)
        return fields.values()


def _as_os_error(error: duckdb.Error) -> OSError:
    """What the disk said to DuckDB, which has only its words."""
    words = str(error).strip().partition("\n")[0]
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
        if os.strerror(number).casefold() in words.casefold():
            return OSError(number, os.strerror(number))
    return OSError(errno.EIO, words)


def _question(layout: Layout, paths: list[str]) -> str:
    """What a view of a table shows: its files, or none of its rows where it has no file."""
    if paths:
        return f"SELECT * FROM read_parquet({_literal(paths)}, hive_partitioning = false)"
    empty = ", ".join(f"CAST(NULL AS {_type(field.type)}) AS {_quoted(field.name)}" for field in layout.schema())
    return f"SELECT {empty} WHERE false"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return "VARCHAR[]"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE"
    return {pa.bool_(): "BOOLEAN", pa.int64(): "BIGINT", pa.float64(): "DOUBLE"}.get(kind, "VARCHAR")


def _literal(value: str | bool | list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return str(value).lower() if isinstance(value, bool) else "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
