"""Event logs as files: what the standard library and pandas read is what was written, in XES, CSV and Parquet."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import psauth
from psauth.analysis import event_log
from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.export import events
from psauth.export.cells import clean
from psauth.export.xes import write_xes
from tests.analysis.logs import Log, answer
from tests.export.xes_files import Trace, read_xes

CASE, ACTIVITY, TIME = "case:concept:name", "concept:name", "time:timestamp"
ENDINGS = ("xes", "csv", "parquet")
NASTY = [
    'a "quoted" name',
    "one's & <b>all</b> ]]>",
    "two\nlines\tand a tab",
    "Grüße, 日本語, 😀",
    "-; x | y",
    " ",
    "UNKNOWN",
]
"""Names that each kind of file keeps as they are."""


def a_log(*names: str | None, **more: Any) -> pd.DataFrame:
    """A run with an event a minute."""
    at = pd.date_range("2026-11-02 09:00", periods=len(names), freq="min", tz="UTC").astype("datetime64[us, UTC]")
    frame = pd.DataFrame(
        {CASE: "r", ACTIVITY: pd.Series(names, dtype="str"), TIME: at, "lifecycle:transition": "complete"}
    )
    return frame.assign(**more)


def written(log: pd.DataFrame, folder: Path, ending: str) -> Path:
    path = folder / f"log.{ending}"
    assert psauth.save_event_log(log, path) == path
    assert [each.name for each in folder.iterdir()] == [path.name]
    return path


@pytest.fixture
def xes(tmp_path: Path) -> Callable[[pd.DataFrame], list[Trace]]:
    return lambda log: read_xes(written(log, tmp_path, "xes"))


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """What pandas reads; of a CSV file it knows that only an empty cell is missing."""
    return lambda log: pd.read_csv(written(log, tmp_path, "csv"), keep_default_na=False, na_values=[""])


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda log: pd.read_parquet(written(log, tmp_path, "parquet"))


def names_of(traces: list[Trace]) -> list[str]:
    return [event[ACTIVITY][1] for _, of_events in traces for event in of_events]


def test_the_answer_of_the_analysis_is_written_as_xes(xes):
    log = Log().template("order", "pay")
    log.run("r", "2026-11-02 09:00", ("pay", "2026-11-02 10:00"), ("order", "2026-11-02 10:00"))
    log.run("s", "2026-11-03 09:00", status="Active")
    [(of_run, of_events), (_, of_other)] = xes(answer(event_log, log))
    assert of_run == {
        "concept:name": ("string", "r"),
        "name": ("string", "Run r"),
        "workflow_id": ("string", "w-Purchase"),
        "workflow": ("string", "Purchase"),
        "status": ("string", "Completed"),
    }
    assert [event[ACTIVITY][1] for event in of_events] == ["Run started", "Order", "Pay", "Run finished"]
    assert of_events[1] == {
        "concept:name": ("string", "Order"),
        "time:timestamp": ("date", "2026-11-02T10:00:00.000+00:00"),
        "org:resource": ("string", "ann@example.com"),
        "lifecycle:transition": ("string", "complete"),
        "task_id": ("string", "order"),
    }
    assert set(of_other[0]) == {"concept:name", "time:timestamp", "lifecycle:transition"}, (
        "nothing stands for what is missing"
    )


def test_the_answer_of_the_analysis_is_read_back_from_parquet_and_csv(parquet, csv, tmp_path):
    log = answer(
        event_log, Log().run("r", "2026-11-02 09:00", ("order", "2026-11-02 10:00"), ("pay", "2026-11-02 11:00"))
    )
    pd.testing.assert_frame_equal(parquet(log), log)
    (tmp_path / "log.parquet").unlink()
    read = csv(log)
    assert list(read.columns) == list(log.columns)
    assert set(read[TIME]) == {f"2026-11-02T{hour}:00:00.000+00:00" for hour in ("09", "10", "11")}
    read[TIME] = pd.to_datetime(read[TIME])
    pd.testing.assert_frame_equal(read.astype(log.dtypes.to_dict()), log)


@pytest.mark.parametrize("ending", ENDINGS)
def test_names_that_do_harm_are_read_as_they_are(ending, xes, csv, parquet):
    log = a_log(*NASTY)
    read = names_of(xes(log)) if ending == "xes" else (csv if ending == "csv" else parquet)(log)[ACTIVITY].tolist()
    expected = ["'-; x | y" if name == "-; x | y" and ending == "csv" else name for name in NASTY]
    assert read == expected


def test_what_xml_cannot_hold_stands_as_its_escape(xes):
    assert names_of(xes(a_log("bell \x07", "nul \x00", "\ufffe", "next line \x85"))) == [
        "bell \\x07",
        "nul \\x00",
        "\\ufffe",
        "next line \x85",
    ]


@settings(max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_can_be_read_back(names):
    file = io.BytesIO()
    write_xes(a_log(*names), file)
    file.seek(0)
    assert names_of(read_xes(file)) == list(map(clean, names))


def test_no_text_runs_as_a_formula_and_ids_stay_ids(csv):
    read = csv(a_log("=1+1", "@SUM(A1)", "NA", **{CASE: "--x_1", "task_id": ["-t", "=t", None], "case:name": "-n"}))
    assert read[ACTIVITY].tolist() == ["'=1+1", "'@SUM(A1)", "NA"]
    assert read[CASE].tolist() == ["--x_1"] * 3
    assert read["task_id"].fillna("").tolist() == ["-t", "'=t", ""]
    assert set(read["case:name"]) == {"'-n"}


def test_csv_has_no_mark_before_its_first_head_and_no_activity_is_missing(tmp_path):
    path = written(a_log("", "x"), tmp_path, "csv")
    assert path.read_bytes().decode().splitlines() == [
        "case:concept:name,concept:name,time:timestamp,lifecycle:transition",
        "r,(no name),2026-11-02T09:00:00.000+00:00,complete",
        "r,x,2026-11-02T09:01:00.000+00:00,complete",
    ]


def test_parquet_says_that_nothing_is_missing_where_nothing_may_be(tmp_path):
    log = a_log("x")
    log["org:resource"] = pd.Series([None], dtype="object")
    log[TIME] = log[TIME].astype("datetime64[ns, UTC]")
    schema = pq.read_schema(written(log, tmp_path, "parquet"))
    assert {field.name for field in schema if not field.nullable} == {CASE, ACTIVITY, TIME}
    assert str(schema.field(TIME).type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("org:resource").type) == "string"


@pytest.mark.parametrize("dtype", ["as it is", "object"])
def test_an_empty_log_is_a_file_that_can_be_read(tmp_path, dtype):
    log = a_log().assign(task_id="")
    if dtype == "object":
        log = log.astype({column: "object" for column in log.columns if column != TIME})
    paths = [tmp_path / f"log.{ending}" for ending in ENDINGS]
    for path in paths:
        psauth.save_event_log(log, path)
    assert read_xes(paths[0]) == []
    assert list(pd.read_csv(paths[1]).columns) == list(log.columns)
    assert pd.read_csv(paths[1]).empty
    read = pd.read_parquet(paths[2])
    assert (len(read), str(read[TIME].dtype)) == (0, "datetime64[us, UTC]")
    assert not any("null" in str(field.type) for field in pq.read_schema(paths[2]))


def test_a_log_of_one_event(xes, csv, tmp_path):
    [(_, [event])] = xes(a_log("alone"))
    assert event[TIME] == ("date", "2026-11-02T09:00:00.000+00:00")
    (tmp_path / "log.xes").unlink()
    assert len(csv(a_log("alone"))) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_moments_of_another_zone_are_in_utc_and_keep_their_microseconds(ending, xes, csv, parquet):
    log = a_log("x")
    log[TIME] = pd.to_datetime(["2026-10-25T02:30:00.000001+01:00"]).tz_convert("Europe/Berlin")
    at = "2026-10-25T01:30:00.000001+00:00"
    if ending == "parquet":
        assert parquet(log)[TIME].tolist() == [pd.Timestamp(at)]
    else:
        assert (xes(log)[0][1][0][TIME][1] if ending == "xes" else csv(log)[TIME].iloc[0]) == at


def test_events_of_a_run_stand_together_in_the_order_of_time(xes):
    log = pd.concat(
        [a_log("b1", "b3").assign(**{CASE: "b"}), a_log("a1", "a2").assign(**{CASE: "a"}), a_log("b2", "b0")]
    )
    log.iloc[4:, 0] = "b"
    log = log.iloc[[0, 2, 3, 1, 4, 5]]
    traces = xes(log)
    assert [of_run[ACTIVITY][1] for of_run, _ in traces] == ["b", "a"]
    # Of one moment are b1 and b2, b3 and b0: they stay in the order of the frame.
    assert names_of(traces) == ["b1", "b2", "b3", "b0", "a1", "a2"]


def test_values_of_every_kind_have_their_element(xes):
    more = {
        "flag": pd.array([True, None], dtype="boolean"),
        "number": [3, 2**63],
        "share": [0.5, float("inf")],
        "count": pd.array([None, 7], dtype="Int64"),
        "day": pd.to_datetime(["2026-01-01", None]),
        "people": [["a", "b"], None],
        "kind": pd.Categorical(["x", None]),
        "case:amount": [1.5, 2.5],
        CASE: [12, 12],
    }
    [(of_run, [first, second])] = xes(a_log("x", "y", **more))
    assert of_run == {"concept:name": ("string", "12"), "amount": ("float", "1.5")}
    assert {key: value for key, value in first.items() if ":" not in key} == {
        "flag": ("boolean", "true"),
        "number": ("int", "3"),
        "share": ("float", "0.5"),
        "day": ("date", "2026-01-01T00:00:00.000+00:00"),
        "people": ("string", "a; b"),
        "kind": ("string", "x"),
    }
    assert {key: value for key, value in second.items() if ":" not in key} == {
        "number": ("string", str(2**63)),
        "share": ("float", "INF"),
        "count": ("int", "7"),
    }


def test_what_some_events_lack_is_not_said_to_be_everywhere(xes):
    [(_, [first, second])] = xes(a_log("x", "y", **{"lifecycle:transition": ["start", None]}))
    assert first["lifecycle:transition"] == ("string", "start")
    assert "lifecycle:transition" not in second


@pytest.mark.parametrize("ending", ["xes", "csv"])
def test_a_log_in_pieces_is_the_same_file(tmp_path, monkeypatch, ending):
    log = pd.concat([a_log("x", "y").assign(**{CASE: "r"}), a_log("z", "=").assign(**{CASE: "s"})])
    log.iloc[3, 2] += pd.Timedelta(1, "us")  # one moment has microseconds: all are written alike
    whole = written(log, tmp_path, ending).read_bytes()
    sizes = []
    pieces = events.columns
    monkeypatch.setattr(events, "AT_ONCE", 1)
    monkeypatch.setattr(events, "columns", lambda frame, zone: sizes.append(len(frame)) or pieces(frame, zone))
    assert written(log, tmp_path, ending).read_bytes() == whole
    assert set(sizes) == {1}


LACKING = a_log("x", None)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            a_log("x").drop(columns=[ACTIVITY, TIME]),
            "needs concept:name, time:timestamp, which the frame lacks: it has case",
        ),
        (pd.DataFrame(), "which the frame lacks: it has no columns. Expected a frame as ps.analysis.event_log"),
        (a_log("x", **{TIME: "2026-11-02"}), "time:timestamp holds no moments with a time zone, but "),
        (a_log("x", **{TIME: pd.Timestamp("2026-11-02")}), "but datetime64"),
        (LACKING, "1 event of 2 have no concept:name"),
        (LACKING, 'Leave them out: frame.dropna(subset=["concept:name"])'),
        (a_log("x", "y", **{TIME: pd.to_datetime([None, None], utc=True)}), "2 events of 2 have no time:timestamp"),
        (pd.concat([a_log("x"), a_log("x")[[ACTIVITY]]], axis="columns"), "has concept:name twice"),
        (a_log("x")[ACTIVITY], "A Series is not a DataFrame"),
        ("log", 'Expected one, as in psauth.save_event_log(frame, "log.xes")'),
    ],
)
def test_what_is_no_event_log_is_refused_and_nothing_is_written(tmp_path, log, said):
    with pytest.raises(ArgumentError, match=re.escape(said)):
        psauth.save_event_log(log, tmp_path / "log.xes")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["log", "log.xml", "log.xes.gz", "", None, 3])
def test_a_name_that_does_not_say_what_to_write_is_refused(path):
    with pytest.raises(ArgumentError, match=r"log\.xes"):
        psauth.save_event_log(a_log("x"), path)
    assert list(Path().iterdir()) == []


def test_an_ending_in_capitals_will_do(tmp_path):
    assert names_of(read_xes(written(a_log("x"), tmp_path, "XES"))) == ["x"]


def test_what_parquet_cannot_hold_is_said_and_what_stood_there_stays(tmp_path):
    path = written(a_log("x"), tmp_path, "parquet")
    before = path.read_bytes()
    with pytest.raises(
        ArgumentError, match=r"Parquet cannot hold a column of this frame: .*\. Write it as \.xes or \.csv\."
    ):
        psauth.save_event_log(a_log("x", "y", mixed=[1, "a"]), path)
    assert path.read_bytes() == before
    with pytest.raises(FileNotWritten, match="there is no folder"):
        psauth.save_event_log(a_log("x"), tmp_path / "nowhere" / "log.xes")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_frame_of_somebody_is_not_changed(tmp_path):
    log = a_log("y", "x").iloc[::-1]
    before = log.copy()
    for ending in ENDINGS:
        psauth.save_event_log(log, tmp_path / f"log.{ending}")
    pd.testing.assert_frame_equal(log, before)
