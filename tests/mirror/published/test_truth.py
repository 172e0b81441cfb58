"""Truth: after a sync of a company behind a real server, the tables hold what the reads of the service hold."""

import pandas as pd
import pytest
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

import psauth
from psauth.cli import main


@pytest.fixture
def synced(box):
    with psauth.connect(settings=box.settings) as ps:
        box.knobs.budget = 100_000
        assert ps.sync(progress=False).is_complete
        yield ps


def in_order(frame, keys):
    return frame.sort_values(keys, ignore_index=True, kind="stable")


def assert_same(read, expected, keys):
    """The same columns, dtypes and rows; in lists, what is no text stands as its JSON in the copy."""
    expected = expected.copy()
    expected.attrs = {}
    lists = [name for name in expected if expected[name].map(lambda value: isinstance(value, list)).any()]
    columns = [name for name in expected if name not in lists]
    assert_frame_equal(in_order(read, keys)[columns], in_order(expected, keys)[columns])
    for name in lists:
        assert read[name].map(type).eq(list).sum() == expected[name].map(type).eq(list).sum()


def test_the_copy_is_what_the_service_says(synced):
    ps, mirror = synced, synced.mirror
    ps.workflows(), ps.users()  # whose names frames fill in
    runs = ps.runs(progress=False)
    became = ["gone", "last_seen", "first_missed"]
    read = mirror.runs.to_pandas()
    assert read[became].isna().all(axis=None)
    assert_same(read.drop(columns=became), runs, ["run_id"])
    for noun, keys in {
        "tasks": ["run_id", "task_id"],
        "form_values": ["run_id", "field_id"],
        "approvals": ["approval_id", "subject_task_id"],
    }.items():
        assert_same(mirror[noun].to_pandas(), getattr(ps, noun)(runs, progress=False), keys)
    assert_same(mirror.workflows.to_pandas(), ps.workflows(), ["workflow_id"])
    assert_same(mirror.users.to_pandas(), ps.users(progress=False), ["user_id"])
    assert_same(mirror.folders.to_pandas(), ps.folders(), ["folder_id"])
    assert_same(mirror.data_sets.to_pandas(), ps.data_sets(), ["data_set_id"])
    assert_same(mirror.schedules.to_pandas(), ps.schedules(), ["schedule_id"])
    assert_same(mirror.workflow_tasks.to_pandas(), ps.workflow_tasks(ps.workflows()), ["workflow_id", "task_id"])
    assert_same(mirror.form_fields.to_pandas(), ps.form_fields(ps.workflows()), ["workflow_id", "field_id"])


def test_the_wide_tables_are_the_wide_frames(synced):
    ps, mirror = synced, synced.mirror
    vendors = ps.records("Vendors")
    assert_same(mirror.records_vendors.to_pandas(), vendors, ["record_id"])
    wide = ps.form_values(workflow="Vendor Approval", wide=True, progress=False)
    wide = wide[wide.drop(columns="run_id").notna().any(axis=1)]
    read = mirror.form_values_vendor_approval.to_pandas()
    read = read[read.drop(columns="run_id").notna().any(axis=1)]
    assert set(wide.columns) == set(read.columns)
    assert_same(read[wide.columns], wide.reset_index(drop=True), ["run_id"])


def test_the_terminal_writes_it_out(synced, box, monkeypatch, tmp_path):
    for name in ("home", "secret_key"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", str(getattr(box.settings, name)))
    sent = synced.requests_sent
    done = CliRunner().invoke(main, ["export", str(tmp_path / "copy"), "--format", "parquet"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Written: ")
    tasks = pd.read_parquet(tmp_path / "copy" / "tasks.parquet")
    assert len(tasks) == synced.mirror.counts()["tasks"]
    done = CliRunner().invoke(main, ["export", str(tmp_path / "copy.duckdb")])
    assert done.output == f"Written: {tmp_path / 'copy.duckdb'}\n"
    done = CliRunner().invoke(main, ["export", str(tmp_path / "x.xlsx"), "--zone", "Nowhere/Land"])
    assert done.exit_code == 1
    assert "There is no time zone 'Nowhere/Land'" in done.output
    assert synced.requests_sent == sent


@pytest.mark.parametrize("name", ["copy.foo", "copy.json", "copy.xls"])
def test_an_ending_that_is_no_format_is_said_and_nothing_is_written(tmp_path, name):
    done = CliRunner().invoke(main, ["export", str(tmp_path / name)])
    assert done.exit_code == 2
    assert (
        f"ends in .{name.partition('.')[2]}, which is no format. Expected one of parquet, csv, xlsx, duckdb"
        in done.output
    )
    assert not (tmp_path / name).exists()
