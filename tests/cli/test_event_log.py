"""psauth event-log: what happened in runs as a file for process-mining tools, out of the local copy."""

import pandas as pd
import pytest

import psauth
from psauth.words import counted
from tests.export.xes_files import read_xes

PATH = "log.xes"
CASE = "case:concept:name"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "logs"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_a_log_of_one_workflow_and_of_all(connected, terminal, folder):
    with psauth.connect(settings=connected.settings) as ps:
        ps.sync(progress=False)
        of_all, of_one = ps.analysis.event_log(), ps.analysis.event_log(workflow="Purchase Request")
    connected.requests.clear()
    code, out, err = terminal("event-log", "Purchase Request", "--out", PATH)
    how_much = f"{len(of_one)} events of {counted(of_one[CASE].nunique(), 'run')}"
    assert (code, out.strip(), err) == (0, f"Written: {PATH} ({how_much})", "")
    assert [(each[0]["concept:name"][1], len(each[1])) for each in read_xes(folder / PATH)] == list(
        of_one.groupby(CASE, sort=False).size().items()
    )
    code, out, _ = terminal("event-log", "--all", "--out", "all.parquet", "--since", "2020-01-01")
    assert (code, f"({len(of_all)} events of" in out) == (0, True)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "all.parquet"), of_all)
    code, out, err = terminal("event-log", "--all", "--out", "none.csv", "--since", "2999-01-01")
    assert (code, out.strip(), err) == (0, "Written: none.csv (0 events of 0 runs)", "")
    assert pd.read_csv(folder / "none.csv").empty

    code, _, err = terminal("event-log", "Purchase Requests", "--out", PATH)
    assert (code, err.startswith("Error: No workflow is called 'Purchase Requests'. Did you mean:")) == (1, True)
    code, _, err = terminal("event-log", "--all", "--out", "nowhere/log.csv")
    assert code == 1
    assert "there is no folder nowhere. Create the folder first" in err
    assert sorted(path.name for path in folder.iterdir()) == ["all.parquet", PATH, "none.csv"]
    assert read_xes(folder / PATH), "what stood there is still whole"
    assert not connected.requests.matching("/v1/")


def test_without_a_copy_it_says_what_to_type(connected, terminal, folder):
    code, _, err = terminal("event-log", "--all", "--out", PATH)
    assert code == 1
    assert "There is no local copy" in err
    assert err.rstrip().endswith("psauth sync")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--out'"),
        (("--out", PATH), "Expected either a workflow or --all."),
        (("Purchase Request", "--all", "--out", PATH), "Expected either a workflow or --all."),
        (("--all", "--out", "log.xml"), "'log.xml' does not end in .xes, .csv or .parquet"),
        (("--all", "--out", PATH, "--since", "soon"), "'soon' is not a date. Expected ISO 8601, like 2026-11-01."),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_expected(terminal, folder, words, said):
    code, _, err = terminal("event-log", *words)
    assert code == 2
    assert said in " ".join(err.split())
    assert list(folder.iterdir()) == []
