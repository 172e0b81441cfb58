"""Records of a data set, written one by one and from a file, and read back by id, by list, by column and by choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from psauth.sandbox import SandboxServer
from tests.sandbox.conftest import NOW

Cells = dict[str, Any]


@pytest.fixture
def _server() -> Iterator[SandboxServer]:
    with SandboxServer(runs=12, now=NOW) as server:
        yield server


@pytest.fixture
def vendors(box: SandboxServer) -> dict[str, Any]:
    return next(s for s in box.company.library.data_sets if s["name"] == "Vendors")


@pytest.fixture
def path(vendors: dict[str, Any]) -> str:
    return f"/data-sets/{vendors['id']}/records"


@pytest.fixture
def every(path: str, walk: Any) -> Any:
    """All records by id, as the list shows them."""
    return lambda: {row["id"]: row for page in walk(path, "records") for row in page}


def body(vendors: dict[str, Any], **values: Any) -> dict[str, Any]:
    ids = {field["name"].replace(" ", "_"): field["id"] for field in vendors["fields"]}
    return {"cells": [{"fieldId": ids[name], "value": value} for name, value in values.items()]}


def values(vendors: dict[str, Any], record: dict[str, Any]) -> Cells:
    names = {field["id"]: field["name"] for field in vendors["fields"]}
    return {names[cell["fieldId"]]: cell["value"] for cell in record["cells"]}


def test_a_new_record_is_in_the_list_in_order_of_its_id(
    box: SandboxServer, send: Any, get: Any, path: str, vendors: dict[str, Any], every: Any
) -> None:
    before = every()
    answer = send("POST", path, body(vendors, Name="Tromsø AS", Rating="4.5", Approved_on="2026-10-01"))
    assert (answer.status_code, set(answer.json())) == (201, {"id"})
    shown = get(f"{path}/{answer.json()['id']}").json()
    assert every() == {**before, shown["id"]: shown}
    assert list(every()) == sorted(every())
    expected = {"Name": "Tromsø AS", "Rating": 4.5, "Approved on": "2026-10-01T00:00:00.000Z", "Country": None}
    assert values(vendors, shown) == expected
    assert shown["audit"]["createdDate"] == shown["audit"]["updatedDate"]
    assert shown["audit"]["createdBy"] == box.company.staff.signers[0].record()


def test_a_put_replaces_all_cells_and_answers_with_the_record(
    send: Any, get: Any, path: str, vendors: dict[str, Any], every: Any
) -> None:
    old = next(iter(every().values()))
    answer = send("PUT", f"{path}/{old['id']}", body(vendors, Name="Tromsø AS", Country="NO"))
    new = get(f"{path}/{old['id']}").json()
    assert (answer.status_code, answer.json()) == (200, new)
    assert values(vendors, new) == {"Name": "Tromsø AS", "Rating": None, "Approved on": None, "Country": "NO"}
    assert new["audit"]["createdDate"] == old["audit"]["createdDate"]
    assert new["audit"]["updatedDate"] > old["audit"]["updatedDate"]
    assert every()[old["id"]] == new


def test_a_deleted_record_is_told_once_more_and_gone(send: Any, get: Any, path: str, every: Any) -> None:
    old = next(iter(every().values()))
    answer = send("DELETE", f"{path}/{old['id']}")
    assert (answer.status_code, answer.json()) == (200, old)
    assert get(f"{path}/{old['id']}").status_code == 404
    assert send("DELETE", f"{path}/{old['id']}").status_code == 404
    assert old["id"] not in every()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"Rating": "good"}, "cells[0].value"),
        ({"Approved_on": "soon"}, "cells[0].value"),
        ({"Approved_on": 7}, "cells[0].value"),
    ],
)
def test_a_cell_that_does_not_fit_its_column_is_a_422(
    send: Any, path: str, vendors: dict[str, Any], every: Any, given: Cells, place: str
) -> None:
    before = every()
    answers = [send("POST", path, body(vendors, **given)), send("PUT", f"{path}/{min(before)}", body(vendors, **given))]
    for answer in answers:
        assert (answer.status_code, answer.json()["errorCode"]) == (422, "Validation")
        assert list(answer.json()["details"]) == [place]
    assert every() == before


def test_columns_that_are_unknown_or_twice_are_a_422(send: Any, path: str, vendors: dict[str, Any]) -> None:
    [cell] = body(vendors, Name="x")["cells"]
    answer = send("POST", path, {"cells": [cell, cell, {"fieldId": "nothing", "value": None}]})
    assert set(answer.json()["details"]) == {"cells[1].fieldId", "cells[2].fieldId"}


def test_columns_narrow_the_list_exactly_and_in_any_case(
    send: Any, get: Any, path: str, vendors: dict[str, Any], walk: Any
) -> None:
    column = {field["name"]: f"columns[{field['id']}]" for field in vendors["fields"]}
    for number in range(23):
        send("POST", path, body(vendors, Name=f"Straße {number}", Rating=4, Country="ÅX"))

    def found(**query: str) -> list[Any]:
        shown = [row for page in walk(path, "records", **query) for row in page]
        return [values(vendors, row)["Name"] for row in shown]

    # More than a page: the next link carries the filter.
    assert sorted(found(**{column["Country"]: "åx"})) == sorted(f"Straße {n}" for n in range(23))
    assert found(**{column["Country"]: "åx", column["Name"]: "STRASSE 7"}) == ["Straße 7"]
    assert len(found(**{column["Rating"]: "4", column["Country"]: "ÅX"})) == 23
    assert found(**{column["Country"]: "å"}) == []
    assert found(**{"columns[nothing]": "x"}) == []


def test_a_choice_offers_the_records_that_there_are(
    box: SandboxServer, send: Any, walk: Any, path: str, vendors: dict[str, Any]
) -> None:
    template, field_id = next((t, f[0]) for t in box.company.templates for f in t.fields if f[3].source == "Vendors")
    address = f"/workflows/{template.id}/form-fields/{field_id}/options"
    before = [option for page in walk(address, "options") for option in page]
    send("DELETE", f"{path}/{before[0]['dataSetRowId']}")
    send("PUT", f"{path}/{before[1]['dataSetRowId']}", body(vendors, Name="Renamed"))
    new = send("POST", path, body(vendors, Name="Tromsø AS")).json()["id"]
    after = [(o["dataSetRowId"], o["label"]) for page in walk(address, "options") for o in page]
    assert (before[1]["dataSetRowId"], "Renamed") in after
    assert (new, "Tromsø AS") in after
    assert before[0]["dataSetRowId"] not in dict(after)


def test_what_was_drawn_stays_when_its_record_is_gone(
    box: SandboxServer, send: Any, get: Any, path: str, every: Any
) -> None:
    def filled() -> list[Any]:
        return [get(f"/workflow-runs/{run.id}/form-fields").json() for run in box.company.runs]

    before = filled()
    for row_id in every():
        send("DELETE", f"{path}/{row_id}")
    assert filled() == before


# The CSV file


@pytest.fixture
def load(box: SandboxServer, api: requests.Session, path: str) -> Any:
    def post(content: str | bytes, strategy: str = "Append", key: str | None = None) -> requests.Response:
        form = {"strategy": strategy, **({"key": key} if key is not None else {})}
        files = {"file": ("rows.csv", content, "text/csv")}
        return api.post(f"{box.api_url}{path}/import", data=form, files=files, timeout=10)

    return post


def test_append_only_adds(load: Any, vendors: dict[str, Any], every: Any) -> None:
    before = every()
    answer = load('Name,Rating\n"Straße, 7",4\n\nTromsø,\n'.encode("utf-8-sig"))
    assert answer.json() == {"id": vendors["id"], "created": 2, "updated": 0, "deleted": 0}
    after = every()
    assert {row_id: after[row_id] for row_id in before} == before
    added = [values(vendors, row) for row_id, row in after.items() if row_id not in before]
    empty = {"Approved on": None, "Country": None}
    rows = [{"Name": "Straße, 7", "Rating": 4.0, **empty}, {"Name": "Tromsø", "Rating": None, **empty}]
    assert sorted(added, key=lambda row: row["Name"]) == rows


@pytest.mark.parametrize("strategy", ["Upsert", "Sync"])
def test_a_key_finds_the_record_and_other_columns_keep_their_values(
    load: Any, vendors: dict[str, Any], every: Any, strategy: str
) -> None:
    before = every()
    old = next(row for row in before.values() if values(vendors, row)["Country"])
    name = values(vendors, old)["Name"]
    answer = load(f'Name,Rating\n"{name}",1.5\nTromsø,2\nTromsø,3\n', strategy, "Name")
    gone = len(before) - 1 if strategy == "Sync" else 0
    assert answer.json() == {"id": vendors["id"], "created": 1, "updated": 1, "deleted": gone}
    after = every()
    assert values(vendors, after[old["id"]]) == {**values(vendors, old), "Rating": 1.5}
    assert [values(vendors, r)["Rating"] for r in after.values() if values(vendors, r)["Name"] == "Tromsø"] == [3.0]
    assert len(after) == len(before) + 1 - gone


@pytest.mark.parametrize(
    ("content", "strategy", "key", "place"),
    [
        ("Name\nx\n", "Upsert", None, "key"),
        ("Name\nx\n", "Append", "Name", "key"),
        ("Name\nx\n", "Sync", "Nothing", "key"),
        ("Country\nx\n", "Sync", "Name", "file"),
        ("", "Append", None, "file"),
        ("Nothing\nx\n", "Append", None, "file"),
        ("Name,Name\nx,y\n", "Append", None, "file"),
        ("Name,Country\nx\n", "Append", None, "file"),
        ("Name,Rating\nx,4\ny,good\n", "Append", None, "file"),
        ('Name\n"x', "Append", None, "file"),
    ],
)
def test_a_file_that_does_not_fit_is_a_422_and_nothing_is_written(
    load: Any, every: Any, content: str, strategy: str, key: str | None, place: str
) -> None:
    before = every()
    answer = load(content, strategy, key)
    assert (answer.status_code, list(answer.json()["details"])) == (422, [place])
    assert every() == before


def test_a_form_that_is_none_is_a_400(
    box: SandboxServer, api: requests.Session, load: Any, path: str, send: Any
) -> None:
    answers = [load("Name\n", "Bogus"), load(b"Name\n\xff\n"), send("POST", f"{path}/import", {"strategy": "Append"})]
    headers = {"Content-Type": "multipart/form-data"}
    answers.append(api.post(f"{box.api_url}{path}/import", data=b"x", headers=headers, timeout=10))
    assert {answer.status_code for answer in answers} == {400}
    assert {answer.headers["Content-Type"].partition(";")[0] for answer in answers} == {"text/plain"}
