"""Spark: the same questions over the same files, by DuckDB and by a Spark of this machine; docs/scale.md has the figures.

`python tests/benchmarks/spark.py [RUNS …]` measures with so many runs of 20 tasks, 10,000 and 100,000 by default. It needs Java.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.testing import assert_frame_equal
from pyspark.sql import SparkSession
from ratios import in_turn, line, report, timed

from psauth import Calendar, analysis
from psauth.analysis.running import run
from psauth.mirror.columns import LAYOUTS
from psauth.mirror.engine import in_memory

SIZES = (10_000, 100_000)
TASKS = 20
WORKFLOWS = 12
QUESTIONS = ("bottlenecks", "process_map", "throughput")
OPTIONS: Mapping[str, Any] = {"now": "2026-11-26", "calendar": Calendar(zone="Europe/Berlin")}
FIRST = np.datetime64("2024-01-01T00:00:00", "us")
DAYS = 1_000
ROUNDS = 3


def compare(sizes: tuple[int, ...] = SIZES) -> None:
    """A line a question and size. Spark has its own settings, but for the memory and for two pieces a shuffle, one a core."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="psauth-spark-") as folder:
        builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", f"{folder}/warehouse")
        builder = builder.config("spark.driver.memory", "4g").config("spark.sql.shuffle.partitions", 2)
        builder = builder.config("spark.ui.enabled", False).config("spark.ui.showConsoleProgress", False)
        session = builder.config("spark.sql.execution.arrow.pyspark.enabled", True).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        line("Spark begins", "none, for information", f"{time.perf_counter() - begun:.1f} s", "once a session")
        spark = ibis.pyspark.connect(session)
        for runs in sizes:
            files = write(Path(folder), runs)
            duckdb = in_memory()
            by_duckdb = {name: duckdb.read_parquet(path) for name, path in files.items()}
            by_spark = {name: spark.read_parquet(path, table_name=f"{name}_{runs}") for name, path in files.items()}
            for name in QUESTIONS:
                ask = getattr(analysis, name)
                # The first answers are not timed: Spark writes and compiles code for each question that is new to it.
                first = timed(lambda ask=ask, tables=by_spark: run(ask(tables, **OPTIONS)))
                ways = [partial(answer, ask, tables) for tables in (by_spark, by_duckdb)]
                assert_frame_equal(*(way() for way in ways), rtol=1e-9, atol=0, check_dtype=False)
                theirs, ours = in_turn(*(partial(timed, way) for way in ways), rounds=ROUNDS)
                report(
                    f"Spark / DuckDB: {name}, {runs:,} runs, {runs * TASKS:,} tasks",
                    "none, for information",
                    theirs,
                    ours,
                )
                line(f"Spark, the first answer to {name}", "none, for information", f"{first:.1f} s", "")
        session.stop()


def answer(ask: Any, tables: Mapping[str, Any]) -> pd.DataFrame:
    """The whole answer as a frame."""
    return run(ask(tables, **OPTIONS))


def write(folder: Path, runs: int) -> dict[str, str]:
    """Invented runs and tasks as Parquet files, with the columns of the published tables; name → path."""
    rng = np.random.default_rng(1)
    every = np.arange(runs)
    run_ids = pa.array([f"run{number:019d}" for number in every])
    workflow = every % WORKFLOWS
    started = FIRST + rng.integers(0, DAYS * 86_400_000_000, runs).astype("timedelta64[us]")
    is_done = rng.random(runs) < 0.9
    names = pa.array([f"Workflow {number}" for number in range(WORKFLOWS)])
    made = {
        "run_id": run_ids,
        "name": run_ids,
        "workflow_id": names.take(pa.array(workflow)),
        "workflow_name": names.take(pa.array(workflow)),
        "status": pa.array(np.where(is_done, "Completed", "Active")),
        "created_date": moments(started),
        "updated_date": moments(started),
        "created_by_id": run_ids,
    }
    of_run, step = np.repeat(every, TASKS), np.tile(np.arange(TASKS), runs)
    waits = rng.exponential(4 * 3600 * 1e6, (runs, TASKS)).astype("int64").cumsum(axis=1).reshape(-1)
    completed = started[of_run] + waits.astype("timedelta64[us]")
    is_missing = ~is_done[of_run] & (step > TASKS // 2)
    task_names = pa.array([f"Step {number} of {place}" for number in range(WORKFLOWS) for place in range(TASKS)])
    place = pa.array(workflow[of_run] * TASKS + step)
    emails = pa.array([f"person.{number}@example.com" for number in range(40)])
    tasks = {
        "run_id": run_ids.take(pa.array(of_run)),
        "task_id": task_names.take(place),
        "name": task_names.take(place),
        "task_type": pa.array(["Standard"]).take(pa.array(np.zeros(len(of_run), "int64"))),
        "hidden": pa.array(rng.random(len(of_run)) < 0.05),
        "stopped": pa.array(np.zeros(len(of_run), bool)),
        "completed_date": moments(completed, is_missing),
        "completed_by_email": emails.take(pa.array(rng.integers(0, 40, len(of_run)))),
    }
    return {name: written(folder, name, runs, columns) for name, columns in (("runs", made), ("tasks", tasks))}


def written(folder: Path, name: str, runs: int, columns: Mapping[str, pa.Array]) -> str:
    """The path of a file; columns that are not made have no values."""
    schema = LAYOUTS[name].schema()
    count = len(columns["run_id"])
    path = folder / f"{name}-{runs}.parquet"
    pq.write_table(pa.table([columns.get(f.name, pa.nulls(count, f.type)) for f in schema], schema=schema), path)
    return str(path)


def moments(values: np.ndarray, is_missing: np.ndarray | None = None) -> pa.Array:
    """Moments in UTC."""
    return pa.array(values, pa.timestamp("us"), mask=is_missing).cast(pa.timestamp("us", "UTC"))


if __name__ == "__main__":
    compare(tuple(map(int, sys.argv[1:])) or SIZES)
