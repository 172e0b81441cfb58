"""The rules of a workflow's revision: what shows a hidden task, when things are due, and who is put on them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from psauth.sandbox.api.calls import Call, Late, existing, late, single
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.plot import IDLE_RULE, WORKFLOW
from psauth.sandbox.company.templates import Step, Template
from psauth.sandbox.company.worktime import opaque_id

_ASKING = ("Select", "MultiChoice", "MultiSelect")
_NAMING = ("Members", "Email")


def logic(call: Call) -> list[Late]:
    """What shows each task that is hidden at first."""
    return late(_logic(_revision(call)))


def logic_rule(call: Call) -> Record:
    """One of them."""
    return single(_logic(_revision(call)), call.path["ruleId"], "Logic rule")


def run_due(call: Call) -> Record:
    """When a run is due; without a `rule` where it never is."""
    days = _revision(call).blueprint.due
    return {"data": {} if days is None else {"rule": _due("ChecklistStartDate", days)}}


def task_due(call: Call) -> Record:
    """When a task is due; without a `rule` where it never is."""
    template = _revision(call)
    at, days = _task(call, template)
    if days is None:
        return {"data": {}}
    early = [before for before in range(at) if template.blueprint.steps[before].stop]
    rule = _due("ChecklistStartDate", days)
    if early:
        # After a stop task nothing can begin earlier.
        source = {"sourceTaskId": template.task_ids[early[-1]]}
        rule = {**_due("TaskCompletedDate", max(1, days // 2)), **source}
    return {"data": {"rule": rule}}


def assignments(call: Call) -> list[Late]:
    """Who is put on a task: its team, or who a form field names, or who started the run."""
    template = _revision(call)
    at, _ = _task(call, template)
    step = template.blueprint.steps[at]
    return late([*_people(call, template, at, step)])


def _people(call: Call, template: Template, at: int, step: Step) -> Iterator[Record]:
    staff = call.company.staff
    rng = Random(f"{template.seed}/{template.task_ids[at]}/assignment")
    if at == 0:
        yield {"type": "Dynamic", "sourceType": "ChecklistInitiator"}
        return
    naming = [field[0] for field in template.fields if field[1] < at and field[3].kind in _NAMING]
    if naming and rng.random() < 0.4:
        yield {"type": "Dynamic", "sourceType": "FormField", "sourceWidgetId": naming[-1]}
    group = staff.group(step.role)
    yield {"type": "Static", "email": (group or staff.by_role[step.role][0]).email}


def _revision(call: Call) -> Template:
    template = call.template()
    found: Template = existing(call.company.library.template_of(template.id, call.path["revisionId"]), "Revision")
    return found


def _task(call: Call, template: Template) -> tuple[int, int | None]:
    """Its place, and after how many working days it is due."""
    at: int = existing(template.index_of(call.path["taskId"]), "Task")
    due = template.blueprint.steps[at].due
    return at, None if due is None else abs(due)


def _due(source: str, days: int) -> Record:
    duration, handling = f"P{days}D", "BusinessDaysOnly"
    return {
        "sourceType": source,
        "offsetDirection": "After",
        "dueOffset": duration,
        "businessDaysHandlingMode": handling,
    }


def _logic(template: Template) -> list[Record]:
    rules = []
    for at, step in enumerate(template.blueprint.steps):
        asking = [field for field in template.fields if field[1] < at and field[3].kind in _ASKING and field[3].options]
        if not (step.hidden and asking):
            continue
        field_id, _, _, field = asking[-1]
        leaf = {"widgetId": field_id, "operator": "Is", "value": field.options[0]}
        widgets = [f[0] for f in template.fields if f[1] == at]
        rules.append(
            {
                "id": opaque_id(template.id, "rule", template.task_numbers[at]),
                "condition": {"or": [{"and": [leaf]}]},
                "action": "Show",
                "targets": {"taskIds": [template.task_ids[at]], "widgetIds": widgets},
                "description": f"Shows {step.name!r}",
            }
        )
    return [*rules, *_idle(template)]


def _idle(template: Template) -> Iterator[Record]:
    """The rule that never fires, in the workflow that has one."""
    by_label = {field.label: field_id for field_id, _, _, field in template.fields}
    asks, shows = by_label.get(IDLE_RULE.asks), by_label.get(IDLE_RULE.shows)
    if template.blueprint.name == WORKFLOW and asks and shows:
        leaf = {"widgetId": asks, "operator": "Is", "value": IDLE_RULE.value}
        yield {
            "id": opaque_id(template.id, "rule", "idle"),
            "condition": {"or": [{"and": [leaf]}]},
            "action": "Show",
            "targets": {"taskIds": [], "widgetIds": [shows]},
            "description": f"Shows {IDLE_RULE.shows!r} for {IDLE_RULE.value}",
        }
