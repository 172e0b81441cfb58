"""The table itself: what it takes and what it does not, and that psauth's own endpoints stand in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from psauth.reading.endpoints import ASSIGNED_TASKS, ENDPOINTS, RUN_SEARCH, RUNS, TASK_ASSIGNMENTS, Endpoint
from tests.contract.table import FILE, Table, sample, table

ROOT = Path(__file__).parents[2]
PERSON = {"id": "p1", "email": "ada@example.com", "username": "Ada"}

SMALL = Table("""
[kinds]
state = "Open|Not_done"
either = "person|null"
[records]
person = "id name?"
thing = "+person many:text* some:person+ state:state when?:moment either:either left:null|number note:text!"
[reads]
"/things" = { query = "state? _?", answer = "things?:thing*" }
"/things/list" = { answer = "things?:thing*" }
"/things/{thingId}" = { answer = "+thing" }
[writes]
"POST /things" = { status = 201, body = "name" }
""")
THING = {"id": "x", "many": [], "some": [{"id": "y"}], "state": "Not done", "either": None, "left": 1.5, "note": "n"}


def is_thing(record: object) -> bool:
    check = SMALL.answer(SMALL.operation("get", "/things/{thingId}"))
    assert check is not None
    return check.is_valid(record)


def test_a_record_is_its_fields() -> None:
    assert is_thing(THING)
    assert is_thing({**THING, "name": "x", "when": "2099-10-01T09:00:00.000Z", "either": {"id": "z"}, "left": None})


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1},
        {"many": [1]},
        {"many": None},
        {"some": []},
        {"some": [{"name": "no id"}]},
        {"state": "Not_done"},
        {"when": "yesterday"},
        {"when": None},
        {"either": "x"},
        {"left": "1.5"},
        {"note": ""},
        {"unknown": 1},
    ],
)
def test_what_is_otherwise_is_found(change: dict[str, object]) -> None:
    assert not is_thing({**THING, **change})


@pytest.mark.parametrize("missing", ["id", "many", "some", "state", "either", "left", "note"])
def test_what_is_missing_is_found(missing: str) -> None:
    assert not is_thing({name: value for name, value in THING.items() if name != missing})


def test_a_request_is_found_by_its_path() -> None:
    assert SMALL.find("GET", "/things/list").path == "/things/list"
    assert SMALL.find("GET", "/things/abc").path == "/things/{thingId}"
    with pytest.raises(LookupError, match="DELETE /things/abc is no documented request"):
        SMALL.find("DELETE", "/things/abc")
    with pytest.raises(LookupError):
        SMALL.find("GET", "/things/abc/more")


@pytest.mark.parametrize("name", table().operations)
def test_what_is_made_up_after_the_table_fits_it(name: str) -> None:
    row = table().operations[name]
    for check, text in ((table().body(row), row.body), (table().answer(row), row.answer)):
        if check is not None and text is not None:
            check.validate(sample(table(), text))
            must = [field for field, needed, _ in table().fields(text) if needed]
            check.validate(sample(table(), text, names=must))


def test_no_record_stands_there_for_nothing() -> None:
    text = FILE.read_text("utf-8")
    for name in {*table().records, *table().kinds} - {"error"}:  # which is of no endpoint, but of all
        uses = re.findall(rf"[:+|\"]{re.escape(name)}(?=[*+|\" ])", text)
        assert uses, name


# psauth's own table ---------------------------------------------------------------------------------------------------

READS = {endpoint.path: endpoint for endpoint in (*ENDPOINTS.values(), RUN_SEARCH, ASSIGNED_TASKS, TASK_ASSIGNMENTS)}


def as_documented(path: str) -> str:
    """With the braces' names of the table: `{run_id}` is `{workflowRunId}` there, and the like."""
    return re.sub(r"\{\w+\}", "x", path)


@pytest.mark.parametrize("endpoint", READS.values(), ids=READS)
def test_what_psauth_reads_is_documented(endpoint: Endpoint) -> None:
    row = table().find("GET", as_documented(endpoint.path))
    assert row.answer is not None
    lists = {name: kind for name, _, kind in table().fields(row.answer)}
    known = endpoint.list_key in lists
    assert known or endpoint.list_key == "data"
    if not known or not lists[endpoint.list_key].endswith("*"):
        return
    record = lists[endpoint.list_key].removesuffix("*")
    for column in endpoint.columns:
        first, *rest = column.path.split(".")
        if first.startswith(("@", "links")) or not column.path:
            continue
        fields = {name: kind for name, _, kind in table().fields(table().records[record])}
        assert first in fields, (endpoint.noun, column.path)
        if rest:
            inner = {name for name, _, _ in table().fields(table().records[fields[first].rstrip("*")])}
            assert rest[0] in inner, (endpoint.noun, column.path)


def test_the_known_words_of_a_category_are_the_documented_ones() -> None:
    columns = {column.path: column for column in RUNS.columns}
    assert set(columns["status"].known) <= set(table().kinds["run-status"].split("|"))


# Against the document itself, for who has it --------------------------------------------------------------------------


def test_the_tool_says_what_a_document_says_otherwise(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(
        '{"paths": {"/workflows": {"get": {"responses": {"default": {"content": {"application/json": '
        '{"schema": {"type": "object", "properties": {"error": {"type": "string"}}}}}}}}}}}'
    )
    command = [sys.executable, str(ROOT / "tools" / "contract.py"), str(document)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "GET /users: not in the document" in done.stdout
    assert "error.required" in done.stdout
