"""SQL: answers as frames, mistakes in DuckDB's words, and nothing but the tables within reach."""

import traceback

import pandas as pd
import pytest

from psauth.exceptions import ArgumentError


@pytest.fixture
def folder(company):
    return company.folder


@pytest.fixture
def sql(company):
    return company.mirror.sql


def test_an_answer_has_the_dtypes_of_a_frame(sql):
    frame = sql("select status, created_date, shared, due_date is null as open, 1 as n, null as x from runs limit 2")
    assert frame.dtypes.astype(str).to_dict() == {
        "status": "str",
        "created_date": "datetime64[us, UTC]",
        "shared": "boolean",
        "open": "boolean",
        "n": "int32",
        "x": "str",
    }


def test_sums_and_differences_are_numbers_and_times(sql):
    frame = sql(
        "select sum(case when status = 'Active' then 1 else 0 end) as active, sum(null::int) as nothing, "
        "avg(1.5) as mean, max(due_date - created_date) as length from runs"
    )
    assert frame.dtypes.astype(str).tolist() == ["int64", "Int64", "float64", "timedelta64[us]"]
    assert frame["active"][0] == 6
    assert frame["length"][0] == pd.Timedelta("14D 14h")


@pytest.mark.parametrize(
    "question",
    [
        "from runs",
        "with a as (select 1) select * from a",
        "describe runs",
        "show tables",
        "explain select 1",
        "summarize tasks",
    ],
)
def test_every_kind_of_question_is_answered(sql, question):
    assert len(sql(question)) > 0


@pytest.mark.parametrize(
    ("question", "word"),
    [("select nam from runs", "nam"), ("select * from runz", "runz"), ("selec 1", "selec"), ("select foo(1)", "foo")],
)
def test_a_mistake_comes_back_in_duckdbs_words_with_its_caret(sql, question, word):
    with pytest.raises(ArgumentError) as raised:
        sql(question)
    first, *_, line, caret = str(raised.value).rstrip().splitlines()
    assert first == "DuckDB cannot answer that."
    assert line == f"LINE 1: {question}"
    assert caret.index("^") == line.index(word)
    assert set(caret.strip()) == {"^"}
    assert "During handling" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("question", ["", "   ", "-- nothing", "select 1; select 2", None, 7])
def test_what_is_no_single_question_is_refused(sql, question):
    with pytest.raises(ArgumentError, match="Expected (one SELECT|a question in SQL)"):
        sql(question)


@pytest.mark.parametrize(
    "statement",
    [
        "create table x as select 1",
        "insert into runs select * from runs",
        "drop view runs",
        "copy runs to 'x.csv'",
        "attach 'x.db'",
        "set enable_external_access = true",
        "install httpfs",
        "pragma threads = 1",
        "call pragma_version()",
    ],
)
def test_nothing_can_be_changed(sql, statement, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArgumentError):
        sql(statement)
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == []


@pytest.mark.parametrize(
    "question",
    [
        "select * from read_text('{secret}')",
        "select * from '{secret}'",
        "select * from read_csv('{secret}')",
        "select * from glob('{folder}/*')",
        "select * from read_parquet('{folder}/*/month=2026-01/*.parquet')",
    ],
)
def test_no_other_file_can_be_read(sql, folder, tmp_path, question):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\ntop-secret\n")
    with pytest.raises(ArgumentError) as raised:
        sql(question.format(secret=secret, folder=folder.url))
    assert "top-secret" not in str(raised.value)


def test_no_variable_of_the_caller_is_a_table(sql):
    frame = pd.DataFrame({"a": [1]})  # noqa: F841 # what DuckDB would find by itself
    with pytest.raises(ArgumentError, match="frame"):
        sql("select * from frame")


def test_a_column_called_twice_is_there_twice(sql):
    assert len(sql("select run_id, run_id from runs").columns) == 2
