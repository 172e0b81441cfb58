"""psauth report: one page out of the local copy, and what is said where there is none."""

import pytest

import psauth
from tests.analysis.pages import check_harmless, texts

PATH = "report.html"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "reports"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.mark.slow
def test_a_page_about_one_workflow_and_about_all(connected, terminal, folder):
    with psauth.connect(settings=connected.settings) as ps:
        ps.sync(progress=False)
    code, out, err = terminal("report", "Purchase Request", "--out", PATH, "--since", "2020-01-01")
    assert (code, out.strip(), err) == (0, f"Written: {PATH}", "")
    html = (folder / PATH).read_text("utf-8")
    check_harmless(html)
    assert texts(html).startswith("Purchase Request")
    assert "runs started since 2020-01-01" in texts(html)
    assert terminal("report", "--all", "--out", "all.htm")[0] == 0
    assert texts((folder / "all.htm").read_text("utf-8")).startswith("All workflows")

    code, out, err = terminal("report", "--all", "--out", "none.html", "--since", "2099-01-01")
    assert (code, out.strip(), err.strip()) == (0, "Written: none.html", "Note: No run was started since then.")

    code, _, err = terminal("report", "Purchase Requests", "--out", PATH)
    assert code == 1
    assert err.startswith("Error: No workflow is called 'Purchase Requests'. Did you mean: Purchase Request (")
    assert (folder / PATH).read_text("utf-8") == html
    code, _, err = terminal("report", "--all", "--out", "nowhere/report.html")
    assert code == 1
    assert "there is no folder nowhere. Create the folder first" in err
    assert sorted(p.name for p in folder.iterdir()) == ["all.htm", "none.html", PATH]


@pytest.mark.slow
@pytest.mark.filterwarnings("always::psauth.PsauthWarning")
def test_what_a_copy_lacks_is_said_on_the_terminal_and_on_the_page(connected, terminal, folder):
    with psauth.connect(settings=connected.settings) as ps:
        ps.sync(workflows="Purchase Request", progress=False)
    lacks = "The local copy has runs of 1 of 12 workflows alone: “Purchase Request”."
    for command in (
        ("report", "--all", "--out", PATH),
        ("event-log", "--all", "--out", "log.csv"),
        ("export", "copy.duckdb"),
    ):
        code, _, err = terminal(*command)
        assert (code, err.strip()) == (0, f"Note: {lacks} To read more: psauth sync")
    assert lacks in texts((folder / PATH).read_text("utf-8"))
    assert terminal("report", "Purchase Request", "--out", PATH)[2] == ""


def test_without_a_copy_it_says_what_to_type(connected, terminal, folder):
    code, _, err = terminal("report", "--all", "--out", PATH)
    assert code == 1
    assert "There is no local copy" in err
    assert err.rstrip().endswith("psauth sync")
    assert list(folder.iterdir()) == []


def test_without_a_connection_a_login_is_needed(configured, terminal, folder):
    code, _, err = terminal("report", "--all", "--out", PATH)
    assert code == 3
    assert "psauth login" in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--out'"),
        (("--out", PATH), "Expected either a workflow or --all."),
        (("Purchase Request", "--all", "--out", PATH), "Expected either a workflow or --all."),
        (("--all", "--out", "report.pdf"), "'report.pdf' does not end in .html. Try 'report.html'."),
        (("--all", "--out", PATH, "--since", "soon"), "'soon' is not a date. Expected ISO 8601, like 2026-11-01."),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_expected(terminal, folder, words, said):
    code, _, err = terminal("report", *words)
    assert code == 2
    assert said in " ".join(err.split())
    assert list(folder.iterdir()) == []
