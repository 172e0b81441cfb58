"""What goes with slow runs: answers to form fields, who started them, and the day of the week."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.multitest import multipletests

from psauth import Calendar
from psauth.analysis import drivers
from psauth.analysis.lifetimes import Estimate, ratio_of_medians
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

MONDAY = "2026-11-02 00:00"
UTC = Calendar(zone="UTC")


def runs(log, hours, prefix="r", start=MONDAY, by="ann"):
    for number, each in enumerate(hours):
        end = f"{pd.Timestamp(start) + pd.Timedelta(hours=each):%Y-%m-%d %H:%M}"
        log.run(f"{prefix}{number}", start, ("a", end), by=by)
    return log


def region(log, **by_prefix):
    """Each run's answer to the field Region, by the first letter of its id."""
    for run in log._rows["runs"]:
        log.filled(run["run_id"], "region", "Select", by_prefix[run["run_id"][0]])
    return log


def ask(log, *columns, field="region", **options):
    frame = answer(drivers, log, workflow="Purchase", calendar=UTC, **options)
    return rows(frame[frame["field_id"] == field], *columns)


FAST, SLOW = list(range(1, 31)), list(range(21, 51))


def two_regions():
    return region(runs(runs(Log(), FAST, "n"), SLOW, "s"), n="North", s="South")


def test_an_answer_beside_all_others():
    frame = answer(drivers, two_regions(), workflow="Purchase", calendar=UTC)
    assert frame.columns[:9].tolist() == [
        "field_id", "label", "answer", "runs", "median_hours", "ratio", "lower", "upper", "p_corrected",
    ]  # fmt: skip
    assert rows(frame, "field_id", "label", "answer", "runs", "median_hours", "ratio", "other_runs") == [
        ("region", "Region", "North", 30, 16.0, pytest.approx(16 / 36), 30),
        ("region", "Region", "South", 30, 36.0, pytest.approx(36 / 16), 30),
    ]
    _, p_value = survdiff(np.array(FAST + SLOW), np.ones(60), np.repeat([0, 1], 30))
    assert frame["p_value"].tolist() == pytest.approx([p_value] * 2)
    assert (frame["lower"] < frame["ratio"]).all()
    assert frame["lower"].iloc[1] > 1


def test_the_interval_is_made_of_those_of_both_medians():
    """Zou and Donner's equation 7, in logarithms."""
    assert ratio_of_medians(Estimate(20, 10, 40), Estimate(10, 5, 20)) == pytest.approx(
        (2, 2 / 2 ** np.sqrt(2), 2 * 2 ** np.sqrt(2))
    )
    assert np.isnan(ratio_of_medians(Estimate(20, 10, np.nan), Estimate(10, 5, 20)).upper)
    assert np.isnan(ratio_of_medians(Estimate(0, 0, 1), Estimate(10, 5, 20))).all()
    assert np.isnan(ratio_of_medians(Estimate(np.nan, np.nan, np.nan), Estimate(10, 5, 20))).all()


def test_the_interval_covers_the_true_ratio():
    """In about 95 of 100 samples of two exponential times, of which the second takes twice as long."""
    rng = np.random.default_rng(3)

    def estimate(mean):
        times, censored = rng.exponential(mean, 40), rng.exponential(3 * mean, 40)
        fit = SurvfuncRight(np.minimum(times, censored), (times <= censored).astype(int))
        with np.errstate(all="ignore"):
            return Estimate(fit.quantile(0.5), *fit.quantile_ci(0.5))

    ratios = [ratio_of_medians(estimate(2), estimate(1)) for _ in range(500)]
    assert 0.92 < np.mean([ratio.lower <= 2 <= ratio.upper for ratio in ratios]) < 0.99


def test_p_values_are_corrected_for_all_that_are_asked_about():
    log = two_regions()
    for number, run in enumerate(log._rows["runs"]):
        log.filled(run["run_id"], "urgent", "Select", "Yes" if number % 2 else "No")
    frame = answer(drivers, log, workflow="Purchase", calendar=UTC)
    assert len(frame) == 4
    assert frame["p_corrected"].tolist() == pytest.approx(multipletests(frame["p_value"], method="fdr_bh")[1].tolist())
    assert frame["p_corrected"].is_monotonic_increasing


@pytest.mark.parametrize(("few", "rows_of_it"), [(19, 0), (20, 2)])
def test_groups_under_twenty_are_left_out(few, rows_of_it):
    log = region(runs(runs(Log(), FAST, "n"), SLOW[:few], "s"), n="North", s="South")
    assert len(ask(log, "answer")) == rows_of_it


def test_a_run_without_an_answer_is_no_other():
    """Thirty that have none yet, and are open since a minute, say nothing of the region."""
    log = two_regions()
    for number in range(30):
        log.run(f"x{number}", "2026-11-20 11:59", ("a", None), status="Active")
    log.filled("x0", "region", "Select", None)
    assert ask(log, "answer", "runs", "other_runs") == [("North", 30, 30), ("South", 30, 30)]


def test_open_runs_count_for_as_long_as_they_have_been_open():
    log = runs(runs(Log(), FAST, "n"), [], "s")
    for number in range(30):
        log.run(f"s{number}", "2026-11-10", ("a", None), status="Active")
    log = region(log, n="North", s="South")
    ((answer_, ratio, finished, p_value),) = [
        row for row in ask(log, "answer", "ratio", "finished", "p_value") if row[0] == "South"
    ]
    assert (answer_, ratio, finished) == ("South", None, 0)
    assert p_value < 0.001


def test_of_several_choices_each_is_an_answer():
    log = runs(runs(Log(), FAST, "n"), SLOW, "s")
    for number, run in enumerate(log._rows["runs"]):
        items = ["Cash"] * (number % 3 > 0) + ["Card"] * (number % 3 < 2) + ["Cash"] * (number % 3 > 0)
        log.filled(run["run_id"], "pay", "MultiChoice", ", ".join(items), items=items)
    assert sorted(ask(log, "answer", "runs", "other_runs", field="pay")) == [("Card", 40, 20), ("Cash", 40, 20)]


def test_numbers_are_in_quarters():
    log = runs(Log(), range(1, 81))
    for number in range(80):
        log.filled(f"r{number}", "amount", "Number", str(number + 1), number=number + 1)
    assert sorted(ask(log, "answer", "runs", "other_runs", field="amount")) == [
        ("over 20.75 up to 40.5", 20, 60),
        ("over 40.5 up to 60.25", 20, 60),
        ("over 60.25", 20, 60),
        ("up to 20.75", 20, 60),
    ]


def test_equal_numbers_are_in_one_quarter():
    log = runs(Log(), range(1, 81))
    for number in range(80):
        log.filled(f"r{number}", "amount", "Number", "", number=0 if number < 50 else number)
    assert sorted(ask(log, "answer", "runs", field="amount")) == [("over 59.25", 20), ("up to 0", 50)]


def test_other_kinds_of_fields_are_not_asked_about():
    log = two_regions()
    for run in log._rows["runs"]:
        log.filled(run["run_id"], "note", "Text", "North" if run["run_id"][0] == "n" else "South")
    assert ask(log, "answer", field="note") == []


def test_starters_and_days_have_no_field():
    log = runs(runs(Log(), FAST, "n"), SLOW, "t", start="2026-11-03 23:30", by="bo").users(ann="ann@example.com")
    frame = answer(drivers, log.filled("n0", "x", "Select", "y"), workflow="Purchase", calendar=UTC)
    assert sorted(rows(frame, "field_id", "label", "answer", "runs"), key=str) == [
        (None, "Started by", "ann@example.com", 30),
        (None, "Started by", "bo", 30),
        (None, "Weekday of the start", "Monday", 30),
        (None, "Weekday of the start", "Tuesday", 30),
    ]
    frame = answer(drivers, log, workflow="Purchase", calendar=Calendar(zone="Europe/Berlin"))
    assert {"Monday", "Wednesday"} < set(frame["answer"])


def test_a_field_is_called_as_in_the_latest_run():
    log = runs(runs(Log(), FAST, "n"), SLOW, "s", start="2026-11-09 00:00")
    for run in log._rows["runs"]:
        late = run["run_id"][0] == "s"
        log.filled(run["run_id"], "region", "Select", "South" if late else "North", label="Area" if late else "Region")
    assert {label for (label,) in ask(log, "label")} == {"Area"}


def test_nothing_to_say():
    assert answer(drivers, runs(Log(), [1, 2]).filled("r0", "x", "Select", "y"), workflow="Purchase").empty
    log = runs(runs(Log(), [5] * 20, "n"), [5] * 20, "s")
    assert ask(region(log, n="North", s="South"), "ratio", "p_value", "p_corrected") == [(1.0, None, None)] * 2


def test_it_is_about_one_workflow_and_needs_forms():
    with pytest.raises(ArgumentError, match="is about one workflow, and none was named"):
        answer(drivers, two_regions())
    with pytest.raises(ArgumentError, match="needs the table 'form_values'"):
        answer(drivers, runs(Log(), [1]), workflow="Purchase")
