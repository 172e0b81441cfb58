"""What an analysis may be made of."""

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from psauth.analysis import run_times, sla_fit
from psauth.analysis.running import run, sql
from psauth.analysis.sources import Sources
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer

LOG = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 10:00"))


@pytest.mark.parametrize("tables", [None, "runs", 7, pd.DataFrame({"run_id": ["r"]}), [1]], ids=repr)
def test_what_is_no_tables(tables):
    with pytest.raises(
        ArgumentError, match="An analysis is made of tables, and was given .*Expected ps.mirror, or frames"
    ):
        Sources(tables)


def test_what_is_no_frame_in_the_place_of_a_table():
    with pytest.raises(
        ArgumentError, match=r"needs the table 'runs', and was given \{'run_id'.* for it\. Expected a frame"
    ):
        run_times({"runs": {"run_id": ["r"]}, "tasks": {}})


def test_a_table_that_is_missing():
    with pytest.raises(
        ArgumentError, match=r"needs the table 'tasks'; the tables it was given are runs\. .*\{'tasks': ps\.tasks"
    ):
        run_times({"runs": LOG.tables["runs"]})


def test_a_table_that_the_copy_alone_has_comes_from_there():
    with pytest.raises(ArgumentError, match=r"\{'rules': ps\.mirror\.rules\.to_pandas\(\), …\}"):
        run(sla_fit(LOG.tables))


def test_a_column_that_is_missing():
    tables = LOG.tables
    tables["tasks"] = tables["tasks"].drop(columns="completed_date")
    with pytest.raises(ArgumentError, match="needs the columns completed_date of 'tasks', which the frame lacks"):
        run_times(tables)


def test_flags_and_what_became_of_runs_may_be_missing():
    tables = LOG.tables
    tables["tasks"] = tables["tasks"].drop(columns=["hidden", "stopped"])
    assert answer(run_times, tables)["hours"].tolist() == [1.0]


def test_a_column_of_another_type():
    tables = LOG.tables
    tables["runs"]["created_date"] = "some day"
    with pytest.raises(ArgumentError, match=r"A frame cannot be read.*created_date \(timestamp"):
        run_times(tables)


def test_ibis_tables_are_taken_as_they_are():
    tables = {
        name: ibis.memtable(Sources({name: frame}).table(name, *frame.columns).to_pyarrow())
        for name, frame in LOG.tables.items()
    }
    assert answer(run_times, tables)["hours"].tolist() == [1.0]


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis' own, of the DuckDB that it knows
def test_ibis_tables_of_another_engine_are_answered_by_it():
    elsewhere = ibis.duckdb.connect()
    tables = {
        name: elsewhere.create_table(name, Sources({name: frame}).table(name, *frame.columns).to_pyarrow())
        for name, frame in LOG.tables.items()
    }
    frame = answer(run_times, tables)
    assert frame["hours"].tolist() == [1.0]
    assert frame["started"].dtype == "datetime64[us, UTC]"


def test_the_order_of_rows_and_columns_does_not_matter():
    log = (
        Log()
        .run("r", "2026-11-02", ("a", "2026-11-03"), ("b", "2026-11-04"))
        .run("s", "2026-11-02", ("a", "2026-11-05"))
    )
    turned = {name: frame.iloc[::-1, ::-1].reset_index(drop=True) for name, frame in log.tables.items()}
    assert answer(run_times, turned).equals(answer(run_times, log))


def test_the_sql_can_be_seen():
    expression = run_times(LOG.tables, workflow="Purchase")
    for dialect, word in {"duckdb": "'w-Purchase'", "spark": "`run_id`"}.items():
        text = sql(expression, dialect)
        assert text.startswith(("WITH", "SELECT"))
        assert word in text


def test_a_dialect_that_there_is_not():
    with pytest.raises(ArgumentError, match="There is no dialect 'oracle' here. Expected one of duckdb, spark"):
        sql(run_times(LOG.tables), "oracle")


def test_now_is_the_present_for_frames():
    frame = run(run_times(Log().run("r", "2026-11-02", status="Active").tables))
    assert frame["age_hours"].iloc[0] == pytest.approx(
        (pd.Timestamp.now("UTC") - pd.Timestamp("2026-11-02", tz="UTC")).total_seconds() / 3600, abs=0.1
    )


def test_what_is_in_memory_is_sorted_as_the_engine_sorts_it():
    rows = pa.table({"a": [2, None, 1, 2, None], "b": ["y", "x", None, "é", "Z"], "n": range(5)})
    table = ibis.memtable(rows)
    for keys in ([ibis.desc("a"), "b"], ["a", ibis.desc("b"), "n"], ["b"], [ibis.desc("b")]):
        expected = ibis.duckdb.connect().to_pyarrow(table.order_by(*keys))
        assert run(table.order_by(*keys))["n"].tolist() == expected["n"].to_pylist()
