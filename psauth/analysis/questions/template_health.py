"""Template health: what templates have that runs do not use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, Unpack

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.few import FEWEST
from psauth.analysis.questions.conformance import conformance, finished_runs
from psauth.analysis.questions.overdue import open_tasks, with_emails
from psauth.analysis.questions.variants import ARROW
from psauth.analysis.running import run
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables

EMPTY_FIELD: Final = "field nobody filled in"
HIDDEN_TASK: Final = "task always hidden"
SKIPPED_TASK: Final = "task always skipped"
IDLE_RULE: Final = "rule that never held"
NOBODYS_TASK: Final = "task without assignee"
BROKEN_ORDER: Final = "order never followed"
NO_ANSWER: Final = ("SendRichEmail", "Snippet")
"""Types of form fields that nobody fills in."""
OPERATORS: Final = ("Is", "IsNot", "Contains", "IsEmpty")
"""What a condition may ask of a field, as far as the service names it; a rule that asks anything else is passed over."""


def template_health(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """What templates have that runs do not use; one row a finding, by workflow.

    The kinds, and what each rests on:
        "field nobody filled in": finished runs in which the field's task was there.
        "task always hidden", "task always skipped" (visible, and not completed): finished runs that had the task.
        "rule that never held": finished runs that had a field of the condition. What a condition asks is known as far as the
            service names it: Is, IsNot, Contains, IsEmpty. Where a task that the rule shows was seen, or one that it hides
            was hidden, nothing is said of it.
        "task without assignee": open visible tasks of Active runs.
        "order never followed": finished runs that completed both tasks, with others between them or not.
    Nothing is said of what was seen under 5 times.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks. Fields are looked at where it has form_fields and form_values,
            rules where it has rules and form_values, assignees where it has assignments, the order where it has
            workflow_tasks.
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        kind; name: of the field, task or rule; of a pair of tasks "earlier → later".
        count: in how many it was so; of: of how many. The two are the same, but for tasks without assignee.
        workflow_id, workflow_name. id: of the field, task, rule, or of the later task.
    """
    scope = Scope.of(tables, filters)
    runs = finished_runs(scope).select("run_id", "workflow_id")
    counted = _counted(scope, runs)
    findings = [_hidden_and_skipped(counted)]
    if "form_values" in scope.sources:
        values = _values(scope, runs)
        if "form_fields" in scope.sources:
            findings.append(_empty_fields(scope, values))
        if "rules" in scope.sources:
            findings.append(_idle_rules(scope, values, counted))
    if "assignments" in scope.sources:
        findings.append(_nobodys_tasks(scope))
    if "workflow_tasks" in scope.sources:
        findings.append(_broken_orders(tables, filters))
    found = ibis.union(*findings)
    found = found.filter((found["count"] > 0) & (found.of >= FEWEST))
    names = scope.sources.table("runs", "workflow_id", "workflow_name")
    names = names.group_by(named="workflow_id").aggregate(workflow_name=names.workflow_name.max())
    found = found.left_join(names, found.workflow_id == names.named)
    return found.select("kind", "name", "count", "of", "workflow_id", "workflow_name", "id").order_by(
        "workflow_id", "kind", ibis.desc("count"), "id"
    )


def _finding(table: Table, kind: str, name: str, count: Any, of: Any, of_what: str) -> Table:
    return table.select(
        "workflow_id", kind=ibis.literal(kind), name=name, count=count.cast("int64"), of=of.cast("int64"), id=of_what
    )


def _counted(scope: Scope, runs: Table) -> Table:
    """One row a task: in how many of these runs it was, `every`, and in how many of them hidden, or skipped."""
    tasks = scope.rows("tasks", "run_id", "task_id", "name", "hidden", "completed_date")
    tasks = tasks.inner_join(runs, "run_id")
    is_hidden = tasks.hidden.fill_null(False)
    is_skipped = ~is_hidden & tasks.completed_date.isnull()
    return tasks.group_by("workflow_id", "task_id").aggregate(
        name=tasks.name.max(), every=tasks.count(), hidden=is_hidden.sum(), skipped=is_skipped.sum()
    )


def _hidden_and_skipped(counted: Table) -> Table:
    visible = counted.every - counted.hidden
    hidden = counted.filter(visible == 0)
    skipped = counted.mutate(visible=visible).filter((visible > 0) & (counted.skipped == visible))
    return ibis.union(
        _finding(hidden, HIDDEN_TASK, "name", hidden.hidden, hidden.every, "task_id"),
        _finding(skipped, SKIPPED_TASK, "name", skipped.skipped, skipped.visible, "task_id"),
    )


def _values(scope: Scope, runs: Table) -> Table:
    """The values of the forms of these runs, where the task of the field is not hidden."""
    values = scope.rows("form_values", "run_id", "task_id", "field_id", "value", "items")
    values = values.inner_join(runs, "run_id")
    tasks = scope.rows("tasks", "run_id", "task_id", "hidden")
    hidden = tasks.filter(tasks.hidden.fill_null(False))
    values = values.anti_join(hidden, ["run_id", "task_id"]).select("run_id", "field_id", "value", "items")
    return values.filter(values.field_id.notnull())  # a join that is joined again would be made twice


def _empty_fields(scope: Scope, values: Table) -> Table:
    counted = values.group_by(of_field="field_id").aggregate(every=values.count(), filled=values.value.count())
    counted = counted.filter(counted.filled == 0)
    fields = scope.sources.table("form_fields", "field_id", "label", "workflow_id", "field_type")
    fields = fields.filter(~fields.field_type.isin(list(NO_ANSWER)))
    empty = fields.inner_join(counted, fields.field_id == counted.of_field)
    return _finding(empty, EMPTY_FIELD, "label", empty.every, empty.every, "field_id")


def _idle_rules(scope: Scope, values: Table, counted: Table) -> Table:
    """Rules of which no group of conditions held in any run. A condition is one row, `needed` those of its group."""
    asked, targets = _rules(scope)
    met = values.inner_join(asked, "field_id")
    is_it = ((met.value == met.wanted) | (met.value == met.label)).fill_null(False)
    is_it |= (met["items"].contains(met.wanted) | met["items"].contains(met.label)).fill_null(False)
    has_it = met.value.contains(met.wanted).fill_null(False)
    held = ibis.cases(
        (met.operator == "Is", is_it),
        (met.operator == "IsNot", ~is_it),
        (met.operator == "Contains", has_it | is_it),
        else_=met.value.isnull(),
    )
    met = met.mutate(held=held)
    rests_on = met.group_by("rule_id", "name", "workflow_id").aggregate(every=met.run_id.nunique())
    groups = met.filter(met.held).group_by("rule_id", "group", "needed", "run_id").aggregate(
        fulfilled=lambda rows: rows.condition.nunique()
    )  # fmt: skip
    ever = groups.filter(groups.fulfilled == groups.needed).select("rule_id").distinct()
    seen = counted.inner_join(targets, "task_id")
    seen = seen.filter(ibis.ifelse(seen.hides, seen.hidden, seen.every - seen.hidden) > 0)
    idle = rests_on.anti_join(ever, "rule_id").anti_join(seen, "rule_id")
    return _finding(idle, IDLE_RULE, "name", idle.every, idle.every, "rule_id")


def _rules(scope: Scope) -> tuple[Table, Table]:
    """The conditions of the rules for what is shown, and the tasks that each shows or hides, read out of JSON: they are few."""
    rules = scope.sources.table("rules", "rule_id", "kind", "workflow_id", "rule")
    rules = rules.filter((rules.kind == "logic") & rules.rule_id.notnull() & rules.rule.notnull())
    if scope.workflows is not None:
        rules = rules.filter(rules.workflow_id.isin(list(scope.workflows)))
    labels: dict[tuple[str, str], str] = {}
    if "field_options" in scope.sources:
        options = run(scope.sources.table("field_options", "field_id", "value", "label"))
        labels = {(field, value): label for field, value, label in options.to_numpy().tolist()}
    rows, targets = [], []
    kept = run(rules.order_by("rule_id").select("rule_id", "workflow_id", "rule"))
    for rule_id, workflow_id, text in kept.to_numpy().tolist():
        rule = json.loads(text)
        leaves = list(_leaves(rule))
        if all(leaf["operator"] in OPERATORS for leaf in leaves):
            name = rule.get("description") or rule_id
            own = {"rule_id": rule_id, "workflow_id": workflow_id, "name": name}
            task_ids = (rule.get("targets") or {}).get("taskIds") or []
            targets += [
                {"rule_id": rule_id, "task_id": each, "hides": rule.get("action") == "Hide"} for each in task_ids
            ]
            rows += [own | leaf | {"label": labels.get((leaf["field_id"], leaf["wanted"]))} for leaf in leaves]
    numbers, texts = (
        ("group", "condition", "needed"),
        ("rule_id", "workflow_id", "name", "field_id", "operator", "wanted", "label"),
    )
    schema = pa.schema([*((name, pa.int64()) for name in numbers), *((name, pa.string()) for name in texts)])
    of_targets = pa.schema([("rule_id", pa.string()), ("task_id", pa.string()), ("hides", pa.bool_())])
    return (
        ibis.memtable(pa.Table.from_pylist(rows, schema=schema)),
        ibis.memtable(pa.Table.from_pylist(targets, schema=of_targets)),
    )


def _leaves(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for group, either in enumerate((rule.get("condition") or {}).get("or") or []):
        every = either.get("and") or []
        for number, leaf in enumerate(every):
            yield {
                "group": group,
                "condition": number,
                "needed": len(every),
                "field_id": leaf.get("widgetId"),
                "operator": leaf.get("operator"),
                "wanted": leaf.get("value"),
            }


def _nobodys_tasks(scope: Scope) -> Table:
    tasks = with_emails(scope, open_tasks(scope))
    tasks = tasks.semi_join(scope.runs(), "run_id")
    counted = tasks.group_by("workflow_id", "task_id").aggregate(
        name=tasks.name.max(), every=tasks.count(), nobodys=tasks.emails.isnull().sum()
    )
    return _finding(counted, NOBODYS_TASK, "name", counted.nobodys, counted.every, "task_id")


def _broken_orders(tables: Tables, filters: Filters) -> Table:
    pairs = conformance(tables, **filters)
    pairs = pairs.filter(pairs.broken == pairs["count"])
    pairs = pairs.mutate(name=pairs.earlier + ARROW + pairs.later)
    return _finding(pairs, BROKEN_ORDER, "name", pairs.broken, pairs["count"], "later_id")
