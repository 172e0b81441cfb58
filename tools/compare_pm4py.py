"""Compares pm4py's reading of our event log, and what it finds in it, with ours: `make compare-pm4py`.

    .venv/bin/python tools/compare_pm4py.py .venv-pm4py/bin/python [--runs 1000]

The sandbox's log is written as XES, CSV and Parquet. pm4py, in an environment of its own, reads each
(tools/read_by_pm4py.py), and every event, variant, step, median time and handover must be the same. Exit code 1 where one is not.

Where the definitions differ, what both can say is compared:
- Our variants are orders of tasks alone. pm4py gets the tasks of finished runs; it does not see a run without a task, which we
  count as a variant of its own.
- Our process map is without decisions (approved, rejected), and pm4py gets the log without them.
- Events of one moment are in the order of the template in ours. pm4py keeps the order of the file, so it is the same.
- A median of under five is no median in ours: there the median of the values that we show in its place is compared.
- Our map does not say with which event an open run ends so far: it is one that more runs come to than leave.
- A handover in ours is one of two people who are both known. pm4py gets a person called "(nobody)" for the others, so that it
  passes over no task, and those pairs are left out. It gives shares, which are compared as counts.
- A CSV file has an apostrophe before a name that a spreadsheet would run as a formula, so pm4py reads it with it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple, TypeAlias

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

import psauth
from psauth.analysis.questions.variants import ARROW, NO_TASK
from psauth.mirror.facts import STARTED
from psauth.sandbox import Knobs

FORMATS: Final = ("xes", "csv", "parquet")
NOW: Final = "2026-11-26T12:00:00Z"
PLENTY: Final = 1_000_000
"""Requests in the sandbox's hour, so that nothing waits."""
SAME: Final = 1e-9
"""Hours by which two medians may differ."""
WHAT: Final = {
    "events": "events",
    "variants": "variants",
    "steps": "steps of the process map",
    "medians": "medians of their times",
    "starts": "first events of runs",
    "ends": "last events of runs",
    "handovers": "handovers",
}
NAMES: Final[dict[str, dict[str, str]]] = {
    'quoted "name"': {},
    "one's & <b>all</b>": {},
    "two\nlines\tand a tab": {},
    "Grüße, 日本語, 😀; done": {},
    "NA": {},
    " spaces ": {},
    "bell \x07 and \x1b": {"xes": "bell \\x07 and \\x1b", "csv": "bell \\x07 and \\x1b"},
    "=1+1": {"csv": "'=1+1"},
}
"""Names that do harm, and what a file of a kind has in their place."""


Findings: TypeAlias = dict[Any, Any]
"""Numbers (of times, or hours) by what they are of; events by their places."""


class Row(NamedTuple):
    """A row of the table: of how many things both speak, and how many of them are not the same."""

    form: str
    what: str
    ours: int
    theirs: int
    different: int


def main() -> None:
    """Write, let pm4py read, compare, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", help="the interpreter of the environment that has pm4py")
    parser.add_argument("--runs", type=int, default=1000, help="of the sandbox")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="psauth-pm4py-") as place:
        folder = Path(place)
        ours = written(folder, arguments.runs)
        reader = Path(__file__).with_name("read_by_pm4py.py")
        done = subprocess.run([arguments.python, str(reader), place], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"pm4py did not read the logs:\n{done.stderr}")
        version = kept(folder / "version.json")
        rows = [row for form in FORMATS for row in compared(form, ours, folder)]
    print(f"The sandbox's log of {arguments.runs:,} runs, read by pm4py {version}\n")
    print(f"{'file':8} {'what':31} {'psauth':>7} {'pm4py':>7} {'different':>9}")
    for row in rows:
        print(f"{row.form:8} {row.what:31} {row.ours:7,} {row.theirs:7,} {row.different:9,}")
    if wrong := sum(row.different > 0 for row in rows):
        sys.exit(f"\n{wrong} of {len(rows)} are not the same.")
    print(f"\nAll {len(rows)} are the same.")


def written(folder: Path, size: int) -> dict[str, Findings]:
    """Write the logs into the folder, and answer what we find in the sandbox's."""
    box = psauth.Sandbox(runs=size, now=NOW, knobs=Knobs(budget=PLENTY))
    with box, psauth.connect(settings=box.settings) as ps:
        ps.sync(progress=False)
        ask = ps.analysis
        log, steps, variants, handovers = ask.event_log(), ask.process_map(), ask.variants(), ask.handover()
    for form in FORMATS:
        psauth.save_event_log(log, folder / f"log.{form}")
        psauth.save_event_log(odd_log(list(NAMES)), folder / f"names.{form}")
    psauth.save_event_log(log.head(0), folder / "empty.xes")
    pairs = list(zip(steps["source"], steps["target"], strict=True))
    counts = dict(zip(pairs, steps["count"], strict=True))
    variants = variants[variants["variant"] != NO_TASK]
    runs = log["case:concept:name"].nunique()
    people = list(zip(handovers["source"], handovers["target"], strict=True))
    return {
        "events": events(log),
        "variants": dict(zip(variants["variant"], variants["count"], strict=True)),
        "steps": counts,
        "medians": dict(zip(pairs, map(median_of, steps["median_hours"], steps["few_hours"]), strict=True)),
        "starts": {STARTED: runs},
        "ends": ends(counts, runs),
        "handovers": dict(zip(people, handovers["count"], strict=True)),
    }


def compared(form: str, ours: Mapping[str, Findings], folder: Path) -> Iterator[Row]:
    """What pm4py found in a file of this kind, beside what we find."""
    answers = kept(folder / f"log.{form}.json")
    theirs = {
        "events": numbered(answers["events"]),
        "variants": {ARROW.join(names): count for names, count in answers["variants"]},
        "starts": dict(answers["starts"]),
        "ends": dict(answers["ends"]),
        **{name: {(a, b): value for a, b, value in answers[name]} for name in ("steps", "medians", "handovers")},
    }
    for name, words in WHAT.items():
        yield beside(form, words, ours[name], theirs[name])
    follows = {(a, b): count for a, b, count in answers["follows"]}
    yield beside(form, "handovers, as a graph of people", ours["handovers"], follows)
    odd = events(odd_log([as_in.get(form, name) for name, as_in in NAMES.items()]))
    yield beside(form, "events with odd names", odd, numbered(kept(folder / f"names.{form}.json")["events"]))
    if form == "xes":
        yield beside(form, "events of an empty log", {}, numbered([None] * kept(folder / "empty.xes.json")))


def beside(form: str, what: str, ours: Findings, theirs: Findings) -> Row:
    """How many there are, and how many are not the same."""
    different = sum(not same(ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys())
    return Row(form, what, len(ours), len(theirs), different)


def same(one: Any, other: Any) -> bool:
    """Whether two findings are the same: medians but for rounding, all else exactly."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < SAME
    return bool(one == other)


def events(log: pd.DataFrame) -> Findings:
    """Run, activity, microseconds since 1970 and person of each event."""
    moments = log["time:timestamp"].astype("datetime64[us, UTC]").astype("int64").tolist()
    people = [None if pd.isna(person) else person for person in log["org:resource"]]
    return numbered(zip(log["case:concept:name"], log["concept:name"], moments, people, strict=True))


def numbered(rows: Iterable[Any]) -> Findings:
    """Rows by their places."""
    return {number: list(row) if row is not None else None for number, row in enumerate(rows)}


def ends(counts: Mapping[tuple[str, str], int], runs: int) -> Findings:
    """How often each event is the last one of a run so far: as often as it comes and nothing follows."""
    left = Counter({STARTED: runs})
    for (source, target), count in counts.items():
        left[target] += count
        left[source] -= count
    return {name: count for name, count in left.items() if count > 0}


def median_of(median_hours: float, few_hours: Any) -> float:
    """The median, also of few."""
    return float(median(few_hours)) if pd.isna(median_hours) else float(median_hours)


def odd_log(names: list[str]) -> pd.DataFrame:
    """A run whose tasks have these names."""
    return pd.DataFrame(
        {
            "case:concept:name": "-r1",
            "concept:name": names,
            "time:timestamp": pd.date_range(NOW, periods=len(names), freq="min").astype("datetime64[us, UTC]"),
            "org:resource": "ann@example.com",
            "case:name": names[0],
        }
    )


def kept(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(path.read_text("utf-8"))


if __name__ == "__main__":
    main()
