"""Records are told apart by a key that may be missing, unreadable, doubled or changed by a file: none is taken for another."""

import pandas as pd
import pytest

from tests.flow.sheet import Sheet


@pytest.fixture
def sheet(box, ps):
    return Sheet(box, ps)


def names(sheet):
    return [cells["Name"] for cells in sheet.cells]


def test_a_record_without_a_key_is_told_by_its_id(sheet):
    sheet.plant([{"Name": None, "Amount": 1}, {"Name": "", "Amount": 2}, {"Name": "Linz", "Amount": 3}])
    frame = sheet.read()
    frame.loc[1, "Amount"] = 20
    report = sheet.write(frame, remove=True)
    assert report[["action", "outcome"]].values.tolist() == [["change", "done"]]
    assert [cells["Amount"] for cells in sheet.cells] == [1, 20, 3]


def test_a_row_that_cannot_be_told_keeps_every_record_in_its_place(sheet):
    sheet.plant([{"Name": None, "Amount": 1}, {"Name": "Linz", "Amount": 2}, {"Name": "Graz", "Amount": 3}])
    frame = sheet.read().drop(columns="record_id")
    report = sheet.write(frame[frame["Name"] != "Graz"], remove=True).set_index("action")
    assert report.loc["add", "outcome"] == "failed"
    assert "It has no 'Name'" in report.loc["add", "error"]
    assert set(report.loc[["remove"], "outcome"]) == {"failed"}
    assert "a row that cannot be told by its key" in report.loc[["remove"], "error"].iloc[0]
    assert sheet.written == []


def test_a_record_without_a_key_is_removed_when_the_frame_lacks_it(sheet):
    sheet.plant([{"Name": None, "Amount": 1}, {"Name": "Linz", "Amount": 2}])
    report = sheet.write(sheet.read().iloc[[1]], remove=True)
    assert report["action"].tolist() == ["remove"]
    assert names(sheet) == ["Linz"]


def test_a_key_that_cannot_be_read_is_a_key_by_its_text(sheet):
    sheet.plant([{"Name": "a", "Amount": "1.250,00"}, {"Name": "b", "Amount": 7}])
    frame = pd.DataFrame({"Amount": ["1.250,00", 7], "Label": ["x", "y"]})
    assert sheet.write(frame, key="Amount", remove=True)["outcome"].tolist() == ["done", "done"]
    assert [(c["Name"], c["Amount"], c["Label"]) for c in sheet.cells] == [("a", "1.250,00", "x"), ("b", 7, "y")]


def test_records_of_one_key_are_told_by_their_ids(sheet):
    sheet.plant([{"Name": "Linz", "Amount": 1}, {"Name": "Linz", "Amount": 2}])
    frame = sheet.read()
    frame.loc[1, "Amount"] = 20
    assert sheet.write(frame, remove=True)["outcome"].tolist() == ["done"]
    assert [cells["Amount"] for cells in sheet.cells] == [1, 20]
    without = sheet.write(frame.drop(columns="record_id").assign(Amount=5), remove=True)
    assert without["outcome"].tolist() == ["failed", "failed"]
    assert "stands 2 times in the data set" in without["error"][0]


def test_a_number_out_of_a_file_means_the_text_it_was_made_of(sheet):
    sheet.plant([{"Name": "007", "Label": "0043"}, {"Name": "8", "Label": "1.50"}])
    frame = pd.DataFrame({"Name": [7, 8], "Label": [43, 1.5], "Amount": [1.0, 2.0]})
    assert sheet.write(frame, remove=True)["action"].tolist() == ["change", "change"]
    assert [(c["Name"], c["Label"], c["Amount"]) for c in sheet.cells] == [("007", "0043", 1), ("8", "1.50", 2)]
    sheet.plant([{"Name": "007"}, {"Name": "7"}])
    assert sheet.write(pd.DataFrame({"Name": [7], "Amount": [1]}))["outcome"].tolist() == ["done"]
    assert [c["Amount"] for c in sheet.cells] == [None, 1]


def test_a_cell_of_a_field_that_is_no_longer_listed_is_kept(sheet):
    gone = "g" * 22
    sheet.plant([{"Name": "Linz", gone: "kept"}, {"Name": "Graz"}])
    frame = sheet.read()
    assert frame[gone].tolist()[0] == "kept"
    assert sheet.write(frame, remove=True).empty
    frame.loc[0, "Amount"] = 5
    assert sheet.write(frame)["outcome"].tolist() == ["done"]
    assert sheet.cells[0] == {"Name": "Linz", "Label": None, "Amount": 5, "Since": None, gone: "kept"}
    frame.loc[0, gone] = "changed"
    refused = sheet.write(frame)
    assert refused["outcome"].tolist() == ["failed"]
    assert f"no longer lists {gone!r}" in refused["error"][0]
    with pytest.raises(ValueError, match=f"The data set has no column {'h' * 22!r}"):
        sheet.write(frame.rename(columns={gone: "h" * 22}))


def test_a_refusal_says_what_was_sent_along(box, sheet):
    sheet.plant([{"Name": "Linz", "Amount": "1.250,00"}])
    box.knobs.fault(
        "/v1/data-sets", method="PUT", status=422, body='{"error": "Invalid", "details": {"cells[2].value": "no"}}'
    )
    report = sheet.write(sheet.read().assign(Label="new"))
    assert "the cell 'Amount': no" in report["error"][0]
    assert "Sent along as the data set holds it: Amount '1.250,00'. Mend that first." in report["error"][0]


def test_columns_named_alike_are_written_where_they_were_read(sheet):
    for field, name in zip(sheet.fields, ["Name", "name", "NAME ", "Since"], strict=True):
        field["name"] = name
    sheet.plant([{"Name": "a", "Label": "b", "Amount": 3}])
    frame = sheet.read()
    columns = [name for name, field_id in frame.attrs["field_ids"].items() if field_id != sheet.ids["Since"]]
    assert len({name.casefold() for name in columns}) == 3
    assert frame.loc[0, columns].tolist() == ["a", "b", 3]
    frame[columns[1]] = "changed"
    assert sheet.write(frame, key=columns[0])["outcome"].tolist() == ["done"]
    assert [c["Label"] for c in sheet.cells] == ["changed"]
