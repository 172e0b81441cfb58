"""A data set made equal to a frame: the difference first, then record by record, and what was not written is named."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from psauth import ArgumentError, PsauthError
from tests.flow.parts import LOST, NOT_DONE, WRITTEN, fault_name

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def methods(writes):
    """The methods of what was written, in turn."""
    return lambda: [method for method, _ in writes()]


@pytest.fixture
def cells(ps):
    """The cells of the data set as they are now, by name."""

    def cells(data_set="Cost centres"):
        frame = ps.records(data_set)
        return frame[["Name", "Budget", "Owner"]].sort_values("Name", ignore_index=True)

    return cells


@pytest.fixture
def there(ps, cells):
    """The records as they are, and the frame they are to become: one changed, one added, one gone."""
    frame = ps.records("Cost centres")
    wanted = frame.copy()
    wanted.loc[0, "Budget"] = 1_234_567.5
    wanted.loc[0, "Owner"] = None
    added = pd.DataFrame({"Name": ["9999 Łódź"], "Budget": [7], "Owner": ["AL"]})
    return frame, pd.concat([wanted.drop(index=3), added], ignore_index=True)


def expected(wanted):
    return wanted[["Name", "Budget", "Owner"]].sort_values("Name", ignore_index=True)


def test_a_dry_run_shows_the_difference_and_writes_nothing(ps, cells, there, methods):
    frame, wanted = there
    before = cells()
    report = ps.write_records("Cost centres", wanted, key="Name", remove=True, dry_run=True)
    assert report.columns.tolist() == ["action", "Name", "record_id", "changes", "outcome", "error"]
    first, gone = frame.loc[0], frame.loc[3]
    assert report[["action", "Name", "record_id"]].astype("object").where(lambda f: f.notna(), "").values.tolist() == [
        ["change", first["Name"], first["record_id"]],
        ["add", "9999 Łódź", ""],
        ["remove", gone["Name"], gone["record_id"]],
    ]
    assert report["changes"][0] == f"Budget: {first['Budget']:g} → 1234567.5; Owner: {first['Owner']} → (empty)"
    assert set(report["outcome"]) == {"planned"}
    assert methods() == []
    assert_frame_equal(cells(), before)


def test_the_data_set_becomes_equal_to_the_frame_with_one_request_a_difference(ps, cells, there, methods):
    _, wanted = there
    report = ps.write_records("Cost centres", wanted, key="Name", remove=True)
    assert set(report["outcome"]) == {"done"}
    assert report["record_id"].notna().all()
    assert sorted(methods()) == ["DELETE", "POST", "PUT"]
    assert_frame_equal(cells(), expected(wanted))


def test_writing_again_writes_nothing(ps, there, methods):
    _, wanted = there
    ps.write_records("Cost centres", wanted, key="Name", remove=True)
    written = len(methods())
    assert len(ps.write_records("Cost centres", wanted, key="Name", remove=True)) == 0
    assert len(methods()) == written


def test_what_was_read_can_be_written_back_as_it_is(ps, methods):
    for data_set in ps.data_sets()["name"]:
        frame = ps.records(data_set)
        for key in ("record_id", frame.columns[1]):
            assert len(ps.write_records(data_set, frame, key=key, remove=True)) == 0, (data_set, key)
    assert methods() == []


def test_without_remove_nothing_is_taken_out(ps, cells, there):
    frame, wanted = there
    ps.write_records("Cost centres", wanted, key="Name")
    assert len(cells()) == len(frame) + 1


def test_columns_that_the_frame_does_not_have_keep_what_they_hold(ps, cells):
    before = cells()
    ps.write_records("Cost centres", pd.DataFrame({"Name": before["Name"][:1], "Budget": [99.0]}), key="Name")
    after = cells()
    assert after.loc[0, "Budget"] == 99.0
    assert_frame_equal(after.drop(columns="Budget"), before.drop(columns="Budget"))


def test_by_record_id_even_the_key_column_can_change_and_rows_without_one_are_added(ps, cells, there):
    frame, _ = there
    renamed = frame.loc[[0], ["record_id", "Name"]].assign(Name="Renamed")
    report = ps.write_records(
        "Cost centres", pd.concat([renamed, pd.DataFrame({"Name": ["Brand new"]})]), key="record_id"
    )
    assert report["action"].tolist() == ["change", "add"]
    names = set(cells()["Name"])
    assert {"Renamed", "Brand new"} <= names
    assert frame.loc[0, "Name"] not in names
    unknown = ps.write_records("Cost centres", renamed.assign(record_id="x" * 22), key="record_id")
    assert unknown["error"].tolist() == ["The data set has no record of this id."]


def test_one_bad_row_does_not_stop_the_rest_and_is_named(ps, cells, there, methods):
    frame, _ = there
    rows = pd.DataFrame(
        {
            "Name": ["Good", "Bad", frame["Name"][0], frame["Name"][0], None, "Better"],
            "Budget": [1, "much", 2, 3, 4, 5],
        }
    )
    report = ps.write_records("Cost centres", rows, key="Name").set_index("outcome")
    assert report.loc[["done"], "Name"].tolist() == ["Good", frame["Name"][0], "Better"]
    failed = report.loc[["failed"]]
    assert failed["Name"].tolist()[:2] == ["Bad", frame["Name"][0]]
    assert "'Budget' takes a number" in failed["error"].iloc[0]
    assert "stands twice in the frame" in failed["error"].iloc[1]
    assert "It has no 'Name'" in failed["error"].iloc[2]
    assert sorted(methods()) == ["POST", "POST", "PUT"]


def test_a_bad_row_does_not_take_its_record_out(ps, cells, there):
    frame, _ = there
    rows = frame[["Name", "Budget"]].astype("object")
    rows.loc[0, "Budget"] = "much"
    report = ps.write_records("Cost centres", rows, key="Name", remove=True)
    assert report["outcome"].tolist() == ["failed"]
    assert len(cells()) == len(frame)


def test_a_row_that_the_service_refuses_is_named_in_its_words(box, ps, there):
    _, wanted = there
    box.knobs.fault("/v1/data-sets", method="PUT", status=422, body='{"error": "Too long", "requestId": "r-1"}')
    report = ps.write_records("Cost centres", wanted, key="Name").set_index("action")
    assert report["outcome"].to_dict() == {"change": "failed", "add": "done"}
    assert "Too long (request r-1)" in report.loc["change", "error"]


def test_a_cell_that_the_service_refuses_is_named_by_its_column(box, ps, there):
    _, wanted = there
    place = list(wanted.columns).index("Budget") - 1  # the record_id is no cell
    body = f'{{"error": "Invalid", "details": {{"cells[{place}].value": "is too large"}}}}'
    box.knobs.fault("/v1/data-sets", method="POST", status=422, body=body)
    report = ps.write_records("Cost centres", wanted, key="Name").set_index("action")
    assert "(the cell 'Budget': is too large)" in report.loc["add", "error"]


def test_records_alike_in_the_data_set_are_not_guessed_between(ps, cells, there):
    frame, _ = there
    ps.write_records("Cost centres", frame.loc[[0], ["Name"]].assign(record_id=None), key="record_id")
    report = ps.write_records("Cost centres", frame.loc[[0], ["Name"]].assign(Budget=1), key="Name")
    assert report["outcome"].tolist() == ["failed"]
    assert "stands 2 times in the data set. Tell the records apart by record_id." in report["error"][0]


@pytest.mark.parametrize("fault", LOST, ids=fault_name)
@pytest.mark.parametrize("method", WRITTEN)
def test_when_an_answer_is_lost_a_look_shows_what_was_done(box, ps, cells, there, methods, method, fault):
    _, wanted = there
    box.knobs.fault("/v1/data-sets", method=method, **fault)
    report = ps.write_records("Cost centres", wanted, key="Name", remove=True)
    assert report["outcome"].tolist() == ["done"] * 3
    assert sorted(methods()) == ["DELETE", "POST", "PUT"], "none twice"
    assert_frame_equal(cells(), expected(wanted))


@pytest.mark.parametrize("fault", NOT_DONE, ids=fault_name)
@pytest.mark.parametrize("method", WRITTEN)
def test_what_was_not_done_is_named_and_done_by_writing_again(box, ps, cells, there, method, fault):
    _, wanted = there
    box.knobs.fault("/v1/data-sets", method=method, **fault)
    report = ps.write_records("Cost centres", wanted, key="Name", remove=True)
    assert sorted(report["outcome"]) == ["done", "done", "failed"]
    assert "It was not written" in report["error"].dropna().iloc[0]
    again = ps.write_records("Cost centres", wanted, key="Name", remove=True)
    assert again["outcome"].tolist() == ["done"]
    assert_frame_equal(cells(), expected(wanted))


def test_many_differences_at_a_bad_hour_end_in_the_frame(box, ps, cells):
    rows = pd.DataFrame({"Name": [f"Centre {n:04}" for n in range(300)], "Budget": range(300)})
    for number in range(12):
        fault = [*LOST, *NOT_DONE][number % 9]
        box.knobs.fault("/v1/data-sets", method="POST", skip=number * 20, **fault)
    for _ in range(4):
        report = ps.write_records("Cost centres", rows, key="Name", remove=True)
        if not len(report):
            break
    else:
        raise AssertionError(report)
    there = cells()
    assert there["Name"].tolist() == rows["Name"].tolist()
    assert there["Budget"].tolist() == rows["Budget"].tolist()


@pytest.mark.parametrize(
    ("frame", "how", "said"),
    [
        (
            {"Name": ["x"]},
            {"key": "Code"},
            r"The frame has no column 'Code'.*Expected one of record_id, Name, Budget, Owner",
        ),
        ({"Name": ["x"]}, {"key": ["Name"]}, r"The frame has no column \['Name'\]"),
        ({"Name": ["x"], "created_date": [1]}, {"key": "created_date"}, "The data set has no column 'created_date'"),
        (
            {"Name": ["x"], "Colour": ["red"]},
            {"key": "Name"},
            r"The data set has no column 'Colour'. Expected Name, Budget",
        ),
    ],
)
def test_columns_that_are_not_there_are_said_before_anything_is_written(ps, methods, frame, how, said):
    with pytest.raises(ValueError, match=said):
        ps.write_records("Cost centres", pd.DataFrame(frame), **how)
    with pytest.raises(ValueError, match="A list cannot be written. Expected a DataFrame"):
        ps.write_records("Cost centres", [{"Name": "x"}], key="Name")
    assert methods() == []


def test_a_key_that_is_no_key_costs_no_report_when_an_answer_is_lost(box, ps, methods):
    rows = pd.DataFrame({"Name": ["New", ["a", "list"]]})
    box.knobs.fault("/v1/data-sets", method="POST", kind="drop", when="after")
    report = ps.write_records("Cost centres", rows, key="Name")
    assert report["outcome"].tolist() == ["done", "failed"]
    assert methods() == ["POST"]


def test_a_frame_that_was_not_read_to_its_end_takes_nothing_out(ps, methods):
    frame = ps.records("Cost centres").head(2)
    frame.attrs["incomplete"] = {"the rest": "Stopped before its end."}
    with pytest.raises(ValueError, match="The frame is incomplete"):
        ps.write_records("Cost centres", frame, key="Name", remove=True)
    assert methods() == []


def test_a_frame_that_was_read_up_to_a_limit_takes_nothing_out(ps, methods):
    frame = ps.records("Cost centres", limit=2)
    with pytest.raises(ArgumentError, match="read up to a limit of 2 records"):
        ps.write_records("Cost centres", frame, key="Name", remove=True)
    assert ps.write_records("Cost centres", frame, key="Name").empty
    assert methods() == []


def test_stopping_leaves_the_rest_planned(ps, there, methods):
    rows = pd.DataFrame({"Name": [f"Centre {n:04}" for n in range(200)]})

    def progress(done, total):
        return not (total == 200 and done >= 3)

    report = ps.write_records("Cost centres", rows, key="Name", progress=progress)
    outcomes = report["outcome"].value_counts()
    assert outcomes["done"] >= 3
    assert outcomes["planned"] > 100


def test_stopping_while_the_data_set_is_being_read_writes_nothing(ps, there, methods):
    frame, _ = there
    with pytest.raises(PsauthError, match="while the data set was being read, so nothing was written"):
        ps.write_records("Cost centres", frame[["Name", "Budget"]], key="Name", progress=lambda done, total: False)
    assert methods() == []


def test_what_was_under_way_when_it_was_stopped_is_not_called_planned(box, ps, methods):
    rows = pd.DataFrame({"Name": [f"Centre {n:04}" for n in range(40)]})
    box.knobs.fault("/v1/data-sets", method="POST", kind="delay", seconds=2, times=40)
    report = ps.write_records("Cost centres", rows, key="Name", progress=lambda done, total: total != 40)
    outcomes = report["outcome"].value_counts()
    assert outcomes["unknown"] > 0
    assert outcomes["unknown"] >= len(methods()), "each that may have reached the service"
    assert outcomes["unknown"] + outcomes["planned"] == 40
    assert report["error"].str.startswith("Stopped while it was under way").sum() == outcomes["unknown"]
