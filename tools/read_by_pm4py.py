"""What pm4py reads in event logs that psauth has written, as JSON: for tools/compare_pm4py.py, in pm4py's own environment.

    .venv-pm4py/bin/python tools/read_by_pm4py.py FOLDER

pm4py is under the AGPL: nothing of psauth imports it, and nothing of psauth is imported here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pm4py

CASE, ACTIVITY, TIME, RESOURCE = "case:concept:name", "concept:name", "time:timestamp", "org:resource"
STARTED, FINISHED = "Run started", "Run finished"
DECISIONS: Final = ("Approved", "Rejected")
"""Events that are in the log, and not in the process map: that one is of tasks."""
NOBODY: Final = "(nobody)"
"""A person in the place of one who is not known: pm4py would pass over the event."""


def read(path: Path) -> pd.DataFrame:
    """A log as pm4py has it, by the way that its documentation shows for the kind of file."""
    if path.suffix == ".xes":
        return pm4py.read_xes(str(path))
    # Of what is in a CSV file, only an empty cell is missing: a task may be called "NA".
    frame = (
        pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, keep_default_na=False, na_values=[""])
    )
    return pm4py.format_dataframe(frame, case_id=CASE, activity_key=ACTIVITY, timestamp_key=TIME)


def events(log: pd.DataFrame) -> list[list[Any]]:
    """Run, activity, microseconds since 1970, person; in the order that pm4py has them in."""
    moments = log[TIME].dt.tz_convert("UTC").astype("datetime64[us, UTC]").astype("int64")
    people = log[RESOURCE].astype(object).where(log[RESOURCE].notna(), None)
    return [list(row) for row in zip(log[CASE], log[ACTIVITY], moments.tolist(), people, strict=True)]


def answers(log: pd.DataFrame) -> dict[str, Any]:
    """pm4py's variants, directly-follows graph and handover of work."""
    steps = log[~log[ACTIVITY].isin(DECISIONS)]
    tasks = steps[~steps[ACTIVITY].isin([STARTED, FINISHED])].copy()
    finished = log.loc[log[ACTIVITY] == FINISHED, CASE].unique()
    variants = pm4py.get_variants(tasks[tasks[CASE].isin(finished)])
    counts, starts, ends = pm4py.discover_dfg(steps)
    lengths, _, _ = pm4py.discover_performance_dfg(steps)
    tasks[RESOURCE] = tasks[RESOURCE].str.lower().fillna(NOBODY)
    follows, _, _ = pm4py.discover_dfg(tasks, activity_key=RESOURCE)
    shares = pm4py.discover_handover_of_work_network(tasks).connections
    pairs = len(tasks) - tasks[CASE].nunique()
    return {
        "variants": [[list(names), int(count)] for names, count in variants.items()],
        "steps": [[*pair, int(count)] for pair, count in counts.items()],
        "medians": [[*pair, float(length["median"]) / 3600] for pair, length in lengths.items()],
        "starts": [[name, int(count)] for name, count in starts.items()],
        "ends": [[name, int(count)] for name, count in ends.items()],
        "follows": [[*pair, int(count)] for pair, count in follows.items() if NOBODY not in pair],
        "handovers": [[*pair, round(share * pairs)] for pair, share in shares.items() if NOBODY not in pair],
    }


def main(folder: Path) -> None:
    """Read every log in the folder, and write beside each what pm4py makes of it."""
    for path in sorted(folder.glob("log.*")):
        log = read(path)
        path.with_name(f"{path.name}.json").write_text(json.dumps({"events": events(log)} | answers(log)), "utf-8")
    for path in sorted(folder.glob("names.*")):
        path.with_name(f"{path.name}.json").write_text(json.dumps({"events": events(read(path))}), "utf-8")
    for path in sorted(folder.glob("empty.xes")):
        path.with_name(f"{path.name}.json").write_text(json.dumps(len(read(path))), "utf-8")
    (folder / "version.json").write_text(json.dumps(pm4py.__version__), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
