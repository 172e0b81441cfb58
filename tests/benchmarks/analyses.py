"""Analyses: each one beside the same by pandas and by SQL, how long one workflow takes, and what the facts cost.

`python tests/benchmarks/analyses.py FOLDER [RUNS [PART]]` keeps the copies in a folder, so that they can be used again; a part
is one of PARTS. By default there are 1,000,000 runs and about 20 million tasks, which pandas needs 20 GB of memory for.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import by_pandas
import by_sql
import by_statsmodels
import numpy as np
import pandas as pd
import pyarrow as pa
from copies import CALENDARS, MIDDLE, MONTHS, TEN_THOUSAND, make_copy, open_copy, publish_facts, workflow_name
from pandas.testing import assert_frame_equal
from ratios import line, peak, timed

from psauth.analysis.answers import ask
from psauth.analysis.report import make_report
from psauth.analysis.running import run
from psauth.mirror.engine import in_memory
from psauth.mirror.tables import Mirror

RUNS = 1_000_000
FEW_RUNS = 10_000
"""Of the copy in which one workflow is to be answered at once, and of that in which answers are compared."""
ROUNDS = 3
BIGGEST = workflow_name(0)
OTHER = 7
"""The number of a workflow that questions are asked about before they are timed."""
SINCE = MONTHS[-2]
"""The event log is of two months: as a frame, that of all is over 4 GB whoever makes it."""
INTERVALS = 20_000_000
SAMPLE = 20_000
"""So many intervals are counted by a loop over rows."""
MOST_MEGABYTES = 4_000


class Question(NamedTuple):
    """An analysis: what a row of its answer is found by, and what is asked."""

    keys: tuple[str, ...]
    options: Mapping[str, str] = {}


QUESTIONS: Mapping[str, Question] = {
    "ageing": Question(("run_id",)),
    "approval_loops": Question(("workflow_id", "task_id")),
    "approvers": Question(("user_email",)),
    "at_risk": Question(("run_id",)),
    "before_after": Question(("revision",), {"workflow": BIGGEST}),
    "bottlenecks": Question(("workflow_id", "task_id")),
    "calibration": Question(("verdict",)),
    "conformance": Question(("workflow_id", "earlier_id", "later_id")),
    "conforming": Question(("workflow_id",)),
    "drift": Question(("run_id", "task_id")),
    "drivers": Question(("field_id", "label", "runs", "median_hours"), {"workflow": BIGGEST}),
    "event_log": Question(("case:concept:name", "time:timestamp", "concept:name", "task_id"), {"since": f"{SINCE}-01"}),
    "handover": Question(("source", "target")),
    "load_ahead": Question(("user_email", "day")),
    "median_run_time": Question(("workflow_id",)),
    "on_time": Question(("workflow_id",)),
    "overdue": Question(("run_id", "task_id")),
    "process_map": Question(("source", "target", "workflow_id")),
    "run_times": Question(("run_id",)),
    "sla_fit": Question(("workflow_id", "task_id")),
    "survival": Question(("hours", "share_open")),
    "template_health": Question(("kind", "workflow_id", "id", "name")),
    "throughput": Question(("period",)),
    "variants": Question(("variant", "workflow_id")),
    "workload": Question(("user_email",)),
}
IN_OTHER_WORDS = {"drivers": ("answer",)}
"""Columns that the other sides word otherwise: they number the quarters of a number."""


# Answers ----------------------------------------------------------------------------------------------------------


def by_psauth(mirror: Mirror) -> Callable[[str, Mapping[str, Any]], pd.DataFrame]:
    """Each analysis as `ps.analysis` answers it."""
    return lambda name, options: ask(mirror, name, **options)


def by_hand(mirror: Mirror) -> Callable[[str, Mapping[str, Any]], pd.DataFrame]:
    """Each analysis by SQL that was written by hand; what statsmodels makes of times is the same as by pandas."""
    connection = by_sql.connect(mirror)

    def answer(name: str, options: Mapping[str, Any]) -> pd.DataFrame:
        if name in by_sql.ONE:
            return by_sql.asked(connection, by_sql.ONE[name])
        if name == "before_after":
            lifetimes = by_sql.lifetimes(connection, **options)
            return by_statsmodels.before_after(
                lifetimes, by_sql.revisions(connection, **options), by_sql.migrated(connection)
            )
        if name == "drivers":
            lifetimes = by_sql.lifetimes(connection, **options)
            return by_statsmodels.drivers(lifetimes, by_sql.answers(connection, **options), by_sql.users(connection))
        if name in ("survival", "median_run_time"):
            frame: pd.DataFrame = getattr(by_statsmodels, name)(by_sql.lifetimes(connection))
        else:
            frame = getattr(by_sql, name)(connection, **options)
        return frame

    return answer


def by_analyst(mirror: Mirror) -> Callable[[str, Mapping[str, Any]], pd.DataFrame]:
    """Each analysis by pandas, out of the tables without facts."""
    read = by_pandas.reader(mirror.folder)
    return lambda name, options: getattr(by_pandas, name)(read, **options)


SIDES = {"psauth": by_psauth, "sql": by_hand, "pandas": by_analyst}


def compare_answers(folder: Path) -> None:
    """The three give the same, in the columns that they share; AssertionError where they do not."""
    mirror = open_copy(folder)
    answers = {side: make(mirror) for side, make in SIDES.items()}
    for name, (keys, options) in QUESTIONS.items():
        ours = answers["psauth"](name, options)
        assert len(ours), name
        for side in ("sql", "pandas"):
            theirs = answers[side](name, options)
            columns = [c for c in ours.columns if c in theirs.columns and c not in IN_OTHER_WORDS.get(name, ())]
            assert set(keys) <= set(columns), (name, side, columns)
            pair = (_plain(frame[columns], list(keys)) for frame in (ours, theirs))
            try:
                assert_frame_equal(*pair, rtol=1e-9, atol=1e-9)
            except AssertionError as error:
                raise AssertionError(f"{name} by {side}: {error}") from None
    print(
        f"psauth, SQL and pandas give the same {len(QUESTIONS)} answers of {mirror.counts()['runs']:,} runs.",
        flush=True,
    )


def _plain(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The same rows in one order, and of types that every side has."""
    columns = {name: _column(frame[name]) for name in frame}
    plain = pd.DataFrame(columns)
    return plain.sort_values(
        keys, ignore_index=True, key=lambda column: column.round(6) if column.dtype == "float64" else column
    )


def _column(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.astype("Float64").to_numpy("float64", na_value=np.nan)
    lists = column.map(
        lambda value: (
            str([round(float(each), 6) for each in value])
            if hasattr(value, "__len__") and not isinstance(value, str)
            else value
        )
    )
    return lists.fillna("").astype(object).to_numpy()


# Measures, each in a process of its own ---------------------------------------------------------------------------


def measure(folder: Path, what: str, *more: str) -> dict[str, Any]:
    """What a process of its own found out."""
    command = [sys.executable, __file__, "--measure", str(folder), what, *more]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(f"{what} {' '.join(more)} failed with {done.returncode}: {done.stderr.strip()[-300:]}", flush=True)
        return {"seconds": [float("nan")], "peak": float("nan")}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _answer(folder: Path, side: str, name: str, rounds: str) -> dict[str, Any]:
    """Seconds, round by round, those of the processors, which others on the machine do not change, and the peak in MB."""
    answer = SIDES[side](open_copy(folder))
    if side != "pandas":  # what an engine sets up once is not measured
        answer("throughput", {})
    options = QUESTIONS[name].options
    before = time.process_time()
    seconds = [timed(lambda: answer(name, options)) for _ in range(int(rounds))]
    return {"seconds": seconds, "processor": (time.process_time() - before) / len(seconds), "peak": peak()}


def _one_workflow(folder: Path, workflow: str, rounds: str) -> dict[str, Any]:
    """By analysis, seconds: the median of several answers about one workflow, the first of them, and the first of all.

    The first of all is about another workflow: then the SQL of the question is written, which serves for this one as well.
    """
    mirror = open_copy(folder)
    found = {}
    for name in QUESTIONS:
        of_all = timed(partial(ask, mirror, name, workflow=workflow_name(OTHER)))
        seconds = [timed(partial(ask, mirror, name, workflow=workflow)) for _ in range(int(rounds))]
        found[name] = [statistics.median(seconds), seconds[0], of_all]
    return {"found": found, "peak": peak()}


def _facts(folder: Path, *changed: str) -> dict[str, Any]:
    return {"seconds": [timed(lambda: publish_facts(folder, changed))], "peak": peak()}


def _report(folder: Path, workflow: str) -> dict[str, Any]:
    mirror = open_copy(folder)
    return {"seconds": [timed(lambda: make_report(mirror, workflow))], "peak": peak()}


def _intervals(folder: Path, how: str) -> dict[str, Any]:
    """20 million intervals as a frame with their hours, by the calendar, by the clock, and some of them by a loop."""
    rng = np.random.default_rng(1)
    count = SAMPLE if how == "loop" else INTERVALS
    start = rng.integers(1_700_000_000, 1_790_000_000, count) * 1_000_000
    both = {"start": start, "end": start + rng.integers(0, 30 * 86_400, count) * 1_000_000}
    rows = pa.table({name: pa.array(moments).cast(pa.timestamp("us", "UTC")) for name, moments in both.items()})
    if how == "loop":
        frame = rows.to_pandas()
        return {"seconds": [timed(lambda: [_worked(*each) for each in frame.itertuples(index=False)])], "peak": peak()}
    engine = in_memory()
    engine.con.register("arrived", rows)
    engine.con.execute("CREATE TABLE intervals AS SELECT * FROM arrived")
    table = engine.table("intervals")
    if how == "calendar":
        table = CALENDARS.default.add_hours(table, "hours", "start", "end")
    else:
        table = table.mutate(hours=table.end.delta(table.start, unit="microsecond") / 3.6e9)
    run(table.limit(1))
    before = time.process_time()
    seconds = [timed(lambda: run(table)) for _ in range(ROUNDS)]
    return {"seconds": seconds, "processor": (time.process_time() - before) / ROUNDS, "peak": peak()}


def _worked(start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Working hours of one interval, Monday to Friday from 9 to 17, as it is often written."""
    days = np.busday_count(start.date(), end.date())
    ends = []
    for moment in (start, end):
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        ends.append(min(max(hour, 9), 17) - 9 if moment.weekday() < 5 else 0)
    return float(8 * days - ends[0] + ends[1])


MEASURES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "answer": _answer,
    "one": _one_workflow,
    "facts": _facts,
    "report": _report,
    "intervals": _intervals,
}


# Comparisons ------------------------------------------------------------------------------------------------------


def compare_facts(folder: Path) -> None:
    """All of them, and those of one month again."""
    every = measure(folder, "facts", *MONTHS)
    again = measure(folder, "facts", MONTHS[len(MONTHS) // 2])
    seconds, month = every["seconds"][0], again["seconds"][0]
    line("facts of all months", "at most 180 s", f"{seconds:.0f} s", f"peak {every['peak']:.0f} MB")
    line("facts after one month changed / all", "at most 0.10", f"{month / seconds:.3f}", f"{month:.1f} s")


def compare_sides(folder: Path, sides: tuple[str, ...] = ("pandas", "sql")) -> None:
    """A line an analysis."""
    for name in QUESTIONS:
        ours = measure(folder, "answer", "psauth", name, str(ROUNDS))
        seconds = statistics.median(ours["seconds"])
        ratios, more = [], [f"psauth {seconds:.2f} s, peak {ours['peak']:.0f} MB"]
        if "pandas" in sides:
            theirs = measure(folder, "answer", "pandas", name, "1")
            ratios.append(f"{theirs['seconds'][0] / seconds:.1f} by pandas")
            more.append(f"pandas {theirs['seconds'][0]:.1f} s, peak {theirs['peak']:.0f} MB")
        if "sql" in sides:
            theirs = measure(folder, "answer", "sql", name, str(ROUNDS))
            by_hand = statistics.median(theirs["seconds"])
            ratios.append(f"{seconds / by_hand:.2f} of SQL")
            more.append(f"SQL {by_hand:.2f} s, peak {theirs['peak']:.0f} MB")
        target = f"at least 10 by pandas, at most 1.5 of SQL, peak at most {MOST_MEGABYTES} MB"
        line(f"{name}", target, ", ".join(ratios), "; ".join(more))


def compare_one(folder: Path, workflow: str, most: float) -> None:
    """A line an analysis: one workflow out of the copy."""
    measured = measure(folder, "one", workflow, "7")
    for name, (again, first, of_all) in measured.get("found", {}).items():
        line(
            f"{name} of one workflow of {folder.name}",
            f"at most {most * 1000:.0f} ms",
            f"{again * 1000:.0f} ms",
            f"{first * 1000:.0f} ms the first time, {of_all * 1000:.0f} ms where its SQL had to be written",
        )


def compare_report(folder: Path) -> None:
    """The page about the workflow with a hundredth of the runs."""
    found = measure(folder, "report", workflow_name(TEN_THOUSAND))
    line(
        "report of the workflow of 10,000 runs",
        "at most 10 s",
        f"{found['seconds'][0]:.1f} s",
        f"peak {found['peak']:.0f} MB",
    )


def compare_calendar(folder: Path) -> None:
    """Working hours."""
    by_loop = measure(folder, "intervals", "loop")["seconds"][0] * INTERVALS / SAMPLE
    ours, plain = (measure(folder, "intervals", how) for how in ("calendar", "clock"))
    seconds, clock = statistics.median(ours["seconds"]), statistics.median(plain["seconds"])
    what = f"working hours of {INTERVALS:,} intervals"
    line(
        f"loop with busday_count / psauth: {what}",
        "at least 50",
        f"{by_loop / seconds:.0f}",
        f"{by_loop:.0f} s, of a sample, and {seconds:.2f} s",
    )
    line(
        f"psauth / the plain difference: {what}",
        "at most 5",
        f"{seconds / clock:.2f}",
        f"{seconds:.2f} s and {clock:.2f} s",
    )


def compare(folder: Path, runs: int = RUNS, parts: tuple[str, ...] = ()) -> None:
    """Everything, or some of PARTS."""
    big, small = folder / f"{runs}-runs", folder / f"{FEW_RUNS}-runs"
    for copy, count in ((small, FEW_RUNS), (big, runs)):
        make_copy(copy, count)
        if "run_facts" not in open_copy(copy):
            publish_facts(copy)
    for name, work in PARTS.items():
        if not parts or name in parts:
            work(big, small)


PARTS: Mapping[str, Callable[[Path, Path], None]] = {
    "answers": lambda big, small: compare_answers(small),
    "facts": lambda big, small: compare_facts(big),
    "calendar": lambda big, small: compare_calendar(small),
    "one": lambda big, small: (compare_one(big, workflow_name(MIDDLE), 0.3), compare_one(small, BIGGEST, 0.05))[0],
    "report": lambda big, small: compare_report(big),
    "sql": lambda big, small: compare_sides(big, ("sql",)),
    "pandas": lambda big, small: compare_sides(big, ("pandas",)),
}


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        print(json.dumps(MEASURES[sys.argv[3]](Path(sys.argv[2]), *sys.argv[4:])))
    else:
        compare(Path(sys.argv[1]), *map(int, sys.argv[2:3]), parts=tuple(sys.argv[3:]))
