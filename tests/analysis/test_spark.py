"""Spark: every question has the same answer there as on DuckDB, over the same files."""

import math
import re
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import psauth
from psauth import analysis
from psauth.analysis.running import run
from psauth.exceptions import ArgumentError
from psauth.mirror.columns import LAYOUTS, to_arrow
from tests.analysis.traps import ONE_WORKFLOW, a_log_with_traps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.timeout(1800),  # one test asks all questions, as a second Spark would take longer than they do
]

SETTINGS = {
    "spark.ui.enabled": False,
    "spark.ui.showConsoleProgress": False,
    "spark.driver.memory": "1g",
    "spark.sql.execution.arrow.pyspark.enabled": True,
    "spark.sql.shuffle.partitions": 1,
    # The tables are small: what makes a cluster fast takes longer here than the answers.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": False,
    "spark.sql.constraintPropagation.enabled": False,
    "spark.sql.execution.arrow.localRelationThreshold": 0,
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": False,
}
TOLERANCE = 1e-9
SCALE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Ibis over a Spark of this machine."""
    from pyspark.sql import SparkSession  # the oldest versions are tested without it

    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    builder = builder.config("spark.local.dir", str(folder / "local"))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield ibis.pyspark.connect(session)
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


@pytest.fixture(scope="module")
def mirror():
    """A copy that saw a company at two moments."""
    with psauth.Sandbox(runs=600, seed=5, now="2026-11-20") as box:
        box.knobs.budget = 1_000_000
        with psauth.connect(settings=box.settings) as ps:
            ps.sync(progress=False)
            box.company.live(steps=400, seed=3)
            ps.sync(progress=False)
            yield ps.mirror


def opened(spark, name, paths):
    """A table of these files, which is read once."""
    spark._session.read.parquet(*paths).coalesce(1).cache().createOrReplaceTempView(name)
    return spark.table(name)


def differences(on_spark, on_duckdb, **options):
    """Question → what differs in its answers; and the questions whose answer has no row."""
    differ, empty = {}, set()
    for name in analysis.__all__:
        chosen = options | ({"workflow": "Purchase Request"} if name in ONE_WORKFLOW else {})
        question = getattr(analysis, name)
        one, other = (run(question(tables, **chosen)) for tables in (on_spark, on_duckdb))
        if found := difference(one, other):
            differ[name] = found
        if other.empty:
            empty.add(name)
    return differ, empty


def difference(one, other):
    """What differs in two frames, or nothing: floats are the same to 1e-9, relative, and all else is the very same."""
    if kinds(one) != kinds(other):
        return kinds(one), kinds(other)
    if len(one) != len(other):
        return len(one), len(other)
    for column in other:
        for row, (a, b) in enumerate(zip(one[column], other[column], strict=True)):
            if not is_same(a, b):
                return column, row, a, b
    return None


def kinds(frame):
    """The columns and their types: a category is a text on an engine that knows no categories."""
    return {
        name: "str" if isinstance(dtype, pd.CategoricalDtype) else str(dtype).lower()
        for name, dtype in frame.dtypes.items()
    }


def is_same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, list) or isinstance(b, list):
        return False
    if pd.isna(a) or pd.isna(b):
        return bool(pd.isna(a) and pd.isna(b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCE)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0], [1.0 + 1e-8]), ([1.0], [None]), ([1], [1.0]), (["a"], ["b"]), ([[1.0]], [[2.0]]), ([[1.0], None], [[1.0], []]),
        ([1, 2], [2, 1]), ([1], [1, 1]),
    ],
)  # fmt: skip
def test_a_difference_is_seen(a, b):
    one, other = pd.DataFrame({"a": pd.Series(a)}), pd.DataFrame({"a": pd.Series(b)})
    assert difference(one, other) is not None
    assert difference(one, one) is None
    assert difference(one, one.rename(columns={"a": "b"})) is not None


def test_every_question_about_a_copy(spark, mirror):
    names = [name for name in mirror if not name.startswith(("form_values_", "records_"))]  # those of single templates
    files = {name: DeltaTable(f"{mirror.folder}/{name}").file_uris() for name in names}
    assert all(files.values())
    tables = {name: opened(spark, name, paths) for name, paths in files.items()}
    calendar = psauth.Calendar("Mon-Fri", "08:00-12:00, 13:00-17:00", ["2026-11-18"], "Europe/Berlin")
    differ, empty = differences(tables, mirror, now="2026-11-21", calendar=calendar)
    assert differ == {}
    assert empty == set()
    filters = {"workflow": "Purchase Request", "since": "2026-01-01", "until": "2026-11-01", "robots": False}
    for question, options in (
        (analysis.run_times, filters | {"status": ["Completed", "Archived"]}),
        (analysis.overdue, {"person": mirror.assignments.to_pandas()["email"].mode()[0]}),
        (analysis.throughput, {"every": "month", "since": "2026-02-01"}),
    ):
        options = {"now": "2026-11-21", "calendar": calendar} | options
        frame = run(question(tables, **options))
        assert len(frame)
        assert difference(frame, run(question(mirror, **options))) is None
    lines = re.search(r"## Spark: tried\n.*?```python\n(.*?)```", SCALE, re.DOTALL)[1].replace("TABLES", mirror.folder)
    exec(lines, names := {"spark": spark._session})  # the reader would type it
    assert names["joined"].count() == len(names["frame"]) > 0
    with pytest.raises(ArgumentError, match="The tables of an analysis are in two places"):
        run(analysis.run_times({"runs": tables["runs"], "tasks": mirror.tasks}))


def test_every_question_about_a_log_with_traps(spark, tmp_path):
    frames = a_log_with_traps().tables
    tables = {}
    for name, frame in frames.items():
        rows = to_arrow(frame, [field for field in LAYOUTS[name].fields if field.name in frame])
        pq.write_table(rows, tmp_path / f"{name}.parquet")
        tables[name] = opened(spark, f"log_{name}", [str(tmp_path / f"{name}.parquet")])
    calendar = psauth.Calendar("Mon-Sat", "22:00-06:00, 09:00-12:00", ["2026-05-01"], "Europe/Berlin")
    differ, empty = differences(tables, frames, now="2026-11-20 12:00", calendar=calendar)
    assert differ == {}
    assert empty == {"calibration"}  # of a month before, nothing is known


def test_what_is_asked_of_nothing(spark, tmp_path):
    empty = {name: LAYOUTS[name].schema().empty_table() for name in ("runs", "tasks")}
    tables = {}
    for name, rows in empty.items():
        pq.write_table(rows, tmp_path / f"{name}.parquet")
        tables[name] = opened(spark, f"empty_{name}", [str(tmp_path / f"{name}.parquet")])
    frame = run(analysis.run_times(tables))
    assert frame.empty
    assert kinds(frame) == kinds(run(analysis.run_times({name: rows.to_pandas() for name, rows in empty.items()})))
