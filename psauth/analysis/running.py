"""Running: the one place that has an expression answered, and shows its SQL. Analyses know nothing of an engine."""

from __future__ import annotations

import threading
from typing import Final

import ibis
import pandas as pd
from ibis.expr.types import Table

from psauth.exceptions import ArgumentError
from psauth.mirror.engine import in_memory

DIALECTS: Final = {"duckdb": "duckdb", "spark": "pyspark"}
"""What people call the dialects in which SQL is shown, and what Ibis calls them."""

_local: Final = threading.local()


def run(expression: Table) -> pd.DataFrame:
    """The answer as a frame: by the copy's own engine, or, for an expression of frames alone, in memory."""
    engines, _ = expression._find_backends()
    if len(engines) > 1:
        raise ArgumentError("The tables of an analysis are in two places. Expected all of one copy, or frames.")
    if not engines and not hasattr(_local, "frames"):
        _local.frames = in_memory()
    frame: pd.DataFrame = (engines[0] if engines else _local.frames).execute(expression)
    return frame


def sql(expression: Table, dialect: str = "duckdb") -> str:
    """The SQL of an expression."""
    if dialect not in DIALECTS:
        raise ArgumentError(f"There is no dialect {dialect!r} here. Expected one of {', '.join(DIALECTS)}.")
    return str(ibis.to_sql(expression, dialect=DIALECTS[dialect], pretty=True))
