"""Spark: every question has the same answer there as on DuckDB, over the same files."""

import math

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

import psauth
from psauth import analysis
from psauth.analysis.running import run
from psauth.exceptions import ArgumentError
from psauth.mirror.columns import LAYOUTS, to_arrow
from tests.analysis.logs import Log

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
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": False,
}
TOLERANCE = 1e-9
ONE_WORKFLOW = ("before_after", "drivers")
"""The questions that are about one."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """Ibis over a Spark of this machine."""
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
    with pytest.raises(ArgumentError, match="The tables of an analysis are in two places"):
        run(analysis.run_times({"runs": tables["runs"], "tasks": mirror.tasks}))


def a_log_with_traps():
    """Everything that an engine may see in another way: clocks that change, holidays, nights, equal moments, nothing at all."""
    log = Log().users(ann="ann@example.com", bob="Bob@Example.com", robot="api-7@process.st")
    log.template("a", "b", "c", "d", workflow="Purchase Request").template("x", "y", workflow="Other")
    for number in range(44):  # enough of a kind for chances and comparisons
        run_id, day, is_slow = f"r{number:02}", f"2026-{4 + number // 15:02}-{1 + number % 15 * 2:02}", number % 2
        log.run(
            run_id, f"{day} 08:00:00.000001",
            ("a", f"{day} 09:00"),
            # Two at the same moment, one of them before the run was started as the service has it:
            ("b", f"{day} 09:00" if number % 3 else f"{day} 07:59:59.999999"),
            {"task_id": "c", "completed": f"{day} {11 + 7 * is_slow}:30", "by": "BOB@example.com", "due": f"{day} 12:00"},
            {"task_id": "d", "completed": f"{day} {13 + 9 * is_slow}:00", "hidden": number % 5 == 0},
            workflow="Purchase Request", due=f"{day} 20:00", by="bob" if number % 4 else "robot",
        )  # fmt: skip
        office = "Köln" if is_slow else "Ålesund"
        log.answered(run_id, "a", "office", "Select", value=office)
        log.answered(run_id, "a", "amount", "Number", number=[0.1, 100.0, 1e6, None][number % 4])
        log.answered(run_id, "a", "wanted", "Date", date=f"{day} 12:00" if number % 2 else None)
        log.answered(run_id, "b", "kinds", "MultiChoice", items=[["one", "two"], [], None, ["two"]][number % 4])
        log.answered(run_id, "b", "note", "Text")
    for number in range(9):
        run_id = f"open{number}"
        log.run(
            run_id, f"2026-11-{10 + number} 22:30",
            ("a", f"2026-11-{10 + number} 23:59:59.999999") if number % 2 else ("a", None),
            {"task_id": "b", "due": f"2026-11-{12 + number} 00:00", "to": ["ann@example.com", "BOB@example.com", "Bob@example.com"]},
            {"task_id": "c", "due": "2026-11-20 12:00", "stopped": number == 4},
            status="Active", workflow="Purchase Request", due=f"2026-11-{19 + number} 04:00", by="ann",
        )  # fmt: skip
    log.run("spring", "2026-03-28 21:00", ("x", "2026-03-29 00:59:59"), ("y", "2026-03-29 05:00"), workflow="Other")
    log.run("autumn", "2026-10-24 21:00", ("y", "2026-10-25 00:30"), ("x", "2026-10-25 01:30"), workflow="Other")
    log.run("holiday", "2026-05-01 00:00", ("x", "2026-05-04 23:00"), workflow="Other")
    log.run("no-task", "2026-06-01 09:00", updated="2026-06-02 09:00", workflow="Other")
    log.run(
        "archived", "2026-06-01 09:00", ("x", None), status="Archived", updated="2026-06-09 09:00", workflow="Other"
    )
    log.run("gone-template", "2026-06-01 09:00", {"task_id": "z", "completed": "2026-06-02 09:00"}, workflow="Other")
    log.run("too-early", "1999-12-31 23:59", ("x", "2000-01-01 00:01"), workflow="Other")
    for number in range(7):
        decided = ("Approved", "Rejected")[number % 2]
        by = None if number == 3 else "boss@example.com"
        log.approval(f"r{number:02}", "c", decided, f"2026-04-{2 + 2 * number:02} 18:00", by, subject="b")
        log.changed(
            "approvals", f"r{number:02}", "status", '"Rejected"', '"Approved"', "2026-04-20", f"r{number:02}/c/b"
        )
    for old, new in (("2026-04-01", "2026-04-03T10:00:00Z"), ("2026-04-03T10:00:00Z", None), (None, "2026-04-04")):
        log.change("tasks", "r00", "c", "dueDate", old, new)
    log.change("runs", "r02", "r02", "dueDate", "no date", "2026-04-06T20:00:00Z")
    log.change("runs", "r03", "r03", "dueDate", "2026-04-07T22:00:00+02:00", "2026-04-07T20:00:00Z")
    log.change("runs", "open1", "open1", "dueDate", "2026-11-21T04:00:00Z", "2026-11-20T04:00:00Z")
    log.change("runs", "r05", "r05", "migrationStatus", "Migrating", "Inactive")
    log.due_rule("c", "P1DT4H", workflow="Purchase Request")
    log.due_rule(
        "d", "PT2H", "PreviousTaskCompletedDate", "Purchase Request", businessDaysHandlingMode="BusinessDaysOnly"
    )
    log.due_rule("b", "P2D", workflow="Purchase Request", businessDaysHandlingMode="ShiftToNextBusinessDay")
    log.due_rule("a", "P1M", "FormFieldValue", "Purchase Request", sourceWidgetId="wanted", offsetDirection="Before")
    log.due_rule(None, "P3D", workflow="Purchase Request")
    log.show_rule("never", [("office", "Is", "Rome")], to=["q"], workflow="Purchase Request")
    log.show_rule("ever", [("kinds", "Contains", "two"), ("office", "IsNot", "Rome")], workflow="Purchase Request")
    log.field("note", workflow="Purchase Request").field("office", "Select", workflow="Purchase Request")
    log.option("office", "Rome", "Rome")
    log.schedule("2026-11-22 23:30", workflow="Purchase Request")
    log.revision("1", "2026-01-01", workflow="Purchase Request", updated="2026-01-02")
    log.revision("2", "2026-04-20", workflow="Purchase Request", updated="2026-05-02", status="Finished")
    return log


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
