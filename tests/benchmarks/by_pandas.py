"""By pandas: each analysis as an analyst would write it who has the published tables and knows pandas well.

Each function takes a reader, which gives columns of a table as a frame, and gives a frame. Loops over rows are only where
there is no other way in pandas. Kaplan-Meier curves, tests and corrections are statsmodels'.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import by_statsmodels
import numpy as np
import pandas as pd
from copies import NOW, files_of

HOUR = pd.Timedelta(hours=1)
AT = pd.Timestamp(NOW)
ROBOT = r"^api-.*@process\.st$"
Read = Callable[..., pd.DataFrame]


def reader(folder: str) -> Read:
    """Reads columns of the tables that are published in a folder."""

    def read(table: str, *columns: str) -> pd.DataFrame:
        return pd.read_parquet(files_of(folder, table), columns=list(columns))

    return read


# What many of them begin with -----------------------------------------------------------------------------------


def hours(start: Any, end: Any) -> Any:
    """By the clock."""
    return (end - start) / HOUR


def worked(moments: pd.Series) -> np.ndarray:
    """Working hours since 1970: Monday to Friday, 9 to 17, UTC."""
    there = moments.notna().to_numpy()
    days = moments.dt.floor("D").dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    whole = np.full(len(moments), np.nan)
    whole[there] = np.busday_count(np.datetime64("1970-01-01", "D"), days[there])
    in_day = ((moments - moments.dt.floor("D")) / HOUR).clip(9, 17).to_numpy() - 9
    is_working = moments.dt.dayofweek.to_numpy() < 5
    return whole * 8 + np.where(is_working, in_day, 0)


def runs_of(read: Read, *more: str) -> pd.DataFrame:
    """The runs with their ends, counts and times."""
    columns = {"run_id", "workflow_id", "workflow_name", "status", "created_date", "updated_date", "gone", *more}
    runs = read("runs", *columns)
    runs = runs[runs["gone"].isna()].drop(columns="gone")
    tasks = read("tasks", "run_id", "hidden", "completed_date")
    tasks = tasks[~tasks["hidden"].fillna(False)]
    counts = tasks.groupby("run_id")["completed_date"].agg(["size", "count", "max"])
    counts.columns = pd.Index(["tasks", "done", "last"])
    runs = runs.merge(counts, "left", left_on="run_id", right_index=True)
    is_completed = runs["status"] == "Completed"
    runs["finished"] = runs["last"].fillna(runs["updated_date"]).where(is_completed)
    runs["finished_estimated"] = is_completed & runs["last"].isna()
    runs["left"] = runs["finished"].fillna(runs["updated_date"].where(runs["status"] == "Archived"))
    runs["hours"] = hours(runs["created_date"], runs["finished"])
    runs[["tasks", "done"]] = runs[["tasks", "done"]].fillna(0).astype("int64")
    return runs.rename(columns={"created_date": "started"})


def tasks_of(read: Read, *more: str, of_runs: tuple[str, ...] = ()) -> pd.DataFrame:
    """The visible tasks of the runs that are there."""
    tasks = read("tasks", *{"run_id", "task_id", "hidden", *more})
    tasks = tasks[~tasks["hidden"].fillna(False)].drop(columns="hidden")
    runs = read("runs", *{"run_id", "gone", *of_runs})
    return tasks.merge(runs[runs["gone"].isna()].drop(columns="gone"), on="run_id")


def places(read: Read) -> pd.Series:
    """The places of tasks in their template."""
    order = read("workflow_tasks", "task_id", "order_tree").dropna().drop_duplicates("task_id")
    return order.set_index("task_id")["order_tree"].astype("int64")


def completed_in_order(read: Read, *more: str, of_runs: tuple[str, ...] = ()) -> pd.DataFrame:
    """Completed visible tasks, run by run in the order of their completion."""
    tasks = tasks_of(read, "completed_date", *more, of_runs=of_runs)
    tasks = tasks[tasks["completed_date"].notna()]
    tasks["place"] = tasks["task_id"].map(places(read))
    return tasks.sort_values(["run_id", "completed_date", "place", "task_id"], ignore_index=True)


def with_began(tasks: pd.DataFrame) -> pd.DataFrame:
    """Completed tasks in order, with the moment at which each could begin, and its hours."""
    before = tasks.groupby("run_id")["completed_date"].shift()
    began = before.fillna(tasks["created_date"])
    tasks["began"] = began.where(began >= tasks["created_date"], tasks["created_date"])
    tasks["hours"] = hours(tasks["began"], tasks["completed_date"]).clip(lower=0)
    return tasks


def few(values: pd.Series) -> list[float] | None:
    """Of a few, they themselves."""
    return sorted(values) if len(values) < 5 else None


def with_medians(groups: Any, answer: pd.DataFrame, column: str = "hours", **shares: float) -> pd.DataFrame:
    """Percentiles where there are five."""
    counts = groups[column].count()
    for name, share in shares.items():
        answer[name] = groups[column].quantile(share).where(counts >= 5)
    return answer


# The analyses -----------------------------------------------------------------------------------------------------


def run_times(read: Read) -> pd.DataFrame:
    """One row a run."""
    runs = runs_of(read, "name")
    runs["working_hours"] = worked(runs["finished"]) - worked(runs["started"])
    runs["age_hours"] = hours(runs["started"], AT).where(runs["status"] == "Active")
    return runs.sort_values(["started", "run_id"])


def ageing(read: Read) -> pd.DataFrame:
    """One row an active run."""
    runs = runs_of(read, "name")
    finished = runs[runs["hours"].notna()]
    active = runs[runs["status"] == "Active"].copy()
    active["age_hours"] = hours(active["started"], AT)
    active["share_done"] = active["done"] / active["tasks"].replace(0, np.nan)
    groups = finished.groupby("workflow_id")
    bands = groups["hours"].agg(count="count").reset_index()
    for name, share in (("p50_hours", 0.5), ("p85_hours", 0.85), ("p95_hours", 0.95)):
        bands[name] = groups["hours"].quantile(share).where(groups["hours"].count() >= 5).to_numpy()
    parts = []
    times = {workflow_id: np.sort(of["hours"].to_numpy()) for workflow_id, of in groups}
    for workflow_id, of_workflow in active.groupby("workflow_id"):
        known = times.get(workflow_id, np.empty(0))
        below = np.searchsorted(known, of_workflow["age_hours"], side="right")
        parts.append(of_workflow.assign(percentile=100 * below / len(known) if len(known) >= 5 else np.nan))
    aged = pd.concat(parts).merge(bands, "left", on="workflow_id")
    aged["count"] = aged["count"].fillna(0).astype("int64")
    return aged.sort_values(["age_hours", "run_id"], ascending=[False, True])


def bottlenecks(read: Read) -> pd.DataFrame:
    """One row a task."""
    of_runs = ("workflow_id", "workflow_name", "created_date")
    tasks = read("tasks", "run_id", "task_id", "name", "hidden", "completed_date")
    tasks = tasks[~tasks["hidden"].fillna(False) & tasks["completed_date"].notna()].drop(columns="hidden")
    runs = read("runs", "run_id", "gone", *of_runs)
    tasks = tasks.merge(runs[runs["gone"].isna()], on="run_id")
    tasks["place"] = tasks["task_id"].map(places(read))
    tasks = with_began(tasks.sort_values(["run_id", "completed_date", "place", "task_id"], ignore_index=True))
    tasks["working_hours"] = np.maximum(worked(tasks["completed_date"]) - worked(tasks["began"]), 0)
    groups = tasks.groupby(["workflow_id", "task_id"])
    answer = groups["hours"].agg(count="size", hours="sum", few_hours=few)
    answer["name"] = tasks.loc[groups["completed_date"].idxmax(), "name"].to_numpy()
    answer["workflow_name"] = groups["workflow_name"].max()
    with_medians(groups, answer, median_hours=0.5, p85_hours=0.85)
    with_medians(groups, answer, "working_hours", median_working_hours=0.5, p85_working_hours=0.85)
    answer["share"] = answer["hours"] / answer.groupby("workflow_id")["hours"].transform("sum")
    return answer.reset_index()


def handover(read: Read) -> pd.DataFrame:
    """One row a pair of people."""
    tasks = completed_in_order(read, "completed_by_email")
    tasks["target"] = tasks["completed_by_email"].str.lower()
    before = tasks.groupby("run_id")[["target", "completed_date"]].shift()
    tasks["source"] = before["target"]
    tasks["hours"] = hours(before["completed_date"], tasks["completed_date"])
    steps = tasks[tasks["source"].notna() & tasks["target"].notna()]
    groups = steps.groupby(["source", "target"])
    answer = groups.agg(count=("hours", "size"), runs=("run_id", "nunique"), few_hours=("hours", few))
    return with_medians(groups, answer, median_hours=0.5).reset_index()


def process_map(read: Read) -> pd.DataFrame:
    """One row a pair of tasks."""
    runs = runs_of(read)
    tasks = tasks_of(read, "name", "completed_date")
    tasks = tasks[tasks["completed_date"].notna()].rename(columns={"completed_date": "moment", "name": "event"})
    tasks["place"] = tasks["task_id"].map(places(read))
    began = runs[["run_id"]].assign(event="Run started", moment=runs["started"], rank=0)
    ended = runs[["run_id"]].assign(event="Run finished", moment=runs["finished"], rank=2).dropna(subset="moment")
    events = pd.concat([tasks.assign(rank=1), began, ended], ignore_index=True)
    events = events.sort_values(["run_id", "moment", "rank", "place", "task_id"], ignore_index=True)
    before = events.groupby("run_id")[["event", "place", "moment"]].shift()
    events["source"], events["source_order"] = before["event"], before["place"]
    events["workflow_id"] = events["run_id"].map(runs.set_index("run_id")["workflow_id"])
    events["hours"] = hours(before["moment"], events["moment"])
    steps = events[events["source"].notna()].rename(columns={"event": "target", "place": "target_order"})
    groups = steps.groupby(["source", "target", "workflow_id"])
    answer = groups.agg(
        count=("hours", "size"),
        source_order=("source_order", "min"),
        target_order=("target_order", "min"),
        few_hours=("hours", few),
    )
    return with_medians(groups, answer, median_hours=0.5).reset_index()


def variants(read: Read) -> pd.DataFrame:
    """One row an order."""
    tasks = completed_in_order(read, "name")
    orders = tasks.groupby("run_id", sort=False)["name"].agg(" → ".join)
    runs = runs_of(read)
    runs = runs[runs["finished"].notna()]
    runs["variant"] = runs["run_id"].map(orders).fillna("(no task was completed)")
    groups = runs.groupby(["variant", "workflow_id"])
    answer = groups["hours"].agg(count="size", few_hours=few)
    answer = with_medians(groups, answer, median_hours=0.5).reset_index()
    answer["share"] = answer["count"] / answer["count"].sum()
    answer = answer.sort_values(["count", "variant", "workflow_id"], ascending=[False, True, True])
    return answer.assign(covered=answer["share"].cumsum())


def event_log(read: Read, since: str) -> pd.DataFrame:
    """One row an event, of the runs since a day."""
    runs = runs_of(read, "name")
    runs = runs[runs["started"] >= since]
    tasks = tasks_of(read, "name", "completed_date", "completed_by_email")
    tasks = tasks[tasks["completed_date"].notna() & tasks["run_id"].isin(runs["run_id"])]
    tasks["place"] = tasks["task_id"].map(places(read))
    tasks = tasks.rename(columns={"name": "event", "completed_date": "moment", "completed_by_email": "resource"})
    began = runs[["run_id"]].assign(event="Run started", moment=runs["started"], rank=0)
    ended = runs[["run_id"]].assign(event="Run finished", moment=runs["finished"], rank=2).dropna(subset="moment")
    made = read("approvals", "run_id", "approval_task_id", "status", "reviewed_by_email", "updated_date")
    made = made[made["status"].isin(["Approved", "Rejected"]) & made["run_id"].isin(runs["run_id"])]
    made.columns = pd.Index(["run_id", "task_id", "event", "resource", "moment"])
    events = pd.concat([tasks.assign(rank=1), made.assign(rank=1), began, ended], ignore_index=True)
    of_runs = runs[["run_id", "name", "workflow_id", "workflow_name", "status"]]
    events = events.merge(of_runs, on="run_id").assign(**{"lifecycle:transition": "complete"})
    events = events.sort_values(["run_id", "moment", "rank", "place", "task_id", "event"])
    return events.rename(
        columns={
            "run_id": "case:concept:name", "event": "concept:name", "moment": "time:timestamp", "resource": "org:resource",
            "name": "case:name", "workflow_id": "case:workflow_id", "workflow_name": "case:workflow",
            "status": "case:status",
        }
    )  # fmt: skip


def throughput(read: Read) -> pd.DataFrame:
    """One row a week."""
    runs = runs_of(read)
    weeks = {}
    for name, column in (("arrivals", "started"), ("departures", "left")):
        moments = runs[column].dropna()
        moments = moments[moments <= AT]
        monday = moments.dt.floor("D") - pd.to_timedelta(moments.dt.dayofweek, unit="D")
        weeks[name] = monday.value_counts()
    every = pd.date_range(weeks["arrivals"].index.min(), AT, freq="7D")
    answer = pd.DataFrame(weeks).reindex(every).fillna(0).astype("int64")
    answer["in_progress"] = (answer["arrivals"] - answer["departures"]).cumsum()
    return answer.rename_axis("period").reset_index()


def open_tasks(read: Read, *more: str) -> pd.DataFrame:
    """Open visible tasks of active runs."""
    tasks = tasks_of(read, "stopped", "due_date", "completed_date", *more, of_runs=("status", "workflow_id"))
    tasks = tasks[tasks["completed_date"].isna() & (tasks["status"] == "Active")]
    return tasks.assign(stopped=tasks["stopped"].fillna(False))


def people_of(read: Read) -> pd.DataFrame:
    """Who is assigned to what."""
    people = read("assignments", "run_id", "task_id", "email").dropna()
    return people.assign(email=people["email"].str.lower()).drop_duplicates()


def overdue(read: Read) -> pd.DataFrame:
    """One row a late task."""
    tasks = open_tasks(read, "name", "run_name", "workflow_name")
    late = tasks[~tasks["stopped"] & (tasks["due_date"] < AT)]
    people = people_of(read).sort_values("email").groupby(["run_id", "task_id"])["email"].agg(", ".join)
    late = late.merge(people.rename("user_emails"), "left", left_on=["run_id", "task_id"], right_index=True)
    late["late_hours"] = hours(late["due_date"], AT)
    late["late_working_hours"] = worked(pd.Series(AT, late.index)) - worked(late["due_date"])
    return late.sort_values(["late_hours", "run_id", "task_id"], ascending=[False, True, True])


def workload(read: Read) -> pd.DataFrame:
    """One row a person."""
    tasks = open_tasks(read).merge(people_of(read), "left", on=["run_id", "task_id"])
    tasks["overdue"] = ~tasks["stopped"] & (tasks["due_date"] < AT)
    answer = tasks.groupby("email", dropna=False)["overdue"].agg(open="size", overdue="sum")
    return answer.rename_axis("user_email").reset_index()


def load_ahead(read: Read) -> pd.DataFrame:
    """One row a person and day."""
    today = AT.floor("D")
    days = pd.date_range(today, periods=14)
    tasks = open_tasks(read).merge(people_of(read), "left", on=["run_id", "task_id"])
    tasks = tasks[tasks["due_date"] < today + pd.Timedelta(days=14)]
    load = pd.DataFrame(
        {
            "person": tasks["email"].fillna(""),
            "day": tasks["due_date"].dt.floor("D").clip(lower=today),
            "overdue": tasks["due_date"] < AT,
            "scheduled": False,
        }
    )
    of_runs = ("status", "workflow_id", "created_date")
    done = with_began(completed_in_order(read, "completed_by_email", of_runs=of_runs))
    done["completed_by_email"] = done["completed_by_email"].str.lower()
    completed = done[(done["status"] == "Completed") & done["place"].notna()]
    runs = completed.groupby("workflow_id")["run_id"].nunique()
    groups = completed.groupby(["workflow_id", "task_id"])
    steps = groups.agg(times=("hours", "size"), place=("place", "max"))
    steps = with_medians(groups, steps, median_hours=0.5).reset_index()
    steps = steps[steps["median_hours"].notna() & (2 * steps["times"] >= steps["workflow_id"].map(runs))]
    steps = steps.sort_values(["workflow_id", "place", "task_id"])
    steps["hours_until"] = steps.groupby("workflow_id")["median_hours"].cumsum()
    by_whom = completed.groupby(["task_id", "completed_by_email"]).size().rename("times").reset_index()
    by_whom = by_whom.sort_values(["task_id", "times", "completed_by_email"], ascending=[True, False, True])
    steps["person"] = steps["task_id"].map(
        by_whom.drop_duplicates("task_id").set_index("task_id")["completed_by_email"]
    )
    starts = read("schedules", "workflow_id", "next_run_date")
    foreseen = starts[starts["next_run_date"] >= AT].merge(steps, on="workflow_id")
    seconds = (foreseen["hours_until"] * 3600).round()
    day = (foreseen["next_run_date"] + pd.to_timedelta(seconds, unit="s")).dt.floor("D")
    foreseen = pd.DataFrame({"person": foreseen["person"].fillna(""), "day": day, "overdue": False, "scheduled": True})
    load = pd.concat([load, foreseen[foreseen["day"] < today + pd.Timedelta(days=14)]])
    counted = load.groupby(["person", "day"])[["overdue", "scheduled"]].agg(["size", "sum"])
    counted = counted.set_axis(["due", "overdue", "due_again", "scheduled"], axis="columns").drop(columns="due_again")
    grid = pd.MultiIndex.from_product([load["person"].unique(), days], names=["person", "day"])
    counted = counted.reindex(grid).fillna(0).astype("int64").reset_index()
    late = done[(done["completed_date"] > AT - pd.Timedelta(days=60)) & (done["completed_date"] <= AT)]
    usual = late["completed_by_email"].value_counts() / 60
    counted["usual"] = counted["person"].map(usual).fillna(0).where(counted["person"] != "")
    return counted.rename(columns={"person": "user_email"}).assign(
        user_email=counted["person"].where(counted["person"] != "")
    )


def first_due(read: Read) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first due date that was seen of what was seen to move, and the first look at all that was seen to change."""
    changes = read("changes", "change_id", "noun", "run_id", "key", "column", "old", "new", "seen_before")
    changes = changes[
        ((changes["noun"] == "runs") & changes["column"].isin(["dueDate", "status"]))
        | ((changes["noun"] == "tasks") & changes["column"].isin(["dueDate", "status", "completedDate"]))
    ]
    changes["task"] = changes["key"].where(changes["noun"] == "tasks", "")
    looks = changes.groupby(["run_id", "task"])["seen_before"].min().rename("looked_at").reset_index()
    due = changes[changes["column"] == "dueDate"].sort_values("change_id")
    for column in ("old", "new"):
        texts = due[column].map(json.loads, na_action="ignore")
        due[column] = pd.to_datetime(texts, utc=True)
    due = due[(due["old"].notna() | due["new"].notna()) & (due["old"] != due["new"])]
    due["first_due_date"] = due["old"].fillna(due["new"])
    first = due.groupby(["run_id", "task"]).agg(first_due_date=("first_due_date", "first"), moves=("old", "count"))
    return first.reset_index(), looks


def drift(read: Read) -> pd.DataFrame:
    """One row a due date that moved."""
    first, _ = first_due(read)
    first = first[first["moves"] > 0]
    runs = read("runs", "run_id", "name", "workflow_id", "workflow_name", "created_by_id", "due_date", "gone")
    runs = runs[runs["gone"].isna()].drop(columns="gone")
    tasks = read("tasks", "run_id", "task_id", "name", "due_date", "hidden")
    tasks = tasks[~tasks["hidden"].fillna(False)].rename(columns={"task_id": "task"}).drop(columns="hidden")
    tasks = tasks.merge(runs.drop(columns=["name", "due_date"]), on="run_id")
    moved = pd.concat([runs.assign(task=""), tasks]).merge(first, on=["run_id", "task"])
    users = read("users", "user_id", "email").set_index("user_id")["email"]
    moved["owner_email"] = moved["created_by_id"].map(users)
    moved["drift_hours"] = hours(moved["first_due_date"], moved["due_date"])
    return moved.assign(task_id=moved["task"].where(moved["task"] != ""))


def on_time(read: Read) -> pd.DataFrame:
    """One row a workflow."""
    runs = runs_of(read, "due_date")
    columns = ["run_id", "task", "workflow_id", "due_date", "completed"]
    of_runs = runs.assign(task="", completed=runs["finished"])[columns]
    tasks = tasks_of(read, "due_date", "completed_date", of_runs=("workflow_id",))
    of_tasks = tasks.rename(columns={"task_id": "task", "completed_date": "completed"})[columns]
    every = pd.concat([of_tasks, of_runs]).dropna(subset="completed")
    for seen in first_due(read):
        every = every.merge(seen, "left", on=["run_id", "task"])
    due = every["first_due_date"].fillna(every["due_date"])
    every = every[due.notna()].assign(due=due)
    every["in_time"] = every["completed"] <= every["due"]
    every["is_moved"] = ~every["in_time"] & (every["completed"] <= every["due_date"])
    every["is_unobserved"] = every["first_due_date"].isna() & ~(every["looked_at"] < every["completed"])
    names = {
        "": ("count", "on_time", "moved", "unobserved"),
        "runs_": ("runs", "runs_on_time", "runs_moved", "runs_unobserved"),
    }
    parts = []
    for is_run, heads in zip((False, True), names.values(), strict=True):
        some = every[(every["task"] == "") == is_run].groupby("workflow_id")
        part = some[["in_time", "is_moved", "is_unobserved"]].sum()
        part.insert(0, "size", some.size())
        parts.append(part.set_axis(heads, axis="columns"))
    answer = parts[0].join(parts[1], how="outer").fillna(0).astype("int64")
    answer["share_on_time"] = answer["on_time"] / answer["count"].replace(0, np.nan)
    answer["share_runs_on_time"] = answer["runs_on_time"] / answer["runs"].replace(0, np.nan)
    return answer.reset_index()


def decisions(read: Read) -> pd.DataFrame:
    """One row a decision."""
    made = read(
        "approvals",
        "approval_id",
        "run_id",
        "approval_task_id",
        "subject_task_id",
        "status",
        "reviewed_by_email",
        "updated_date",
    )
    made = made[made["status"].isin(["Approved", "Rejected"])].rename(columns={"approval_task_id": "task_id"})
    runs = read("runs", "run_id", "workflow_id", "workflow_name", "gone")
    made = made.merge(runs[runs["gone"].isna()].drop(columns="gone"), on="run_id")
    tasks = read("tasks", "run_id", "task_id", "name", "completed_date", "hidden")
    tasks = tasks[~tasks["hidden"].fillna(False)]
    made = made.merge(tasks[["run_id", "task_id", "name"]], on=["run_id", "task_id"])
    subjects = tasks[["run_id", "task_id", "completed_date"]].rename(columns={"task_id": "subject_task_id"})
    made = made.merge(subjects, "left", on=["run_id", "subject_task_id"])
    passed = hours(made["completed_date"], made["updated_date"])
    return made.assign(is_rejected=made["status"] == "Rejected", hours=passed.where(passed >= 0))


def _shares(groups: Any) -> pd.DataFrame:
    answer = groups.agg(decided=("is_rejected", "size"), rejected=("is_rejected", "sum"), timed=("hours", "count"))
    answer["few_hours"] = groups["hours"].agg(lambda values: few(values.dropna()))
    answer["share_rejected"] = answer["rejected"] / answer["decided"]
    return with_medians(groups, answer, median_hours=0.5)


def approval_loops(read: Read) -> pd.DataFrame:
    """One row an approval task."""
    made = decisions(read)
    seen = read("changes", "noun", "run_id", "key", "column", "old", "new", "seen_at")
    seen = seen[(seen["noun"] == "approvals") & seen["column"].isin(["status", "audit.updatedDate"])]
    seen = seen.dropna(subset=["old", "new"])
    rejected = seen[(seen["column"] == "status") & (seen["old"] == '"Rejected"')]["key"]
    made["once_rejected"] = made["is_rejected"] | made["approval_id"].isin(rejected)
    made["repeated"] = made["approval_id"].isin(seen["key"]) & (made["status"] == "Approved")
    groups = made.groupby(["workflow_id", "task_id"])
    answer = _shares(groups)
    answer["name"] = made.loc[groups["updated_date"].idxmax(), "name"].to_numpy()
    answer[["once_rejected", "repeated"]] = groups[["once_rejected", "repeated"]].sum()
    return answer.assign(workflow_name=groups["workflow_name"].max()).reset_index()


def approvers(read: Read) -> pd.DataFrame:
    """One row a person."""
    made = decisions(read)
    made["user_email"] = made["reviewed_by_email"].str.lower()
    return _shares(made.groupby("user_email", dropna=False)).reset_index()


def orders_of(read: Read) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tasks of the templates in the order of their completion, of finished runs, and the finished runs."""
    runs = runs_of(read)
    runs = runs[runs["finished"].notna()]
    tasks = completed_in_order(read, of_runs=("workflow_id",))
    tasks = tasks[tasks["place"].notna() & tasks["run_id"].isin(runs["run_id"])]
    return tasks, runs


def conforming(read: Read) -> pd.DataFrame:
    """One row a workflow."""
    tasks, runs = orders_of(read)
    before = tasks.groupby("run_id")["place"].shift()
    tasks["is_break"] = before > tasks["place"]
    of_runs = tasks.groupby(["workflow_id", "run_id"])["is_break"].agg(["size", "any"]).reset_index()
    of_runs = of_runs[of_runs["size"] > 1]
    counted = of_runs.groupby("workflow_id")["any"].agg(runs="size", breaking="sum")
    finished = runs.groupby("workflow_id").agg(every=("run_id", "size"), workflow_name=("workflow_name", "max"))
    answer = finished.join(counted).fillna({"runs": 0, "breaking": 0})
    answer["conforming"] = answer["runs"] - answer["breaking"]
    answer["share"] = answer["conforming"] / answer["runs"].replace(0, np.nan)
    return answer.assign(without_order=answer["every"] - answer["runs"]).reset_index()


def conformance(read: Read) -> pd.DataFrame:
    """One row a pair of tasks. Pairs are made of each order, of which there are far fewer than runs."""
    tasks, runs = orders_of(read)
    order = read("workflow_tasks", "task_id", "name").drop_duplicates("task_id").set_index("task_id")["name"]
    orders = tasks.groupby(["workflow_id", "run_id"])["task_id"].agg(tuple).reset_index()
    orders = orders.groupby(["workflow_id", "task_id"]).size().rename("runs").reset_index()
    place = places(read).to_dict()
    rows = []
    for workflow_id, steps, count in orders.itertuples(index=False):
        at = np.array([place[step] for step in steps])
        first, second = np.nonzero(at[:, None] < at[None, :])
        rows += [(workflow_id, steps[a], steps[b], count, count * (a > b)) for a, b in zip(first, second, strict=True)]
    pairs = pd.DataFrame(rows, columns=["workflow_id", "earlier_id", "later_id", "count", "broken"])
    answer = pairs.groupby(["workflow_id", "earlier_id", "later_id"]).sum().reset_index()
    answer["earlier"], answer["later"] = answer["earlier_id"].map(order), answer["later_id"].map(order)
    answer["workflow_name"] = answer["workflow_id"].map(runs.groupby("workflow_id")["workflow_name"].max())
    return answer.assign(share_broken=answer["broken"] / answer["count"])


def sla_fit(read: Read) -> pd.DataFrame:
    """One row a rule; for rules that count hours from the start of a run, which all of these do."""
    rules = read("rules", "kind", "workflow_id", "task_id", "rule")
    rules = rules[rules["kind"] == "due_date"].reset_index(drop=True)
    parsed = rules["rule"].map(lambda text: json.loads(text)["rule"])
    rules["offset_hours"] = parsed.map(lambda rule: float(rule["dueOffset"][2:-1]))
    rules["task"] = rules["task_id"].fillna("")
    runs = runs_of(read)
    of_runs = runs.assign(task="", ended=runs["finished"])[["workflow_id", "task", "started", "ended"]]
    tasks = tasks_of(read, "completed_date", of_runs=("workflow_id", "created_date"))
    tasks = tasks.rename(columns={"task_id": "task", "completed_date": "ended", "created_date": "started"})
    done = pd.concat([tasks[of_runs.columns], of_runs]).dropna(subset="ended")
    done = done.merge(rules[["workflow_id", "task", "offset_hours"]], on=["workflow_id", "task"])
    done["hours"] = hours(done["started"], done["ended"])
    done["is_met"] = done["hours"] <= done["offset_hours"]
    groups = done.groupby(["workflow_id", "task"])
    by_rule = groups.agg(count=("hours", "size"), met=("is_met", "sum"), few_hours=("hours", few))
    with_medians(groups, by_rule, p50_hours=0.5, p85_hours=0.85)
    nth = groups["hours"].agg(lambda values: np.sort(values)[int(np.ceil(0.85 * len(values))) - 1])
    by_rule["suggested_hours"] = np.ceil(nth).where(by_rule["count"] >= 5)
    answer = rules.merge(by_rule.reset_index(), "left", on=["workflow_id", "task"])
    answer[["count", "met"]] = answer[["count", "met"]].fillna(0).astype("int64")
    return answer.assign(share_met=answer["met"] / answer["count"].replace(0, np.nan))


def template_health(read: Read) -> pd.DataFrame:
    """One row a finding; for rules of one condition, "Is", which all of these are."""
    runs = runs_of(read)
    finished = runs.loc[runs["finished"].notna(), ["run_id", "workflow_id"]]
    tasks = read("tasks", "run_id", "task_id", "name", "hidden", "completed_date").merge(finished, on="run_id")
    tasks["hidden"] = tasks["hidden"].fillna(False)
    tasks["skipped"] = ~tasks["hidden"] & tasks["completed_date"].isna()
    counted = tasks.groupby(["workflow_id", "task_id"]).agg(
        name=("name", "max"), every=("hidden", "size"), hidden=("hidden", "sum"), skipped=("skipped", "sum")
    )
    counted = counted.reset_index().rename(columns={"task_id": "id"})
    visible = counted["every"] - counted["hidden"]
    hidden = counted[visible == 0].assign(kind="task always hidden", count=counted["hidden"], of=counted["every"])
    is_skipped = (visible > 0) & (counted["skipped"] == visible)
    skipped = counted[is_skipped].assign(kind="task always skipped", count=counted["skipped"], of=visible)
    values = read("form_values", "run_id", "task_id", "field_id", "value").merge(finished, on="run_id")
    values = values.merge(tasks[["run_id", "task_id", "hidden"]], "left", on=["run_id", "task_id"])
    values = values[~values["hidden"].fillna(False).astype(bool)]
    filled = values.groupby("field_id")["value"].agg(of="size", filled="count").reset_index()
    fields = read("form_fields", "field_id", "label", "workflow_id")
    empty = fields.merge(filled[filled["filled"] == 0], on="field_id")
    empty = empty.rename(columns={"label": "name", "field_id": "id"})
    empty = empty.assign(kind="field nobody filled in", count=empty["of"])
    rules = read("rules", "rule_id", "kind", "workflow_id", "rule")
    found = []
    for rule_id, workflow_id, text in rules.loc[
        rules["kind"] == "logic", ["rule_id", "workflow_id", "rule"]
    ].itertuples(index=False):
        rule = json.loads(text)
        leaf = rule["condition"]["or"][0]["and"][0]
        asked = values[values["field_id"] == leaf["widgetId"]]
        is_shown = tasks["task_id"].isin(rule["targets"]["taskIds"]) & ~tasks["hidden"]
        if len(asked) and not (asked["value"] == leaf["value"]).any() and not is_shown.any():
            of = asked["run_id"].nunique()
            found.append(("rule that never held", rule["description"], of, of, workflow_id, rule_id))
    columns = ["kind", "name", "count", "of", "workflow_id", "id"]
    idle = pd.DataFrame(found, columns=columns)
    still_open = open_tasks(read, "name").merge(people_of(read), "left", on=["run_id", "task_id"])
    still_open = still_open.drop_duplicates(["run_id", "task_id"]).assign(nobodys=still_open["email"].isna())
    nobodys = still_open.groupby(["workflow_id", "task_id"]).agg(
        name=("name", "max"), of=("nobodys", "size"), count=("nobodys", "sum")
    )
    nobodys = nobodys.reset_index().rename(columns={"task_id": "id"}).assign(kind="task without assignee")
    pairs = conformance(read)
    pairs = pairs[pairs["broken"] == pairs["count"]].rename(columns={"count": "of", "later_id": "id"})
    pairs = pairs.assign(kind="order never followed", name=pairs["earlier"] + " → " + pairs["later"], count=pairs["of"])
    every = pd.concat([each[columns] for each in (hidden, skipped, empty, idle, nobodys, pairs)])
    return every[(every["count"] > 0) & (every["of"] >= 5)]


def lifetimes_of(read: Read, at: pd.Timestamp = AT, *more: str) -> pd.DataFrame:
    """How long each run was open until a moment."""
    runs = runs_of(read, *more)
    runs = runs[runs["started"] <= at]
    left = runs["left"].where(runs["left"] <= at, at)
    return runs.assign(hours=hours(runs["started"], left).clip(lower=0), is_finished=runs["finished"] <= at)


def survival(read: Read) -> pd.DataFrame:
    """One curve."""
    return by_statsmodels.survival(lifetimes_of(read))


def median_run_time(read: Read) -> pd.DataFrame:
    """One row a workflow."""
    return by_statsmodels.median_run_time(lifetimes_of(read))


def before_after(read: Read, workflow: str) -> pd.DataFrame:
    """One row a revision."""
    lifetimes = lifetimes_of(read, AT, "migration_status")
    lifetimes = lifetimes[lifetimes["workflow_name"] == workflow]
    revisions = read("revisions", "version", "workflow_id", "status", "updated_date")
    revisions = revisions[revisions["workflow_id"].isin(lifetimes["workflow_id"]) & (revisions["status"] != "Draft")]
    revisions = revisions.sort_values("updated_date").rename(columns={"updated_date": "in_force_from"})
    changes = read("changes", "noun", "run_id", "column")
    changes = changes[(changes["noun"] == "runs") & (changes["column"] == "migrationStatus")]
    migrating = lifetimes.loc[lifetimes["migration_status"].isin(["Scheduled", "Migrating"]), "run_id"]
    return by_statsmodels.before_after(lifetimes, revisions, {*changes["run_id"], *migrating})


def drivers(read: Read, workflow: str) -> pd.DataFrame:
    """One row an answer."""
    lifetimes = lifetimes_of(read, AT, "created_by_id").rename(columns={"created_by_id": "started_by_id"})
    lifetimes = lifetimes[lifetimes["workflow_name"] == workflow]
    values = read("form_values", "run_id", "field_id", "label", "field_type", "value", "number", "items")
    values = values[values["run_id"].isin(lifetimes["run_id"])]
    columns = ["run_id", "field_id", "label", "answer"]
    single = values[values["field_type"] == "Select"].assign(answer=values["value"])
    several = (
        values[values["field_type"].isin(["MultiChoice", "MultiSelect"])]
        .assign(answer=values["items"])
        .explode("answer")
    )
    numbers = values[values["field_type"] == "Number"].dropna(subset="number")
    quarters = [
        of.assign(answer=np.searchsorted(np.unique(of["number"].quantile([0.25, 0.5, 0.75])), of["number"]).astype(str))
        for _, of in numbers.groupby("field_id")
    ]
    answers = pd.concat([each[columns] for each in (single, several, *quarters)]).dropna(subset="answer")
    return by_statsmodels.drivers(lifetimes, answers, read("users", "user_id", "email"))


def chances(read: Read, asked: pd.DataFrame, at: pd.Timestamp) -> pd.DataFrame:
    """How likely open runs are to end late; asked: run_id, workflow_id, age, due (hours from the start)."""
    lifetimes = lifetimes_of(read, at)
    lifetimes = lifetimes[lifetimes["workflow_id"].isin(asked["workflow_id"])]
    tasks = tasks_of(read, "completed_date", of_runs=("created_date",)).dropna(subset="completed_date")
    tasks["age"] = hours(tasks["created_date"], tasks["completed_date"])
    rows = []
    for workflow_id, of_workflow in asked.groupby("workflow_id"):
        known = lifetimes[lifetimes["workflow_id"] == workflow_id].set_index("run_id")
        done = tasks[tasks["run_id"].isin(known.index)]
        for run_id, age, due in of_workflow[["run_id", "age", "due"]].itertuples(index=False):
            if due < age:
                rows.append((run_id, 1.0, "already late", 0))
                continue
            count = done[done["age"] <= age].groupby("run_id").size().reindex(known.index, fill_value=0)
            apart = (count - count[run_id]).abs()
            alike = known[(known["hours"] > age) & (apart == 0)]
            if alike["is_finished"].sum() < 20:
                alike = known[(known["hours"] > age) & (apart <= 1)]
            based_on = int(alike["is_finished"].sum())
            chance = np.nan
            if based_on >= 20:
                curve = by_statsmodels.estimate(alike)
                before = np.searchsorted(curve.surv_times, due, side="right")
                chance = 1.0 if before == 0 else round(curve.surv_prob[before - 1], 12)
                if chance > 0 and due > alike["hours"].max():
                    chance = np.nan
            verdict = "open"
            if np.isnan(chance):
                verdict = "not enough history"
            elif chance >= 2 / 3:
                verdict = "likely late"
            elif chance <= 1 / 3:
                verdict = "likely in time"
            rows.append((run_id, chance, verdict, based_on))
    said = pd.DataFrame(rows, columns=["run_id", "chance_late", "verdict", "based_on"])
    return asked.merge(said, on="run_id")


def at_risk(read: Read) -> pd.DataFrame:
    """One row an active run with a due date."""
    runs = runs_of(read, "name", "due_date")
    asked = runs[(runs["status"] == "Active") & runs["due_date"].notna() & (runs["started"] <= AT)]
    asked = asked.assign(age=hours(asked["started"], AT), due=hours(asked["started"], asked["due_date"]))
    asked["share_done"] = asked["done"] / asked["tasks"].replace(0, np.nan)
    said = chances(read, asked, AT)
    return said.assign(age_hours=said["age"], hours_left=said["due"] - said["age"])


def calibration(read: Read) -> pd.DataFrame:
    """One row a verdict."""
    at = AT - pd.Timedelta(days=30)
    runs = runs_of(read, "due_date")
    asked = runs[(runs["started"] <= at) & ~(runs["left"] <= at)]
    changes = read("changes", "change_id", "noun", "run_id", "column", "old", "seen_at")
    is_due = (changes["noun"] == "runs") & (changes["column"] == "dueDate") & (changes["seen_at"] > at)
    first = changes[is_due].sort_values("change_id").drop_duplicates("run_id").set_index("run_id")["old"]
    before = pd.to_datetime(first.map(json.loads), utc=True)
    asked["due_date"] = asked["run_id"].map(before).fillna(asked["due_date"])
    asked = asked[asked["due_date"] >= at]
    asked = asked.assign(age=hours(asked["started"], at), due=hours(asked["started"], asked["due_date"]))
    said = chances(read, asked, at)
    has_left = said["left"] <= AT
    said["late"] = said["left"].where(has_left, AT) > said["due_date"]
    said["is_known"] = said["late"] | (has_left & said["finished"].notna())
    said = said[said["verdict"].isin(["likely late", "open", "likely in time"])]
    ended = said[said["is_known"]].groupby("verdict")
    answer = pd.DataFrame(
        {"chance": ended["chance_late"].mean(), "share_late": ended["late"].mean(), "count": ended.size()}
    )
    return answer.assign(unknown=said.groupby("verdict").size() - ended.size()).reset_index()
