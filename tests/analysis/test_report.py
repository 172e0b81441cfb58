"""The report: out of a real local copy, and out of tables with too little in them or with names that do harm."""

import os
import re

import pandas as pd
import pytest

import psauth
from psauth import analysis
from psauth.analysis.report import make_report
from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.mirror.columns import FACTS, LAYOUTS
from tests.analysis.logs import Log, frame_of
from tests.analysis.pages import NASTY, check_harmless, texts


def whole(log):
    """The tables of a log, and an empty one for each that it has not, but for workflows, which runs name too."""
    others = LAYOUTS.keys() - FACTS.keys() - {"workflows"}
    return {name: frame_of(name, []) for name in sorted(others)} | log.tables


def busy(name="Pay", workflow="Purchase"):
    """Twenty-five finished runs and a late one, whose names are all alike."""
    log = Log()
    log._add("workflows", workflow_id=f"w-{workflow}", name=workflow)
    for day in range(1, 26):
        task = {
            "task_id": "pay",
            "name": name,
            "completed": f"2026-10-{day:02} 15:00",
            "due": f"2026-10-{day:02} 12:00",
        }
        log.run(f"r{day}", f"2026-10-{day:02} 08:00", task, workflow=workflow)
        log._add("form_values", run_id=f"r{day}", task_id="pay", field_id="site", label=name, field_type="Select",
            value=name, number=None, items=None, date=None)  # fmt: skip
    late = {"task_id": "pay", "name": name, "due": "2026-11-02", "to": [name]}
    log.run("open", "2026-11-01", late, status="Active", due="2026-11-03", workflow=workflow)
    log.template("pay", workflow=workflow).due_rule("pay", "PT4H", workflow=workflow)
    return log


@pytest.fixture(scope="module")
def purchase():
    return make_report(whole(busy()), "Purchase")


@pytest.fixture(scope="module")
def nothing():
    return make_report(whole(Log()))


@pytest.mark.slow
def test_names_that_somebody_made_up_are_shown_and_do_nothing():
    report = make_report(whole(busy(NASTY, workflow=NASTY)), NASTY)
    check_harmless(report.html)
    assert "alert('x')" in texts(report.html)
    assert report.title == NASTY
    assert "<svg" in report.html
    check_harmless(make_report(whole(busy(NASTY, workflow=NASTY))).html)


def test_it_begins_with_sentences(purchase):
    assert purchase.sentences[0] == (
        "The only open run with a due date is late already; the most time goes into the wait until 'Pay' is done, 100% of all "
        "task time."
    )
    assert "Half of the 25 finished runs took at most 7 hours, 85% at most 7 hours; 1 is open." in purchase.sentences
    shown = texts(purchase.html)
    assert all(sentence in shown for sentence in purchase.sentences)
    assert "nan" not in shown.lower()
    assert repr(purchase) == "Report(title='Purchase')"


@pytest.mark.slow
def test_of_several_workflows_each_is_named():
    log = busy()
    log.run("other", "2026-11-01", ("a", None), status="Active", due="2026-11-03", workflow="Leave")
    log._add("workflows", workflow_id="w-Leave", name="Leave")
    report = make_report(whole(log))
    assert report.title == "All workflows"
    assert {sentence.split(":")[0] for sentence in report.sentences[:2]} == {"Purchase", "Leave"}
    assert make_report(whole(log), ["Purchase", "Leave"]).title == "2 workflows"


def test_each_definition_is_that_of_the_code(purchase):
    shown = texts(purchase.html)
    for question in (analysis.at_risk, analysis.bottlenecks, analysis.sla_fit, analysis.template_health):
        first = question.__doc__.splitlines()[0]
        assert first in shown
    assert "Parameters" not in shown


@pytest.mark.slow
@pytest.mark.parametrize("since", [None, "2026-11-10"])
def test_too_little_is_said(since):
    log = Log().run("a", "2026-11-11", ("pay", "2026-11-12"), ("sign", None), status="Active")
    report = make_report(whole(log), "Purchase", since)
    assert "No run is finished yet; 1 is open." in report.sentences
    check_harmless(report.html)
    assert "nan" not in texts(report.html).lower()


def test_nothing_at_all_is_said(nothing):
    log = busy()
    assert make_report(whole(log), "Purchase", "2026-12-01").sentences == ("No run was started since then.",)
    assert nothing.sentences == ("No run was started.",)
    log._add("workflows", workflow_id="w-Leave", name="Leave")
    report = make_report(whole(log), "Leave")
    assert (report.title, report.sentences) == ("Leave", ("No run was started.",))


@pytest.mark.slow
def test_few_times_stand_there_themselves_in_place_of_a_median():
    log = (
        Log()
        .run("a", "2026-11-11 08:00", ("pay", "2026-11-11 10:00"))
        .run("b", "2026-11-12 08:00", ("pay", "2026-11-12 11:00"))
    )
    assert '<td>Pay</td><td class="n">2</td><td class="n">2 h, 3 h</td>' in make_report(whole(log), "Purchase").html


def test_a_workflow_that_there_is_not_and_a_moment_that_is_none():
    with pytest.raises(
        ArgumentError, match=r"No workflow is called 'Purchas'. Did you mean: Purchase \(w-Purchase\)\?"
    ):
        make_report(whole(busy()), "Purchas")
    with pytest.raises(ArgumentError, match="'soon' is not a date"):
        make_report(whole(busy()), "Purchase", "soon")


def test_it_is_one_file(nothing, tmp_path):
    assert nothing.save(str(tmp_path / "report.HTML")) == tmp_path / "report.HTML"
    assert (tmp_path / "report.HTML").read_text("utf-8") == nothing.html
    assert os.listdir(tmp_path) == ["report.HTML"]


@pytest.mark.parametrize("name", ["report.pdf", "report", ".html"])
def test_another_ending_is_refused(nothing, tmp_path, name):
    with pytest.raises(ArgumentError, match=r"does not end in \.html\. Try "):
        nothing.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_does_not_allow_it_keeps_what_stood_there(nothing, tmp_path):
    with pytest.raises(FileNotWritten, match="there is no folder"):
        nothing.save(tmp_path / "nowhere" / "report.html")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(FileNotWritten, match="a folder or a device"):
        nothing.save(tmp_path / "report.html")


def test_a_notebook_shows_it_in_a_frame_that_runs_nothing(nothing):
    assert re.match(r'<iframe sandbox title="All workflows" srcdoc="&lt;!doctype html&gt;', nothing._repr_html_())


@pytest.mark.slow
def test_of_a_real_copy_with_its_pictures():
    with psauth.Sandbox(runs=300, seed=5) as box:
        box.knobs.budget = 100_000
        with psauth.connect(settings=box.settings) as ps:
            ps.sync(progress=False)
            sent = ps.requests_sent
            report = ps.report("Purchase Request", since=pd.Timestamp("2020-01-01", tz="UTC"))
            every = ps.report()
            assert ps.requests_sent == sent
    for one in (report, every):
        check_harmless(one.html)
        assert "nan" not in texts(one.html).lower().replace("finance", "").replace("fernand", "")
    assert report.title == "Purchase Request"
    assert "runs started since 2020-01-01" in texts(report.html)
    assert report.html.count("<svg") >= 9
    assert every.html.count("<svg") >= 4
    assert len(every.sentences) > 12
