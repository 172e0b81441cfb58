"""SLA fit: whether the due dates that a template sets are ones that are met, and which would be."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Unpack

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.periods import add_period
from psauth.analysis.questions.conformance import template
from psauth.analysis.running import run
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables
from psauth.calendars.calendar import Calendar
from psauth.mirror.facts import hours_between

START, RUN_DUE = "ChecklistStartDate", "ChecklistDueDate"
DONE, PREVIOUS, DUE = "TaskCompletedDate", "PreviousTaskCompletedDate", "TaskDueDate"
FIELD: Final = "FormFieldValue"
"""From what a due date may be counted, as the service calls it."""
WORKDAYS, SHIFTED = "BusinessDaysOnly", "ShiftToNextBusinessDay"
"""How the service counts days: Monday to Friday alone; all days, and a due date on a weekend moves to Monday."""
SOURCE: Final = {DONE: "sourceTaskId", DUE: "sourceTaskId", FIELD: "sourceWidgetId"}
"""The part of a rule that names the task or field from whose date it counts."""
OF_RUN: Final = ""
"""Stands for the task where a rule is that of the run."""
DURATION: Final = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
"""ISO 8601 without years and months, which have no fixed length."""
HOURS: Final = (168, 24, 1, 1 / 60, 1 / 3600)
SUGGESTED: Final = 85
"""So many of 100 completions would meet the suggested offset."""


def sla_fit(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How the due dates that templates set compare with what tasks take; one row a rule, the least met first.

    A rule counts an offset from a date: the start or due date of the run, the completion or due date of another task, a date
    in the form. Beside it stands what passed from that date to the completion. Rules are those that the templates have now;
    completed tasks of all runs count, and finished runs, under whatever rule they were. Open ones do not, however late.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and rules (and workflow_tasks, form_values, where a rule counts
            from the task before, or from a date in the form).
        filters: see `Filters`.

    Columns:
        task_id: missing for the due date of the run itself; name: of the task, or of the workflow.
        offset_hours: what the rule gives, negative where the task is due before the date from which it counts; missing where
            the offset has months or years.
        met: the completions within it; count: those whose beginning is known.
        p85_hours: from that date to the completion, missing under 5, whose hours then stand in few_hours.
        suggested_hours: the smallest number of whole hours that 85 of 100 met; missing under 5.
        p50_hours; share_met: from 0 to 1.
        counted_from, day_handling: as the service calls them. With "BusinessDaysOnly" all hours are those of Monday to
            Friday, 24 a day, in the time zone of the calendar; else they are by the clock.
        workflow_id, workflow_name. few_hours: a list, or missing.

    Errors: ArgumentError where the table rules is missing.
    """
    scope = Scope.of(tables, filters)
    listed = _rules(scope)
    rules = _table(listed)
    observed = _observed(scope, rules, listed)
    by_rule = observed.group_by("rule").aggregate(
        last_name=observed.name.argmax(observed.ended),
        count=observed.count(),
        met=ibis.ifelse(observed.offset_hours.notnull().any(), observed.is_met.sum(), None).cast("int64"),
        **percentiles(observed.hours, p50_hours=0.5, p85_hours=0.85),
        few_hours=few_values(observed.hours),
    )
    names = _names(scope)
    by_rule = by_rule.left_join(_suggested(observed), "rule").drop("rule_right")
    fit = rules.left_join(by_rule, "rule").left_join(names, rules.workflow_id == names.named)
    fit = fit.mutate(
        count=fit["count"].fill_null(0),
        met=ibis.ifelse(fit.offset_hours.notnull(), fit.met.fill_null(0), None),
    )
    fit = fit.mutate(share_met=ibis.ifelse(fit["count"] > 0, fit.met / fit["count"], None))
    name = fit.template_name.coalesce(fit.last_name)
    return fit.select(
        task_id=fit.target.nullif(OF_RUN), name=ibis.ifelse(fit.target == OF_RUN, fit.workflow_name, name),
        offset_hours="offset_hours", met="met", count="count", p85_hours="p85_hours",
        suggested_hours=ibis.ifelse(fit.p85_hours.notnull(), fit.suggested, None), p50_hours="p50_hours", share_met="share_met",
        counted_from="counted_from", day_handling="day_handling", workflow_id="workflow_id", workflow_name="workflow_name",
        few_hours="few_hours",
    ).order_by("share_met", "workflow_id", "task_id")  # fmt: skip


def hours_of(offset: Any, direction: Any) -> float | None:
    """The hours of an offset like "P1DT4H", negative where it lies before; None for what has no fixed length, or is none."""
    match = DURATION.fullmatch(offset) if isinstance(offset, str) else None
    if match is None or not any(match.groups()):
        return None
    hours = sum(float(number) * hours for number, hours in zip(match.groups(), HOURS, strict=True) if number)
    return -hours if direction == "Before" else hours


def _rules(scope: Scope) -> list[dict[str, Any]]:
    """The rules for due dates, read out of their JSON: they are few."""
    kept = scope.sources.table("rules", "kind", "workflow_id", "task_id", "rule")
    if scope.workflows is not None:
        kept = kept.filter(kept.workflow_id.isin(list(scope.workflows)))
    kept = kept.filter((kept.kind == "due_date") & kept.rule.notnull()).order_by("workflow_id", "task_id")
    listed = run(kept.select("workflow_id", "rule", target=kept.task_id.fill_null(OF_RUN)))
    names, before = _template(scope)
    rows = []
    for number, (workflow_id, text, target) in enumerate(listed.to_numpy().tolist()):
        rule = json.loads(text).get("rule") or {}
        source = str(rule.get("sourceType"))
        source_id = before.get(target) if source == PREVIOUS else rule.get(SOURCE.get(source, ""), "")
        rows.append(
            {
                "rule": number,
                "workflow_id": workflow_id,
                "target": target,
                "template_name": names.get(target),
                "counted_from": source,
                "source": DONE if source == PREVIOUS else source,
                "source_id": source_id,
                "offset_hours": hours_of(rule.get("dueOffset"), rule.get("offsetDirection")),
                "day_handling": rule.get("businessDaysHandlingMode"),
            }
        )
    return rows


def _table(rules: list[dict[str, Any]]) -> Table:
    texts = ("workflow_id", "target", "template_name", "counted_from", "source", "source_id", "day_handling")
    schema = pa.schema([("rule", pa.int64()), ("offset_hours", pa.float64()), *((name, pa.string()) for name in texts)])
    return ibis.memtable(pa.Table.from_pylist(rules, schema=schema))


def _template(scope: Scope) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the tasks that the templates have now, and which task is before each."""
    if "workflow_tasks" not in scope.sources:
        return {}, {}
    tasks = run(template(scope).order_by("workflow_id", "place"))
    before = tasks.groupby("workflow_id")["task_id"].shift()
    known = before.notna()
    names = dict(zip(tasks["task_id"], tasks["name"].where(tasks["name"].notna(), None), strict=True))
    return names, dict(zip(tasks.loc[known, "task_id"], before[known], strict=True))


def _observed(scope: Scope, rules: Table, listed: list[dict[str, Any]]) -> Table:
    """One row a completion and rule, with its hours, and whether it `is_met`."""
    done = _completions(scope)
    handlings = {rule["day_handling"] for rule in listed}  # what no rule asks for is not counted
    of_rule = rules.select(
        "rule", "target", "source", "source_id", "offset_hours", "day_handling", rule_of="workflow_id"
    )
    seen = done.inner_join(of_rule, [done.workflow_id == of_rule.rule_of, done.task == of_rule.target])
    of_start = seen.filter(seen.source == START).rename(base="started")
    others = [rule for rule in listed if rule["source"] != START]
    if others:
        bases = _bases(scope, others)
        kinds = [seen.run_id == bases.in_run, seen.source == bases.kind, seen.source_id == bases.of_id]
        of_others = seen.drop("started").inner_join(bases, kinds).select(of_start.columns)
        seen = ibis.union(of_start, of_others)
    else:
        seen = of_start
    seen = seen.mutate(hours=hours_between(seen.base, seen.ended))
    if WORKDAYS in handlings:
        workdays = Calendar("Mon-Fri", "00:00-24:00", zone=scope.calendar.zone)
        seen = workdays.add_hours(seen, "workday_hours", "base", "ended")
        seen = seen.mutate(hours=ibis.ifelse(seen.day_handling == WORKDAYS, seen.workday_hours, seen.hours))
    seen = seen.filter(seen.hours.notnull())
    seen = _with_weekends(scope, seen) if SHIFTED in handlings else seen.mutate(moved_hours=0.0)
    return seen.select(
        "rule", "name", "ended", "offset_hours", "hours",
        is_met=(seen.hours <= seen.offset_hours + seen.moved_hours).cast("int64"),
    )  # fmt: skip


def _suggested(observed: Table) -> Table:
    """rule, and the whole hours that so many of 100 completions took at most.

    Completions are counted by whole hours first: these are few, and all that is to be put in order.
    """
    by_hour = observed.group_by("rule", hour=observed.hours.ceil().cast("float64")).aggregate(times=observed.count())
    up_to = ibis.window(group_by="rule", order_by="hour", preceding=None, following=0)
    every = ibis.window(group_by="rule", order_by="hour", preceding=None, following=None)
    by_hour = by_hour.mutate(up_to=by_hour.times.sum().over(up_to), of=by_hour.times.sum().over(every))
    enough = by_hour.filter(100 * by_hour.up_to >= SUGGESTED * by_hour.of)
    return enough.group_by("rule").aggregate(suggested=enough.hour.min())


def _with_weekends(scope: Scope, seen: Table) -> Table:
    """With moved_hours: those from a due date on a weekend to the same time of the Monday, where the rule moves it there."""
    seconds = (seen.offset_hours * 3600).round().cast("int64")
    seen = seen.mutate(due=(seen.base + seconds.as_interval("s")).cast(MOMENT))
    for every in ("day", "week"):
        seen = add_period(seen, f"{every}_of_due", "due", every, scope.calendar.zone)
    weekday = (hours_between(seen.week_of_due, seen.day_of_due) / 24).round()
    is_moved = (seen.day_handling == SHIFTED) & (weekday >= 5)
    return seen.mutate(moved_hours=ibis.ifelse(is_moved, (7 - weekday) * 24.0, 0.0))


def _completions(scope: Scope) -> Table:
    """Completed tasks and finished runs: run_id, workflow_id, task, name, started (when the run was), ended."""
    tasks, runs = scope.tasks(), scope.runs()
    done = ibis.union(
        tasks.select("run_id", "workflow_id", "name", "started", task="task_id", ended="completed_date"),
        runs.select("run_id", "workflow_id", "name", "started", task=ibis.literal(OF_RUN), ended="finished"),
    )
    return done.filter(done.ended.notnull())


def _bases(scope: Scope, rules: list[dict[str, Any]]) -> Table:
    """The dates from which rules count that do not count from the start of the run.

    Columns: in_run, kind, of_id (the task or field, "" for the run), base.
    """
    every = scope.of_workflows()
    runs, tasks = every.runs(), every.tasks()
    itself = ibis.literal(OF_RUN)
    dates = [(runs, RUN_DUE, itself, "due_date")]
    dates += [(tasks, DONE, tasks.task_id, "completed_date"), (tasks, DUE, tasks.task_id, "due_date")]
    if "form_values" in scope.sources:
        values = scope.sources.table("form_values", "run_id", "field_id", "date")
        dates.append((values, FIELD, values.field_id, "date"))
    parts = []
    for table, kind, of, date in dates:
        ids = {rule["source_id"] for rule in rules if rule["source"] == kind and rule["source_id"] is not None}
        if ids or kind == RUN_DUE:  # one part there must be
            of_kind = table.select(in_run="run_id", kind=ibis.literal(kind), of_id=of, base=date)
            parts.append(of_kind if of is itself else of_kind.filter(of_kind.of_id.isin(sorted(ids))))
    bases = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return bases.filter(bases.base.notnull())


def _names(scope: Scope) -> Table:
    runs = scope.sources.table("runs", "workflow_id", "workflow_name")
    return runs.group_by(named="workflow_id").aggregate(workflow_name=runs.workflow_name.max())
